"""Scenes on the fly: the same whoever asks for them, each once, and no more memory than was allowed."""

import gc
import json
import pickle
from itertools import islice
from typing import Any

import numpy as np
import psutil
import pytest
from scene_runs import SPEC, World, make_world

from twnm_schemas.errors import SpecError
from twnm_sim import compose_scene
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.stream import Sample, SceneStream

LENGTH = 13  # no multiple of any number of readers below


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory)


def open_stream(world: World, **settings: Any) -> SceneStream:
    return SceneStream(world.brirs, str(world.catalog), SPEC, **{"seed": 3, "length": LENGTH, **settings})


@pytest.fixture(scope="module")
def expected(world: World) -> list[Sample]:
    """Every sample of an epoch by its number."""
    stream = open_stream(world)
    return [stream[index] for index in range(LENGTH)]


def numbers(samples: list[Sample]) -> list[int]:
    return [scene.recipe.index for _, scene in samples]


def assert_equal(samples: list[Sample], expected: list[Sample]) -> None:
    for audio_CT, scene in samples:
        there_CT, there = expected[scene.recipe.index]
        assert np.array_equal(audio_CT, there_CT)
        assert scene.recipe == there.recipe
        assert [event.onset_s for event in scene.events] == [event.onset_s for event in there.events]


@pytest.mark.parametrize(("world_size", "workers"), [(1, 1), (1, 3), (2, 2), (3, 1)])
def test_any_number_of_readers_gives_each_sample_once(
    world: World, expected: list[Sample], world_size: int, workers: int
) -> None:
    samples: list[Sample] = []
    for rank in range(world_size):
        for worker in range(workers):
            place = {"rank": rank, "world_size": world_size, "worker": worker, "workers": workers}
            samples += open_stream(world, **place)
    assert sorted(numbers(samples)) == list(range(LENGTH))
    assert_equal(samples, expected)


def test_iterating_gives_the_samples_in_order_and_again(world: World, expected: list[Sample]) -> None:
    stream = open_stream(world)
    for _ in range(2):
        samples = list(stream)
        assert numbers(samples) == list(range(LENGTH)) == list(range(len(stream)))
        assert_equal(samples, expected)


def test_a_stopped_epoch_goes_on_with_another_number_of_readers(world: World, expected: list[Sample]) -> None:
    before = [open_stream(world, worker=worker, workers=2) for worker in range(2)]
    given = [sample for stream in before for sample in islice(stream, 3)]
    states = [stream.state_dict() for stream in before]
    assert states[0] == states[1]
    assert len(json.dumps(states[0])) < 300
    after = [open_stream(world, worker=worker, workers=3, epoch=7) for worker in range(3)]
    for stream in after:
        stream.load_state_dict(json.loads(json.dumps(states[0])))
    given += [sample for stream in after for sample in stream]
    assert sorted(numbers(given)) == list(range(LENGTH))
    assert_equal(given, expected)


def test_readers_in_turn_give_the_samples_in_order_wherever_they_start(world: World) -> None:
    readers = [open_stream(world, length=None, worker=worker, workers=3) for worker in range(3)]
    for reader in readers:
        reader.load_state_dict(reader.state_dict(given=5))
    turns = zip(*(islice(reader, 3) for reader in readers), strict=True)
    assert numbers([sample for turn in turns for sample in turn]) == list(range(5, 14))
    assert {reader.state_dict()["next"] for reader in readers} == {14}


@pytest.mark.parametrize("other", [{"seed": 4}, {"split": "test"}, {"profile": "recipe"}])
def test_a_state_of_other_scenes_is_refused(world: World, other: dict[str, object]) -> None:
    with pytest.raises(
        SpecError, match=r"^The state is of other scenes than this stream's; open it with the same seed"
    ):
        open_stream(world, **other).load_state_dict(open_stream(world).state_dict())


def test_epochs_and_seeds_differ_and_come_back(world: World, expected: list[Sample]) -> None:
    stream = open_stream(world, epoch=1)
    other = stream[0][0]
    assert not np.array_equal(other, expected[0][0])
    assert not np.array_equal(open_stream(world, seed=4)[0][0], expected[0][0])
    stream.set_epoch(0)
    assert np.array_equal(stream[0][0], expected[0][0])
    stream.set_epoch(1)
    assert np.array_equal(stream[0][0], other)


