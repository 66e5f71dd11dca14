import pytest
from physics_cases import HEADS, open_head


@pytest.fixture(params=HEADS, ids=[f"{name}-{rate}" for name, rate in HEADS])
def hrtf(request):
    """Each head at each rate."""
    return open_head(*request.param)


@pytest.fixture
def kemar():
    return open_head("kemar", 44100)
