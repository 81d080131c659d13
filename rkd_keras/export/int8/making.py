"""Make an int8 file of a model: plain, explained, repaired if need be."""

import functools

from rkd_keras.export.int8.layer_errors import error_table, layer_errors, write_errors
from rkd_keras.export.int8.quantized import SilentLayersError, quantized
from rkd_keras.export.int8.ranges import stratified
from rkd_keras.export.int8.repair import Repair
from rkd_keras.export.serving_model import serving_model
from rkd_keras.export.tflite import calibrated_tflite


def make_int8(
    model, card, images, more_images, write, repair, explained=None, say=None
):
    """Write an int8 file and compare it; where it decides otherwise, repair it.

    Args:
        model: `keras.Model` of float32.
        card: its card.
        images: array `(n, H, W, 3)`, uint8, that the plain file is calibrated on.
        more_images: array `(m, H, W, 3)`, uint8, that a repair may use; `None` for
            `images`.
        write: function from a flatbuffer and a card that writes both and returns the
            `ParityReport`.
        repair: whether to repair a file that fails.
        explained: file beside which the errors of the layers are written, or `None`.
        say: function that is told each step in a line, or `None`.

    Returns:
        The `ParityReport` of what was written last: the file that passes, if any does.

    Raises:
        SilentLayersError: when a layer gives nothing but zeros and was not cured.
    """
    from rkd_keras.predict.quiet_stderr import quiet_stderr
    from rkd_keras.progress import tracked

    tell = say or (lambda text: None)
    temperature = card["temperature"]

    def calibrated_of(network, pictures):
        with quiet_stderr():
            return calibrated_tflite(serving_model(network, temperature), pictures)

    calibrated = calibrated_of(model, images)
    if explained is not None:
        flatbuffer = quantized(calibrated, model.name, silent_too=True)
        errors = layer_errors(calibrated, flatbuffer, images)
        write_errors(explained, errors)
        tell(error_table(errors))
    plain, silent = None, None
    try:
        plain = write(quantized(calibrated, model.name), card)
    except SilentLayersError as error:
        silent = error
    if plain is not None and (plain.passed or not repair):
        return plain
    if not repair:
        raise silent

    def compare(flatbuffer, record):
        return write(flatbuffer, {**card, "repair": {**record, "before": before}})

    def taught(pictures, shown):
        from rkd_keras.export.int8.distillation import EPOCHS, distilled
        from rkd_keras.models import tapped

        student = distilled(tapped(model), pictures, tracked=shown)
        return calibrated_of(student, pictures), EPOCHS

    before = None if plain is None else min(plain.equal_classes, plain.equal_verdicts)
    tell(
        f"int8 needs repair: {silent}"
        if plain is None
        else f"int8 agrees on {before:.1%} of verdicts, needed {plain.least_equal:.0%}"
    )
    pictures = images if more_images is None else more_images
    shown = functools.partial(tracked, quiet=say is None)
    found = Repair(
        model.name, _of_all_classes(model, pictures), compare, tell, shown
    ).run(calibrated, taught)
    if found is not None and found.report.passed:
        # Others were tried after it.
        return compare(found.flatbuffer, found.record)
    if plain is None:
        raise silent
    return plain


def _of_all_classes(model, images):
    """Bring images into an order in which the classes take turns."""
    import numpy as np

    from rkd_keras.predict.keras_backend import KerasBackend

    backend = KerasBackend(model)
    scores = [
        backend.logits_and_embedding(images[start : start + 32])[0]
        for start in range(0, len(images), 32)
    ]
    return stratified(images, np.concatenate(scores), len(images))
