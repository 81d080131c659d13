"""What is wrong with a picture that could not be judged.

Frames of before have none: every picture was judged.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    """Add the column."""
    op.add_column("frames", sa.Column("fault", sa.String(20)))
