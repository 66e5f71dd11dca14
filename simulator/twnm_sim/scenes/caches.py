"""Caches of decoded arrays, bounded by their bytes."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from twnm_schemas.clips import Clip
from twnm_sim.clips.audio import read_clip

Floats = NDArray[np.float32]
DEFAULT_CACHE_BYTES = 256 << 20


class ArrayCache:
    """Arrays by key; the least recently used go first once all together are over `max_bytes`.

    An array larger than the bound is made every time it is asked for. Arrays that come out must not be changed.
    """

    def __init__(self, max_bytes: int) -> None:
        self._kept: LRUCache[Hashable, Floats] = LRUCache(max(1, max_bytes), getsizeof=_count_bytes)

    def __reduce__(self) -> tuple[type["ArrayCache"], tuple[int]]:
        """Sent to another process it arrives empty: what it holds can be made there."""
        return ArrayCache, (int(self._kept.maxsize),)

    def get(self, key: Hashable, make: Callable[[], Floats]) -> Floats:
        """The array at `key`, made where it is not kept."""
        found = self._kept.get(key)
        if found is not None:
            return found
        made = make()
        made.flags.writeable = False
        if made.nbytes <= self._kept.maxsize:
            self._kept[key] = made
        return made

    @property
    def bytes(self) -> int:
        """What is held now."""
        return int(self._kept.currsize)


def _count_bytes(array: Floats) -> int:
    return array.nbytes


@dataclass
class ClipReader:
    """Clips decoded at one rate, kept up to `cache_bytes`."""

    sample_rate: int
    cache_bytes: int = DEFAULT_CACHE_BYTES
    _kept: ArrayCache = field(init=False)

    def __post_init__(self) -> None:
        self._kept = ArrayCache(self.cache_bytes)

    def read(self, clip: Clip) -> Floats:
        """The clip (T,), mono. Raises AudioError where it cannot be read or is not what the catalog says."""
        return self._kept.get(clip.clip_id, lambda: read_clip(clip, self.sample_rate))

    @property
    def cached_bytes(self) -> int:
        """Bytes of decoded clips held now."""
        return self._kept.bytes
