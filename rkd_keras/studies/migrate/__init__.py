"""Bring what one production line knows to another, and measure what it helps.

The public names are in `__init__.pyi`; each is loaded when it is first used, so that
importing this room is light.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
