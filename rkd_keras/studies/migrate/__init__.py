"""Bring what one production line knows to another, and measure what it helps."""
