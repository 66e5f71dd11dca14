"""Several names in one cell: whatever a name holds, it comes back."""

import pytest

from twnm_sim.scenes.cells import join_names, split_names


@pytest.mark.parametrize(
    "names",
    [
        ["dog"],
        ["a:1", "b:2"],
        ["set:a|10.ogg", "x"],
        ["100%", "%7C", "%25|"],
        ["||", "%%"],
        ["", "a"],
        ["Geräusch, 雨"],
    ],
)
def test_names_come_back_as_they_were(names: list[str]) -> None:
    assert split_names(join_names(names)) == names


def test_plain_names_stand_as_they_are() -> None:
    assert join_names(["set:one.wav", "dog bark, loud"]) == "set:one.wav|dog bark, loud"
