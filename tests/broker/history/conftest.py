import pytest
from histories import Opened


@pytest.fixture
def opened(tmp_path):
    opened = Opened(tmp_path / "state")
    yield opened
    opened.close()
