"""The tables that the first stations had."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite fills in only an INTEGER key by itself.
KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade():
    """Make the tables."""
    op.create_table(
        "alarms",
        sa.Column("id", KEY, nullable=False),
        sa.Column("rule", sa.String(80), nullable=False),
        sa.Column("device_id", sa.String(40)),
        sa.Column("frame_id", KEY),
        sa.Column("message", sa.String(300), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("raised_ms", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_ms", sa.BigInteger()),
        sa.Column("acknowledged_by", sa.String(80)),
        sa.Column("note", sa.String(300)),
        sa.PrimaryKeyConstraint("id", name="pk_alarms"),
    )
    op.create_index("ix_alarms_acknowledged_ms", "alarms", ["acknowledged_ms"])
    op.create_index("ix_alarms_raised_ms", "alarms", ["raised_ms"])
    op.create_table(
        "devices",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("station", sa.String(36), nullable=False),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("coil_id", KEY),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
    )
    op.create_table(
        "events",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("detail", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_at_ms", "events", ["at_ms"])
    op.create_table(
        "meta",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "reports",
        sa.Column("id", KEY, nullable=False),
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("coil_id", KEY),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
    )
    op.create_table(
        "shifts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger()),
        sa.Column("started_by", sa.String(80), nullable=False),
        sa.Column("ended_by", sa.String(80)),
        sa.PrimaryKeyConstraint("id", name="pk_shifts"),
    )
    op.create_index("ix_shifts_started_ms", "shifts", ["started_ms"])
    op.create_table(
        "tokens",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("epoch", sa.String(32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )
    op.create_table(
        "coils",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("device_id", sa.String(40), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger()),
        sa.Column("speed_m_s", sa.Float()),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name="fk_coils_device_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_coils"),
    )
    op.create_index("ix_coils_device_id", "coils", ["device_id"])
    op.create_index("ix_coils_name", "coils", ["name"])
    op.create_index("ix_coils_started_ms", "coils", ["started_ms"])
    op.create_table(
        "frames",
        sa.Column("id", KEY, nullable=False),
        sa.Column("device_id", sa.String(40), nullable=False),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("frame_key", sa.String(64)),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("coil_id", KEY),
        sa.Column("position_m", sa.Float()),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("image", sa.String(80)),
        sa.Column("image_bytes", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("probability", sa.Float()),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("defect_count", sa.Integer(), nullable=False),
        sa.Column("analysis_ms", sa.Float(), nullable=False),
        sa.Column("model", sa.String(16), nullable=False),
        sa.Column("lot", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["coil_id"], ["coils.id"], name="fk_frames_coil_id"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name="fk_frames_device_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_frames"),
        sa.UniqueConstraint(
            "device_id", "frame_key", name="uq_frames_device_id_frame_key"
        ),
    )
    op.create_index("ix_frames_coil_id", "frames", ["coil_id"])
    op.create_index(
        "ix_frames_device_id_received_ms", "frames", ["device_id", "received_ms"]
    )
    op.create_index(
        "ix_frames_kept_images",
        "frames",
        ["received_ms"],
        sqlite_where=sa.text("image IS NOT NULL"),
        postgresql_where=sa.text("image IS NOT NULL"),
    )
    op.create_index("ix_frames_label_lot", "frames", ["label", "lot"])
    op.create_index("ix_frames_received_ms", "frames", ["received_ms"])
    op.create_index(
        "ix_frames_severity_received_ms", "frames", ["severity", "received_ms"]
    )
    op.create_table(
        "defects",
        sa.Column("id", KEY, nullable=False),
        sa.Column("frame_id", KEY, nullable=False),
        sa.Column("device_id", sa.String(40), nullable=False),
        sa.Column("coil_id", KEY),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("class_name", sa.String(80), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("unknown_score", sa.Float()),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("window_x", sa.Integer(), nullable=False),
        sa.Column("window_y", sa.Integer(), nullable=False),
        sa.Column("window_width", sa.Integer(), nullable=False),
        sa.Column("window_height", sa.Integer(), nullable=False),
        sa.Column("area", sa.Float(), nullable=False),
        sa.Column("perimeter", sa.Float(), nullable=False),
        sa.Column("k", sa.Float(), nullable=False),
        sa.Column("area_ratio", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(2), nullable=False),
        sa.Column("position_m", sa.Float()),
        sa.Column("across_mm", sa.Float()),
        sa.Column("lot", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["frame_id"], ["frames.id"], name="fk_defects_frame_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_defects"),
    )
    op.create_index("ix_defects_coil_id", "defects", ["coil_id"])
    op.create_index("ix_defects_frame_id", "defects", ["frame_id"])
    op.create_index("ix_defects_label_lot", "defects", ["label", "lot"])
    op.create_index("ix_defects_received_ms", "defects", ["received_ms"])
    op.create_table(
        "reviews",
        sa.Column("id", KEY, nullable=False),
        sa.Column("batch", sa.String(32), nullable=False),
        sa.Column("frame_id", KEY, nullable=False),
        sa.Column("defect_id", KEY),
        sa.Column("predicted", sa.String(80), nullable=False),
        sa.Column("drawn_ms", sa.BigInteger(), nullable=False),
        sa.Column("true_class", sa.String(80)),
        sa.Column("reviewed_by", sa.String(80)),
        sa.Column("reviewed_ms", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["defect_id"], ["defects.id"], name="fk_reviews_defect_id"
        ),
        sa.ForeignKeyConstraint(
            ["frame_id"], ["frames.id"], name="fk_reviews_frame_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.UniqueConstraint("defect_id", name="uq_reviews_defect_id"),
    )
    op.create_index("ix_reviews_batch", "reviews", ["batch"])
    op.create_index("ix_reviews_frame_id", "reviews", ["frame_id"])
    op.create_index("ix_reviews_reviewed_ms", "reviews", ["reviewed_ms"])
