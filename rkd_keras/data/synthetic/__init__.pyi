from .drawing import draw_image
from .strip import draw_strip
from .truth import CLASS_NAMES, Drawing
from .writing import write_dataset

__all__ = ["CLASS_NAMES", "Drawing", "draw_image", "draw_strip", "write_dataset"]
