"""Open Keras files, and start TensorFlow for it where nobody has."""

import errno
import importlib
import sys

from rkd_keras.errors import InputError
from rkd_keras.files.model_file import model_file
from rkd_keras.models.registry import public

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES}


@public
def load_model(path, threads=None):
    """Open a `.keras` file in Keras's safe mode: no code of the file is run.

    Args:
        path: the file, or the run directory that holds it as `model.keras`.
        threads: CPU threads of TensorFlow; they belong to the whole process, so
            they are set only where this call is what imports it. `None` for as
            many as it likes. Defaults to `None`.

    Returns:
        A `keras.Model`, not compiled.

    Raises:
        InputError: when there is no such file, or Keras cannot or, in safe mode,
            will not open it.
        ImportError: when TensorFlow is not installed, with the line that installs
            it.

    Example:
        >>> import tempfile
        >>> from rkd_keras.models import ResNet18
        >>> model = ResNet18(num_classes=2, width=0.125, input_shape=(32, 32, 3))
        >>> with tempfile.TemporaryDirectory() as run:
        ...     model.save(f"{run}/model.keras")
        ...     load_model(run).output_shape
        (None, 2)
    """
    file = model_file(path)
    if not file.is_file():
        lack = "holds no model.keras" if file.is_dir() else "does not exist"
        raise InputError(f"{file} {lack}; give a .keras file or a run directory")
    if file.suffix != ".keras":
        raise InputError(f"{file} is no .keras file; give one, or a run directory")
    import_tensorflow(threads)
    import keras

    # Deserialization looks classes up in Keras's registry, which the package's
    # own layers enter when they are imported.
    importlib.import_module("rkd_keras.layers")
    try:
        return keras.saving.load_model(file, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds here
        reason = "it is damaged or was written by another version"
        # Keras unpacks the file beside where the command runs.
        if getattr(error, "errno", None) in _NO_ROOM:
            reason = f"there is no room to unpack it ({error.strerror})"
        if "Lambda" in str(error) or "locate class" in str(error):
            reason = "it holds code, or layers that are not the package's"
        raise InputError(f"Keras cannot open {file}: {reason}") from error


def import_tensorflow(threads=None):
    """Import TensorFlow; where this is the first import, set its threads.

    A process that uses TensorFlow already, a training for example, keeps the
    threads that it has.

    Args:
        threads: CPU threads, `None` for TensorFlow's own choice. Defaults to
            `None`.

    Returns:
        The module `tensorflow`.

    Raises:
        ImportError: when it is not installed.
    """
    first = "tensorflow" not in sys.modules
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ImportError(
            "Keras files and SavedModels need TensorFlow: pip install tensorflow keras"
        ) from error
    if first and threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    return tf
