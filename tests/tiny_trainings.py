"""Options of trainings that take as little as can be."""

TINY = {
    "width": 0.0625,
    "stem_stride": 2,
    "size": 32,
    "epochs": 1,
    "precision": "float32",
    "quiet": True,
}
