"""What the environment variable `TF_CONFIG` says of the workers of a training."""

import json
import os

from rkd_keras.errors import InputError


def workers_of_tf_config(text=None):
    """Count the workers that `TF_CONFIG` names.

    Args:
        text: JSON as in the environment variable `TF_CONFIG`. Defaults to the
            variable's value.

    Returns:
        Number of training workers, the chief included; 0 without `TF_CONFIG`.

    Raises:
        InputError: when it is no JSON of the expected form.

    Example:
        >>> workers_of_tf_config(
        ...     '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker",'
        ...     ' "index": 0}}'
        ... )
        2
    """
    text = os.environ.get("TF_CONFIG", "") if text is None else text
    if not text.strip():
        return 0
    try:
        config = json.loads(text)
        cluster = config.get("cluster", {})
        workers = [*cluster.get("chief", []), *cluster.get("worker", [])]
        if workers:
            task = config["task"]
            cluster[task["type"]][int(task["index"])]
    except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise InputError(
            f"TF_CONFIG is not usable ({type(error).__name__}: {error}); it must be "
            'JSON such as {"cluster": {"worker": ["host:port", ...]}, "task": '
            '{"type": "worker", "index": 0}}'
        ) from error
    return len(workers)


def choose_strategy(name=None):
    """Return the strategy's name: as given, or by `TF_CONFIG`.

    Args:
        name: `"none"`, `"mirrored"` or `"multi_worker"`, or `None` to choose
            `"multi_worker"` where `TF_CONFIG` names several workers and `"none"`
            elsewhere.

    Returns:
        The name.

    Example:
        >>> choose_strategy("mirrored")
        'mirrored'
    """
    if name is not None:
        return name
    return "multi_worker" if workers_of_tf_config() > 1 else "none"
