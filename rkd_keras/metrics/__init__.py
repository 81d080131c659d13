"""Keras metrics: for labels of either form, and for unbalanced classes.

The public names are in `__init__.pyi`; without Keras each is loaded when it is first
used, for the formulas themselves need none.
"""

import importlib
import sys

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

if "keras" in sys.modules:
    # Keras opens saved models by the names of classes that were imported.
    for _name in ("accuracy", "gmean", "macro_recall"):
        importlib.import_module(f"{__name__}.{_name}")
