"""Which scenes a run makes: a scene's number decides its split, whatever is asked or available."""

from collections.abc import Collection
from itertools import count, islice

from twnm_schemas.seeds import seed_for
from twnm_schemas.splits import Split, split_at


def split_of_scene(seed: int, index: int) -> Split:
    """The split of scene `index`: of all numbers 90 % are in train, 5 % in validation, 5 % in test."""
    return split_at(seed_for(seed, "scene", index, "split") / 2.0**128)


def number_scenes(seed: int, scenes: int, splits: Collection[str]) -> dict[str, tuple[int, ...]]:
    """The first `scenes` numbers that are in one of `splits`, by split; one without a number is left out."""
    numbers: dict[str, list[int]] = {split: [] for split in splits}
    drawn = ((split_of_scene(seed, index), index) for index in count())
    for split, index in islice((pair for pair in drawn if pair[0] in numbers), scenes):
        numbers[split].append(index)
    return {split: tuple(ours) for split, ours in numbers.items() if ours}
