"""How a database of an older program becomes one of this program (Alembic)."""

from rkd_keras.station.store.migrations.migrate import HEAD, bring_up_to_date

__all__ = ["HEAD", "bring_up_to_date"]
