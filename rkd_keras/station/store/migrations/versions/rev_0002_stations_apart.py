"""Shifts and reports belong to a station, so that several can share a database.

Those of before have no station: each station still shows them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    """Add the columns."""
    for table in ("shifts", "reports"):
        op.add_column(table, sa.Column("station", sa.String(36)))
