"""What belongs to which of the stations that share a database."""

import sqlalchemy as sa

from rkd_keras.station.store import schema


def of_devices(device_id, station):
    """Return the condition that a row's device is one of a station's.

    Args:
        device_id: the row's column with the device.
        station: the station's identifier; `None` for any.
    """
    if station is None:
        return sa.true()
    devices = schema.devices
    own = sa.select(devices.c.id).where(devices.c.station == station)
    return device_id.in_(own)


def of_station(table, station):
    """Return the condition that a row is a station's, or of before there were more.

    Args:
        table: a table with a column `station`.
        station: the station's identifier; `None` for any.
    """
    if station is None:
        return sa.true()
    return (table.c.station == station) | table.c.station.is_(None)
