"""The store: one database, one writer, many readers."""

import contextlib
import time

import sqlalchemy as sa

from rkd_keras.errors import InputError
from rkd_keras.station.store import schema
from rkd_keras.station.store.group_writer import GroupWriter
from rkd_keras.station.store.migrations import bring_up_to_date
from rkd_keras.station.store.store_lost_error import translated

# A server that is cut off is noticed within seconds, in libpq's terms.
_PATIENCE = {
    "postgresql+psycopg": {
        "connect_timeout": 5,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }
}


class Store:
    """Everything the station remembers, behind four calls.

    `write` and `submit` run a function in a transaction of the only writer;
    `read` gives a connection for queries; `open` and `close` frame its life.
    The functions that know the tables lie beside this file (`frames`, `devices`,
    `alarms`, ...) and take a connection as their first argument.

    SQLite runs in WAL mode with `synchronous=FULL`: what was committed survives
    `kill -9` and a power cut, and readers never wait for the writer.

    Args:
        url: SQLAlchemy URL, `sqlite:///...` or `postgresql+psycopg://...`.

    Raises:
        InputError: when the database cannot be opened or was made by a newer
            version.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = Store(f"sqlite:///{folder}/station.db")
        ...     result = store.write(lambda connection: 1 + 1)
        ...     store.close()
        >>> result
        2
    """

    def __init__(self, url):
        self.url = url
        self.engine = _engine(url)
        try:
            bring_up_to_date(self.engine)
        except BaseException as error:
            self.engine.dispose()
            if not isinstance(error, sa.exc.SQLAlchemyError):
                raise
            raise InputError(
                f"the station's database cannot be opened ({error.__class__.__name__}: "
                f"{str(getattr(error, 'orig', error))[:200]}); check the path or URL"
            ) from error
        self._writer = GroupWriter(self.engine)

    def submit(self, job):
        """Queue `job(connection)` for the writer.

        Args:
            job: callable; it may run twice when a neighbour in its transaction
                failed, so it must touch nothing but the database.

        Returns:
            `concurrent.futures.Future`, resolved after the commit.
        """
        return self._writer.submit(job)

    def write(self, job, also=None):
        """Run `job(connection)` in the writer and wait for the commit.

        Args:
            job: as of `submit`.
            also: called with `(connection, result)` in the same transaction, such as
                to record what was done: if it fails, nothing was. Defaults to
                nothing.

        Returns:
            What the job returned.

        Raises:
            StorageFullError: when the disk is full.
            StoreLostError: when the database server does not answer.
        """

        def both(connection):
            result = job(connection)
            also(connection, result)
            return result

        return self.submit(job if also is None else both).result()

    @contextlib.contextmanager
    def read(self):
        """Give a connection for queries; it sees what was committed.

        Raises:
            StoreLostError: when the database server does not answer.
        """
        try:
            with self.engine.connect() as connection:
                yield connection.execution_options(isolation_level="AUTOCOMMIT")
        except sa.exc.DBAPIError as error:
            raise translated(error) from error

    @property
    def waiting(self):
        """Number of writes that wait."""
        return self._writer.waiting

    def close(self):
        """Write what is queued and let go of the database."""
        self._writer.close()
        self.engine.dispose()


def get_meta(connection, key):
    """Return the value of `key` in the table `meta`, or `None`."""
    query = sa.select(schema.meta.c.value).where(schema.meta.c.key == key)
    return connection.execute(query).scalar()


def set_meta(connection, key, value):
    """Set the value of `key` in the table `meta`."""
    table = schema.meta
    if get_meta(connection, key) is None:
        connection.execute(sa.insert(table).values(key=key, value=value))
    else:
        query = sa.update(table).where(table.c.key == key).values(value=value)
        connection.execute(query)


def now_ms():
    """Return the time in milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def _engine(url):
    try:
        parsed = sa.engine.make_url(url)
    except sa.exc.ArgumentError as error:
        raise InputError(
            "the database URL cannot be read; give e.g. sqlite:///station.db"
        ) from error
    if parsed.get_backend_name() != "sqlite":
        try:
            return sa.create_engine(
                parsed,
                pool_pre_ping=True,
                connect_args=_PATIENCE.get(parsed.drivername, {}),
            )
        except (ImportError, sa.exc.ArgumentError) as error:
            raise InputError(
                f"the database driver for {parsed.drivername} is not installed; for "
                'PostgreSQL: pip install "rkd-keras[postgres]"'
            ) from error
    if parsed.database in (None, "", ":memory:"):
        raise InputError(
            f"the station needs a database in a file. Received: {url!r:.80}"
        )
    engine = sa.create_engine(
        parsed, connect_args={"check_same_thread": False, "timeout": 10}
    )

    @sa.event.listens_for(engine, "connect")
    def set_pragmas(connection, _):
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine
