import pytest
from tiny_exports import exports, tiny_model


@pytest.fixture(scope="session")
def files():
    """Paths of the tiny classifier in every format."""
    return exports()


@pytest.fixture(scope="session")
def model():
    """The tiny classifier itself."""
    return tiny_model()
