from .app import create_app
from .config import StationConfig
from .serving import MadeAccounts, serve
from .station import Station

__all__ = ["MadeAccounts", "Station", "StationConfig", "create_app", "serve"]
