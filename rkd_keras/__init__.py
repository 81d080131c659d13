"""RKD-SARSN for strip-steel surface defects, on Keras 3 and TensorFlow.

Importing this package is light: nothing slow or optional is loaded until a
room of it is imported, for example ``from rkd_keras.models import SARSN101``.
"""

__version__ = "0.1.0"
