"""The REST API: endpoints that translate between HTTP and plain functions."""
