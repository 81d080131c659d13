import pytest


@pytest.fixture
def eagerly():
    """Run without graphs: tracing them costs far more than a few tiny steps."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
