"""The station's tables, as SQLAlchemy sees them, for SQLite and PostgreSQL.

Times are milliseconds since 1970 in UTC: compact, sortable and the same in every
database. Constraints have fixed names, so that migrations can address them: who
changes something here adds a step to `migrations/versions`, and a test compares.
"""

import sqlalchemy as sa

NO_DEFECT = "no_defect"

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite fills in only an INTEGER key by itself.
_Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_Time = sa.BigInteger


def _key():
    return sa.Column("id", _Key, primary_key=True, autoincrement=True)


meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("station", sa.String(36), nullable=False),
    sa.Column("source", sa.JSON, nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("coil_id", _Key, nullable=True),
    sa.Column("created_ms", _Time, nullable=False),
)

coils = sa.Table(
    "coils",
    metadata,
    _key(),
    sa.Column("name", sa.String(80), nullable=False, index=True),
    sa.Column("device_id", sa.ForeignKey("devices.id"), nullable=False, index=True),
    sa.Column("started_ms", _Time, nullable=False, index=True),
    sa.Column("ended_ms", _Time, nullable=True),
    sa.Column("speed_m_s", sa.Float, nullable=True),
)

shifts = sa.Table(
    "shifts",
    metadata,
    _key(),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("started_ms", _Time, nullable=False, index=True),
    sa.Column("ended_ms", _Time, nullable=True),
    sa.Column("started_by", sa.String(80), nullable=False),
    sa.Column("ended_by", sa.String(80), nullable=True),
    # None: of before stations could share a database.
    sa.Column("station", sa.String(36), nullable=True),
)

frames = sa.Table(
    "frames",
    metadata,
    _key(),
    sa.Column("device_id", sa.ForeignKey("devices.id"), nullable=False),
    sa.Column("origin", sa.String(8), nullable=False),  # posted, live or loaded
    sa.Column("frame_key", sa.String(64), nullable=True),
    # SHA-256 of what was posted under the key; None: of before it was kept.
    sa.Column("key_sha256", sa.String(64), nullable=True),
    sa.Column("received_ms", _Time, nullable=False, index=True),
    sa.Column("coil_id", sa.ForeignKey("coils.id"), nullable=True),
    sa.Column("position_m", sa.Float, nullable=True),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("image", sa.String(80), nullable=True),
    sa.Column("image_bytes", sa.Integer, nullable=False),
    sa.Column("label", sa.String(80), nullable=False),
    sa.Column("probability", sa.Float, nullable=True),
    sa.Column("severity", sa.SmallInteger, nullable=False),
    sa.Column("decision", sa.String(8), nullable=False),
    # What is wrong with a picture that could not be judged.
    sa.Column("fault", sa.String(20), nullable=True),
    sa.Column("defect_count", sa.Integer, nullable=False),
    sa.Column("analysis_ms", sa.Float, nullable=False),
    sa.Column("model", sa.String(16), nullable=False),
    # A random number, so that a random sample is a range of an index.
    sa.Column("lot", sa.Float, nullable=False),
    sa.UniqueConstraint("device_id", "frame_key"),
)
sa.Index("ix_frames_device_id_received_ms", frames.c.device_id, frames.c.received_ms)
sa.Index("ix_frames_label_lot", frames.c.label, frames.c.lot)
sa.Index("ix_frames_severity_received_ms", frames.c.severity, frames.c.received_ms)
sa.Index("ix_frames_coil_id", frames.c.coil_id)
sa.Index(
    "ix_frames_kept_images",
    frames.c.received_ms,
    sqlite_where=frames.c.image.is_not(None),
    postgresql_where=frames.c.image.is_not(None),
)

