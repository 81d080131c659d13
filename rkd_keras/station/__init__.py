"""The rating station: a web application that inspects strip steel on the line.

Needs the extra `station`: `pip install "rkd-keras[station]"`. `rkd-keras serve`
starts it.
"""

from rkd_keras.station.config import StationConfig
from rkd_keras.station.hooks import Hooks

__all__ = ["Hooks", "Station", "StationConfig", "create_app"]


def __getattr__(name):
    """Load the heavy parts when they are first used."""
    if name == "Station":
        from rkd_keras.station.station import Station

        return Station
    if name == "create_app":
        from rkd_keras.station.app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
