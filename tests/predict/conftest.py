import pytest
from tiny_exports import exports


@pytest.fixture(scope="session")
def files():
    """Paths of the tiny classifier in every format."""
    return exports()
