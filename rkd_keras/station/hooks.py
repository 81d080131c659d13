"""What the station is given from outside, as plain functions."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Hooks:
    """Functions of other parts of the package that the station can do without.

    They run in child processes, so they must be module-level functions. A view
    whose function is missing is not shown.

    Attributes:
        simulate: `(seed) -> iterator of uint8 images (H, W)`, a strip that
            passes for ever.
        augment: `(images, seed) -> {title: image}`; the first image is the sample,
            up to three more are others of its class.
        explain: `(keras_model, image, model, predictor) -> {title: image}`, heat
            map and feature maps; the first is a `.keras` file or `None`, `model`
            the file of the line (`None` for the package's student).
        evaluate: `(folder, predictor) -> metrics`, as `metrics.json` of a run
            directory.

    Example:
        >>> def explain(keras_model, image, model, predictor):
        ...     return {"Where it looked": image}
        >>> Hooks(explain=explain).augment is None
        True
    """

    simulate: Callable | None = None
    augment: Callable | None = None
    explain: Callable | None = None
    evaluate: Callable | None = None
