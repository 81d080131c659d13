"""Networks with the signature of `keras.applications`.

The public names are in `__init__.pyi`; each is loaded when it is first used, so that
whoever opens a model file may still choose TensorFlow's threads.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
