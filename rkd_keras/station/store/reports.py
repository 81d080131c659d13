"""The list of reports in the store; the files lie in the data folder."""

import sqlalchemy as sa

from rkd_keras.station.store import schema
from rkd_keras.station.store.ownership import of_station

_T = schema.reports


def insert(connection, report):
    """Store a report, a dict of the columns of `reports`; returns its id."""
    return connection.execute(sa.insert(_T), report).inserted_primary_key[0]


def get(connection, report_id):
    """Return a report as a dict, or `None`."""
    row = connection.execute(sa.select(_T).where(_T.c.id == report_id)).first()
    return dict(row._mapping) if row else None


def list_newest(connection, limit=50, station=None):
    """Return the newest reports as dicts, newest first; of `station` if given."""
    query = sa.select(_T).where(of_station(_T, station))
    query = query.order_by(_T.c.id.desc()).limit(limit)
    return [dict(row._mapping) for row in connection.execute(query)]
