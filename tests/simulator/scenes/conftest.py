"""Rooms and clips that the scene tests share."""

import pytest
from small_scenes import write_small_rooms, write_sounds

from twnm_sim.scenes.brirs import open_brirs


@pytest.fixture(scope="session")
def small_rooms(tmp_path_factory):
    """The shard of the small rooms."""
    return write_small_rooms(tmp_path_factory.mktemp("rooms"))


@pytest.fixture(scope="session")
def library(small_rooms):
    return open_brirs(small_rooms)


@pytest.fixture(scope="session")
def catalog(tmp_path_factory):
    return write_sounds(tmp_path_factory.mktemp("sounds"))
