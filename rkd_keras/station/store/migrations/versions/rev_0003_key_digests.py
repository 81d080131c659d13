"""What was posted under a frame key is known again, also when its image is gone.

Frames of before have no digest: their images are compared while they are kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    """Add the column."""
    op.add_column("frames", sa.Column("key_sha256", sa.String(64)))
