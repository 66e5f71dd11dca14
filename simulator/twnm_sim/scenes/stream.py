"""Scenes on the fly: as many as a trainer wants, none of them written to disk.

Sample `i` of an epoch is scene (seed, epoch, i), whoever asks for it. So a stream that is stopped and resumed, split
over ranks and workers in any number, gives the same scenes; together they give each once.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.errors import SpecError
from twnm_schemas.scenes import Scene, SceneSpec
from twnm_schemas.seeds import seed_for
from twnm_schemas.splits import SPLITS
from twnm_sim.clips.catalog import Catalog
from twnm_sim.scenes.brirs import BrirLibrary
from twnm_sim.scenes.caches import DEFAULT_CACHE_BYTES
from twnm_sim.scenes.compose import Composed
from twnm_sim.scenes.maker import SceneMaker, open_ingredients, require_splits

Sample = tuple[NDArray[np.float32], Scene]


class SceneStream:
    """Composed scenes of one split, by index or one after the other.

    Iterating gives `(audio_CT, scene)`: float32 at face value, both ears, and the record. `length` None never ends.
    `stream[i]` is sample i, so that it also serves as a map-style dataset where it has a length; `composed(i)` has
    stems and Ambisonics too.

    Of `world_size` ranks with `workers` workers each, this one gives, from where the stream stands, the sample
    rank x workers + worker and then every (world_size x workers)-th. Once torch is imported a stream counts as an
    `IterableDataset`, and in a `DataLoader` the worker is found by itself; `len` is of all ranks together.

    `cache_bytes` bounds the decoded responses, and again the decoded clips, of each process: memory is about twice
    that, and some 60 MB of a scene in the making (5 s of four sources). A library that is given open keeps its own
    bound.

    Raises SpecError for numbers that cannot be, and what `compose_scene` raises.
    """

    def __init__(
        self,
        brirs: BrirLibrary | str | Path | Iterable[str | Path],
        clips: Catalog | str | Sequence[str],
        spec: SceneSpec | Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        epoch: int = 0,
        split: str = "train",
        length: int | None = None,
        rank: int = 0,
        world_size: int = 1,
        worker: int | None = None,
        workers: int | None = None,
        profile: str = "open",
        cache_bytes: int = DEFAULT_CACHE_BYTES,
    ) -> None:
        if not 0 <= rank < world_size or (workers is not None and not 0 <= (worker or 0) < workers):
            raise SpecError(
                f"Rank {rank} of {world_size} with worker {worker} of {workers} cannot be; count from 0 to below."
            )
        if length is not None and length < 1:
            raise SpecError(f"A stream of {length} scenes cannot be; give 1 or more, or None for one that never ends.")
        _register_with_torch()
        self._ingredients = open_ingredients(brirs, clips, spec, profile, cache_bytes)
        if split not in SPLITS:
            raise SpecError(f"There is no split '{split}'; there are {', '.join(SPLITS)}.")
        if split not in require_splits(self._ingredients):
            raise SpecError(f"The {split} split has no rooms or no clips that fit the spec; name another split.")
        self._cache_bytes = cache_bytes
        self._place = (rank, world_size, worker, workers)
        self._base_seed, self._split, self._length = seed, split, length
        self._next = 0
        self.set_epoch(epoch)

    def set_epoch(self, epoch: int) -> None:
        """Begin another epoch: other scenes, from its first."""
        self.epoch = epoch
        self._maker = SceneMaker(self._ingredients, _epoch_seed(self._base_seed, epoch), self._cache_bytes)
        self._next = 0

    @property
    def sample_rate(self) -> int:
        """Of the audio, in Hz."""
        return self._ingredients.brirs.sample_rate

    @property
    def cached_bytes(self) -> int:
        """Decoded audio held now."""
        return self._ingredients.brirs.cached_bytes + self._maker.reader.cached_bytes

    def __len__(self) -> int:
        if self._length is None:
            raise TypeError("a stream without `length` never ends")
        return self._length

    def __getitem__(self, index: int) -> Sample:
        if index < 0 or (self._length is not None and index >= self._length):
            raise IndexError(f"the stream has the scenes 0 to {'...' if self._length is None else self._length - 1}")
        composed = self.composed(index)
        return composed.audio_CT, composed.scene

    def composed(self, index: int) -> Composed:
        """Scene `index` of the epoch, with its stems and, where the spec asks for it, Ambisonics."""
        return self._maker.make(index, self._split)

    def __iter__(self) -> Iterator[Sample]:
        """The samples of this rank and worker from where the stream stands (`load_state_dict`), to its end."""
        offset, stride = self._find_place()
        index = self._next + offset  # counted from there, so that readers in turn give the samples in their order
        while self._length is None or index < self._length:
            sample = self[index]
            index += stride
            self._next = index - offset  # all below are given, here and by those that keep step
            yield sample
        self._next = 0

    def _find_place(self) -> tuple[int, int]:
        """Which of how many readers this is."""
        rank, world_size, worker, workers = self._place
        if workers is None:
            worker, workers = _torch_worker()
        return rank * workers + (worker or 0), world_size * workers

    def state_dict(self, given: int | None = None) -> dict[str, int | str]:
        """Where the stream stands; `next` is the first sample that none has given.

        Taken when every reader has given the same number of samples, it fits any number of readers. The workers of a
        `DataLoader` read copies that this stream does not see: count what came out, on all ranks together and in this
        epoch, and tell it as `given`.
        """
        return {
            "epoch": self.epoch,
            "next": self._next if given is None else given,
            "scenes": self._maker.fingerprint_of(self._split),
        }

    def load_state_dict(self, state: Mapping[str, int | str]) -> None:
        """Go on from a state. Raises SpecError for one of other scenes (seed, spec, split, library or catalog)."""
        self.set_epoch(int(state["epoch"]))
        if state["scenes"] != self._maker.fingerprint_of(self._split):
            raise SpecError(
                "The state is of other scenes than this stream's; open it with the same seed, spec, split, library and "
                "clips."
            )
        self._next = int(state["next"])


def _epoch_seed(seed: int, epoch: int) -> int:
    """A seed of its own for every epoch after the first, which has the stream's."""
    return seed if epoch == 0 else seed_for(seed, "epoch", epoch) % 2**63


def _register_with_torch() -> None:
    """Have a `DataLoader` iterate over streams, so that ranks and workers share the samples; torch is not imported."""
    torch_data = sys.modules.get("torch.utils.data")
    if torch_data:
        torch_data.IterableDataset.register(SceneStream)


def _torch_worker() -> tuple[int, int]:
    """(worker, workers) inside a torch DataLoader, else (0, 1); torch is not imported for it."""
    torch_data = sys.modules.get("torch.utils.data")
    info = torch_data.get_worker_info() if torch_data else None
    return (info.id, info.num_workers) if info else (0, 1)
