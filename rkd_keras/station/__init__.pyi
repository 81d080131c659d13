from .app import create_app
from .asked_accounts import MadeAccounts
from .config import StationConfig
from .serving import serve
from .station import Station

__all__ = ["MadeAccounts", "Station", "StationConfig", "create_app", "serve"]
