"""The rating station: a web application that inspects strip steel on the line.

Needs the extra `station`: `pip install "rkd-keras[station]"`. `rkd-keras serve`
starts it. The public names are in `__init__.pyi`; each is loaded when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
