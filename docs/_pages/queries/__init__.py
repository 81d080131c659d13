"""Named queries: what a template calls to get numbers out of the raw files.

Each is a function whose first argument is the `Results`; `@query` gives it to the
templates under its own name, without that argument.
"""

import importlib
import pkgutil

QUERIES = {}


def query(function):
    """Make a function known to the templates."""
    if function.__name__ in QUERIES:
        raise ValueError(f"two queries are called {function.__name__}")
    QUERIES[function.__name__] = function
    return function


def load_queries():
    """Import every module of this folder; return all queries by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return QUERIES
