"""One file a step; Alembic reads them by their path and follows `down_revision`."""
