import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from rkd_keras.errors import InputError
from rkd_keras.station.store import FrameFilter, Store, frames, reports, shifts
from rkd_keras.station.store.migrations import HEAD, migrate
from rkd_keras.station.store.schema import metadata

SCHEMA_1 = (Path(__file__).parent / "data" / "schema_1.sql").read_text()
OLD_ROWS = """
INSERT INTO devices VALUES ('a', 'A', 'here', '{"kind": "posted"}', '{}', 1, NULL, 5);
INSERT INTO frames VALUES (7, 'a', 'posted', 'k', 9, NULL, 1.5, 400, 128, NULL, 0,
    'no_defect', NULL, 0, 'accept', 0, 1.0, 'abc', 0.5);
INSERT INTO shifts VALUES (3, 'early', 5, NULL, 'ada', NULL);
INSERT INTO reports VALUES (4, 'R', 5, 6, NULL, 'abc', 'ada', 7);
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An address of an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/station.db"
    return request.getfixturevalue("postgres").url()


def revision(url):
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
        versions = found.scalars().all()
    engine.dispose()
    return versions


def differences(store):
    """What Alembic would have to do to bring the database to `schema.py`."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with store.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, metadata)


def old_database(url):
    """A database as the first stations made it, with rows in it."""
    if url.startswith("sqlite"):
        database = sqlite3.connect(url.removeprefix("sqlite:///"))
        database.executescript(SCHEMA_1 + OLD_ROWS)
        database.close()
        return
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrate._upgrade(connection, None, "0001")
        connection.exec_driver_sql("DROP TABLE alembic_version")
        connection.exec_driver_sql("INSERT INTO meta VALUES ('schema_version', '1')")
        for statement in OLD_ROWS.replace(", 1, NULL, 5)", ", true, NULL, 5)").split(
            ";"
        ):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_new_database_is_made_by_the_steps_and_equals_the_schema(url):
    store = Store(url)
    assert differences(store) == []
    store.close()
    assert revision(url) == [HEAD]


def test_head_is_the_newest_step():
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(Path(migrate.__file__).parent)
    assert scripts.get_heads() == [HEAD]


def test_an_older_database_is_upgraded_and_keeps_its_rows(url):
    old_database(url)
    store = Store(url)
    assert differences(store) == []
    with store.read() as connection:
        (frame,) = frames.search(connection, FrameFilter())
        assert (frame["id"], frame["frame_key"], frame["position_m"]) == (7, "k", 1.5)
        # Of before stations could share a database: each still shows them.
        assert shifts.running(connection, "here")["name"] == "early"
        assert reports.list_newest(connection, station="here")[0]["id"] == 4
    store.close()
    assert revision(url) == [HEAD]
    again = Store(url)
    again.close()


def test_a_newer_database_is_refused_and_left_alone(url):
    Store(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(InputError, match="a newer program made it"):
        Store(url)
    assert revision(url) == ["9999"]


def test_a_step_that_fails_leaves_the_database_as_it_was(url, monkeypatch):
    from alembic import op

    old_database(url)
    real = op.add_column

    def fail_at_the_second(table, column):
        if table == "reports":
            raise RuntimeError("power cut")
        real(table, column)

    monkeypatch.setattr(op, "add_column", fail_at_the_second)
    with pytest.raises(RuntimeError, match="power cut"):
        Store(url)
    monkeypatch.undo()
    engine = sa.create_engine(url)
    assert "alembic_version" not in sa.inspect(engine).get_table_names()
    columns = [c["name"] for c in sa.inspect(engine).get_columns("shifts")]
    assert "station" not in columns
    engine.dispose()
    Store(url).close()
    assert revision(url) == [HEAD]


def test_a_database_of_something_else_is_refused(url):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE invoices (id INTEGER)")
    engine.dispose()
    with pytest.raises(InputError, match="another program .invoices"):
        Store(url)


def test_stations_that_start_at_once_take_turns(url):
    stores, failed = [], []

    def open_one():
        try:
            stores.append(Store(url))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert failed == [] and len(stores) == 3
    assert revision(url) == [HEAD]
