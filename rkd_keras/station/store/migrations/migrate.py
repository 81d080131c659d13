"""Bring a database to the schema of this program."""

import threading
from pathlib import Path

import sqlalchemy as sa

from rkd_keras.errors import InputError

HEAD = "0004"

_FIRST = "0001"
_FOLDER = Path(__file__).parent
# Any number that no other program uses: two stations that start at once take
# turns, and the second finds the work done.
_LOCK = 7_259_231
# Alembic keeps what it works on in its modules.
_ONE_THREAD = threading.Lock()


def bring_up_to_date(engine):
    """Make the tables in an empty database, or upgrade those of an older program.

    All steps are one transaction: a database is either upgraded or as it was. One
    that was made before there were migrations has no `alembic_version` and counts
    as revision 0001.

    Args:
        engine: SQLAlchemy engine.

    Raises:
        InputError: when a newer program made the database, or it holds tables of
            something else.
    """
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    with _ONE_THREAD, engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            # Python's driver begins a transaction only for what changes rows.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        found = _revision(connection)
        if found != HEAD:
            _upgrade(connection, found)


def _revision(connection):
    """Return the database's revision, `None` when it is empty."""
    names = set(sa.inspect(connection).get_table_names())
    if "alembic_version" in names:
        query = sa.text("SELECT version_num FROM alembic_version")
        return connection.execute(query).scalar()
    if {"meta", "frames"} <= names:
        query = sa.text("SELECT value FROM meta WHERE key = 'schema_version'")
        if connection.execute(query).scalar() != "1":
            raise _newer("unknown")
        return _FIRST
    if names:
        raise InputError(
            f"the database holds tables of another program ({min(names)}, ...); give "
            "the stations a database of their own"
        )
    return None


def _upgrade(connection, found, to=HEAD):
    # Here, so that a station whose database is up to date starts without it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    if found == _FIRST and not sa.inspect(connection).has_table("alembic_version"):
        # Made before there were migrations.
        command.stamp(config, _FIRST)
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise _newer(found) from error


def _newer(found):
    return InputError(
        f"the database has the revision {found}, this program knows up to {HEAD}: a "
        "newer program made it; install that one, or restore a backup"
    )
