import pytest


@pytest.fixture(scope="session")
def strips(tmp_path_factory):
    """A drawn data set in NEU-DET's layout, twelve images a class."""
    from rkd_keras.data.synthetic import write_dataset

    folder = tmp_path_factory.mktemp("strips")
    write_dataset(folder, per_class=12, size=64, seed=0)
    return folder


@pytest.fixture
def eagerly():
    """Run without graphs: tracing them costs far more than a few tiny steps."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