def test_a_sample_is_the_scene_that_compose_scene_gives(world: World, expected: list[Sample]) -> None:
    composed = compose_scene(world.brirs, str(world.catalog), SPEC, seed=3, index=2, split="train")
    assert np.array_equal(composed.audio_CT, expected[2][0])
    assert np.array_equal(open_stream(world).composed(2).stems_SCT, composed.stems_SCT)
    assert composed.audio_CT.dtype == np.float32


def test_a_stream_without_length_never_ends(world: World) -> None:
    stream = open_stream(world, length=None, worker=1, workers=4)
    assert numbers(list(islice(stream, 6))) == [1, 5, 9, 13, 17, 21]
    with pytest.raises(TypeError, match="never ends"):
        len(stream)


def test_a_stream_goes_to_another_process_without_what_it_has_decoded(world: World, expected: list[Sample]) -> None:
    stream = open_stream(world)
    stream[0]
    assert stream.cached_bytes > 10_000
    copy = pickle.loads(pickle.dumps(stream))
    assert copy.cached_bytes == 0
    assert_equal(list(copy), expected)


def test_samples_that_are_not_there(world: World) -> None:
    stream = open_stream(world)
    for index in (-1, LENGTH):
        with pytest.raises(IndexError, match=f"the scenes 0 to {LENGTH - 1}"):
            stream[index]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rank": 2, "world_size": 2}, "^Rank 2 of 2 with worker None of None cannot be"),
        ({"worker": 3, "workers": 3}, "^Rank 0 of 1 with worker 3 of 3 cannot be"),
        ({"length": 0}, "^A stream of 0 scenes cannot be"),
        ({"split": "evaluation"}, "^There is no split 'evaluation'; there are train, validation, test"),
        ({"profile": "closed"}, "closed"),
        ({"seed": -1}, "^The seed -1 is out of range"),
    ],
)
def test_what_cannot_be_is_one_sentence(world: World, settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence):
        open_stream(world, **settings)


def test_memory_stays_within_what_was_allowed(world: World) -> None:
    allowed = 60_000  # two or three responses, or as many clips
    stream = open_stream(world, length=None, cache_bytes=allowed)
    process, sizes = psutil.Process(), []
    for _ in islice(stream, 400):
        assert stream.cached_bytes <= 2 * allowed
        sizes.append(process.memory_info().rss)
    gc.collect()
    assert stream.cached_bytes > 0
    assert max(sizes[200:]) - max(sizes[:100]) < 20 << 20


def test_a_library_that_is_given_open_keeps_its_own_bound(world: World) -> None:
    library = open_brirs(world.brirs, cache_bytes=1)
    stream = SceneStream(library, str(world.catalog), SPEC, seed=3, length=2)
    list(stream)
    assert library.cached_bytes == 0


# Where torch is installed; the tests do not ask for it.
@pytest.mark.parametrize("workers", [0, 2])
def test_a_torch_loader_shares_the_samples_among_ranks_and_workers(
    world: World, expected: list[Sample], workers: int
) -> None:
    data = pytest.importorskip("torch.utils.data")
    given: list[Sample] = []
    for rank in range(2):
        stream = open_stream(world, rank=rank, world_size=2)
        given += [(audio_CT.numpy(), scene) for audio_CT, scene in data.DataLoader(stream, None, num_workers=workers)]
    assert sorted(numbers(given)) == list(range(LENGTH))
    assert_equal(given, expected)


def test_a_torch_loader_is_stopped_and_goes_on(world: World) -> None:
    data = pytest.importorskip("torch.utils.data")
    stream = open_stream(world, length=None)
    first = [scene.recipe.index for _, scene in islice(data.DataLoader(stream, None, num_workers=2), 5)]
    assert first == [0, 1, 2, 3, 4]
    again = open_stream(world, length=None)
    again.load_state_dict(stream.state_dict(given=5))
    then = [scene.recipe.index for _, scene in islice(data.DataLoader(again, None, num_workers=1), 4)]
    assert then == [5, 6, 7, 8]
