"""Explain a classifier's decisions: heat maps, feature maps, and their scores.

The public names are in `__init__.pyi`; each is loaded when it is first used, so that
what needs no Keras loads none.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