defects = sa.Table(
    "defects",
    metadata,
    _key(),
    sa.Column("frame_id", sa.ForeignKey("frames.id"), nullable=False, index=True),
    sa.Column("device_id", sa.String(40), nullable=False),
    sa.Column("coil_id", _Key, nullable=True, index=True),
    sa.Column("received_ms", _Time, nullable=False, index=True),
    sa.Column("label", sa.String(80), nullable=False),
    sa.Column("class_name", sa.String(80), nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("unknown_score", sa.Float, nullable=True),
    sa.Column("severity", sa.SmallInteger, nullable=False),
    sa.Column("decision", sa.String(8), nullable=False),
    sa.Column("x", sa.Integer, nullable=False),
    sa.Column("y", sa.Integer, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    # The square that was classified, as x, y, width and height.
    sa.Column("window_x", sa.Integer, nullable=False),
    sa.Column("window_y", sa.Integer, nullable=False),
    sa.Column("window_width", sa.Integer, nullable=False),
    sa.Column("window_height", sa.Integer, nullable=False),
    sa.Column("area", sa.Float, nullable=False),
    sa.Column("perimeter", sa.Float, nullable=False),
    sa.Column("k", sa.Float, nullable=False),
    sa.Column("area_ratio", sa.Float, nullable=False),
    sa.Column("unit", sa.String(2), nullable=False),  # px or mm
    sa.Column("position_m", sa.Float, nullable=True),
    sa.Column("across_mm", sa.Float, nullable=True),
    sa.Column("lot", sa.Float, nullable=False),
)
sa.Index("ix_defects_label_lot", defects.c.label, defects.c.lot)

alarms = sa.Table(
    "alarms",
    metadata,
    _key(),
    sa.Column("rule", sa.String(80), nullable=False),
    sa.Column("device_id", sa.String(40), nullable=True),
    sa.Column("frame_id", _Key, nullable=True),
    sa.Column("message", sa.String(300), nullable=False),
    sa.Column("severity", sa.SmallInteger, nullable=False),
    sa.Column("raised_ms", _Time, nullable=False, index=True),
    sa.Column("acknowledged_ms", _Time, nullable=True, index=True),
    sa.Column("acknowledged_by", sa.String(80), nullable=True),
    sa.Column("note", sa.String(300), nullable=True),
)

reviews = sa.Table(
    "reviews",
    metadata,
    _key(),
    sa.Column("batch", sa.String(32), nullable=False, index=True),
    sa.Column("frame_id", sa.ForeignKey("frames.id"), nullable=False),
    sa.Column("defect_id", sa.ForeignKey("defects.id"), nullable=True),
    sa.Column("predicted", sa.String(80), nullable=False),
    sa.Column("drawn_ms", _Time, nullable=False),
    sa.Column("true_class", sa.String(80), nullable=True),
    sa.Column("reviewed_by", sa.String(80), nullable=True),
    sa.Column("reviewed_ms", _Time, nullable=True, index=True),
    sa.UniqueConstraint("defect_id"),
)
sa.Index("ix_reviews_frame_id", reviews.c.frame_id)

users = sa.Table(
    "users",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("role", sa.String(10), nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    # Part of every session; a new one ends them all.
    sa.Column("epoch", sa.String(32), nullable=False),
    sa.Column("created_ms", _Time, nullable=False),
)

tokens = sa.Table(
    "tokens",
    metadata,
    _key(),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("role", sa.String(10), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("created_ms", _Time, nullable=False),
)

reports = sa.Table(
    "reports",
    metadata,
    _key(),
    sa.Column("title", sa.String(160), nullable=False),
    sa.Column("from_ms", _Time, nullable=False),
    sa.Column("to_ms", _Time, nullable=False),
    sa.Column("coil_id", _Key, nullable=True),
    sa.Column("name", sa.String(32), nullable=False),
    sa.Column("created_by", sa.String(80), nullable=False),
    sa.Column("created_ms", _Time, nullable=False),
    # Whose data folder holds the files; None as in `shifts`.
    sa.Column("station", sa.String(36), nullable=True),
)

events = sa.Table(
    "events",
    metadata,
    _key(),
    sa.Column("at_ms", _Time, nullable=False, index=True),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("detail", sa.String(300), nullable=False),
)
