"""Trainers: distillation, CycleGAN, schedules, checkpoints.

The public names are in `__init__.pyi`; each is loaded when it is first used, for what
TF_CONFIG says must be read before TensorFlow is imported.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
