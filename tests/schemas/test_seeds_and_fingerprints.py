"""Addressed randomness and fingerprints: pinned, because stored data depends on them."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twnm_schemas import Listener, RenderSpec, Room, canonical_json, fingerprint, seed_for

addresses = st.lists(st.one_of(st.integers(), st.text(max_size=5)), max_size=4)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def test_a_seed_is_the_one_that_stored_data_was_drawn_from() -> None:
    assert seed_for(7, "room", 17, "absorption") == 161427548521193743860310066716931940006


def test_seeds_do_not_depend_on_the_order_in_which_they_are_asked_for() -> None:
    forward = [seed_for(7, "room", index) for index in range(20)]
    backward = [seed_for(7, "room", index) for index in reversed(range(20))]
    assert forward == backward[::-1]
    assert len(set(forward)) == 20


def test_another_process_draws_the_same_seed() -> None:
    code = "from twnm_schemas import seed_for; print(seed_for(7, 'room', 17, 'absorption'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == seed_for(7, "room", 17, "absorption")


@given(st.integers(), addresses, addresses)
def test_different_addresses_have_different_seeds(seed: int, first: list[str | int], second: list[str | int]) -> None:
    assert 0 <= seed_for(seed, *first) < 2**128
    assert (seed_for(seed, *first) == seed_for(seed, *second)) == (first == second)


@pytest.mark.parametrize(
    ("first", "second"),
    [((1, "a", "b"), (1, "ab")), ((1, "1"), (1, 1)), ((1, 23), (12, 3)), ((1, "a", "b"), (1, 'a","b'))],
)
def test_an_address_cannot_be_mistaken_for_another(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    assert seed_for(*first) != seed_for(*second)


@given(json_values)
def test_canonical_json_reads_back_and_is_one_line(value: object) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert "\n" not in text


def test_canonical_json_ignores_the_order_of_keys_and_nothing_else() -> None:
    assert canonical_json({"b": 1, "a": [1.0, None]}) == '{"a":[1.0,null],"b":1}'
    assert canonical_json({"a": [1.0, None], "b": 1}) == canonical_json({"b": 1, "a": [1.0, None]})
    assert canonical_json([1, 2]) != canonical_json([2, 1])


def test_records_are_written_with_floats_as_floats() -> None:
    assert '"position_m":[1.0,2.0,3.0]' in canonical_json(Listener(position_m=(1, 2, 3)))


def test_what_is_not_a_number_has_no_fingerprint() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))


def test_a_fingerprint_is_pinned_and_follows_every_setting() -> None:
    assert fingerprint({"seed": 7, "tail": "images"}) == "bbcf4f91b1ac9165"
    default = RenderSpec()
    assert fingerprint(default) == fingerprint(RenderSpec())
    for field, value in {"tail": "images", "sample_rate": 48000, "hrtf": "fabian", "highpass_hz": 0.0}.items():
        assert fingerprint(RenderSpec.model_validate({field: value})) != fingerprint(default), field


def test_a_record_has_the_fingerprint_of_its_json() -> None:
    room = Room(size_m=(5.0, 4.0, 3.0), absorption=0.3)
    assert fingerprint(room) == fingerprint(room.model_dump(mode="json"))
    assert Room.model_validate_json(canonical_json(room)) == room
