"""Procedural hot-rolled strip with the six NEU defect classes.

Nothing here is data of anyone's: every pixel is drawn from a seed. It serves
the demo, the tests and the station's simulated camera where no real images are
at hand. What a model scores on it says nothing about a real line.
"""

from rkd_keras.data.synthetic.dataset import draw_image, write_dataset
from rkd_keras.data.synthetic.strip import draw_strip
from rkd_keras.data.synthetic.truth import CLASS_NAMES, Drawing

__all__ = ["CLASS_NAMES", "Drawing", "draw_image", "draw_strip", "write_dataset"]
