import os
from collections import Counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Two test processes share two cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
# As the commands do: twice as fast where the processor has AVX2 and no AVX512.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import pytest  # noqa: E402


def pytest_collection_modifyitems(config, items):
    """Begin with the files of slow tests, so that no process is left with one."""
    if hasattr(config, "workerinput"):
        slow = Counter(i.path for i in items if i.get_closest_marker("slow"))
        items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Leave the user's cache alone, and take nothing from it."""
    os.environ["RKD_KERAS_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def _keras_state(request):
    """Leave no global Keras state behind: dtype policy, graph, determinism."""
    import sys

    yield
    if "keras" in sys.modules:
        import keras

        keras.config.set_dtype_policy("float32")
        # Without its garbage collection, which takes a third of a second, after
        # each of some 1600 tests.
        keras.backend.clear_session(free_memory=False)
    config = sys.modules.get("tensorflow.python.framework.config")
    if config is not None and config.is_op_determinism_enabled():
        # `--deterministic` is for the rest of a process; no public way leads back.
        config.disable_op_determinism()


@pytest.fixture
def neu_det():
    """The real NEU-DET folder, where there is one."""
    from pathlib import Path

    folder = os.environ.get("RKD_KERAS_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("set RKD_KERAS_DATA to a NEU-DET folder to run this test")
    return Path(folder)
