"""Procedural hot-rolled strip with the six NEU defect classes.

Nothing here is data of anyone's: every pixel is drawn from a seed. It serves
the demo, the tests and the station's simulated camera where no real images are
at hand. What a model scores on it says nothing about a real line.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
