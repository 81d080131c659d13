"""Trainings over several replicas: how they are found, how they agree."""
