"""What is needed to draw one position: its record, its decoded response, its head if that is known."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.errors import SpecError
from twnm_schemas.records import MeasuredRoom, SimulatedRoom, SourcePosition, read_room
from twnm_schemas.render import Atmosphere
from twnm_shards.contents import CHANNELS, flac_name
from twnm_shards.flac import decode_flac
from twnm_shards.manifests import read_index
from twnm_shards.tars import read_sample
from twnm_sim.check.library import Library, spec_of
from twnm_sim.check.records import atmosphere_of
from twnm_sim.hrtf.find import find_head
from twnm_sim.hrtf.model import Hrtf
from twnm_sim.measure import find_onset_s


@dataclass(frozen=True)
class PositionView:
    """One source position of a library. `response_CK`: pressure; C is 2 (left, right), 4 (W, Y, Z, X) or 1.

    A measured room has no `atmosphere` and no `hrtf`.
    """

    record: SimulatedRoom | MeasuredRoom
    source: SourcePosition
    response_CK: NDArray[np.float32]
    atmosphere: Atmosphere | None
    hrtf: Hrtf | None

    @property
    def sample_rate(self) -> int:
        return self.record.sample_rate

    @property
    def is_binaural(self) -> bool:
        return len(self.response_CK) == 2

    @cached_property
    def onset_s(self) -> float:
        """When the direct sound arrives, as labels are measured."""
        if self.record.speed_of_sound_m_s is None or self.source.distance_m is None:
            return find_onset_s(self.response_CK, self.sample_rate)
        return self.source.distance_m / self.record.speed_of_sound_m_s + self.latency_s

    @property
    def latency_s(self) -> float:
        """Of a simulated room's head; 0 for a microphone, and where it is not known."""
        return self.record.hrtf.latency_s if self.record.hrtf is not None and self.is_binaural else 0.0


def find_room(library: Library, room: int) -> tuple[Path, int]:
    """The shard and offset of a room by its number. Raises SpecError if there is no such room."""
    key = f"room-{room:06d}"
    rows = read_index(library.folder)
    for row in rows:
        if row["key"] == key:
            return library.folder / str(row["shard"]), int(str(row["offset"]))
    keys = [str(row["key"]) for row in rows]
    raise SpecError(f"There is no room {room} in {library.folder}; it holds {keys[0]} to {keys[-1]}.")


def load_view(library: Library, shard: Path, offset: int, source: int, hrtf: Hrtf | str | None = None) -> PositionView:
    """One position, decoded. `hrtf`: a loaded head, or what to load instead of the record's name.

    Raises SpecError for a source that is not there, AudioError for audio that does not decode.
    """
    sample = read_sample(shard, offset)
    record = read_room(sample.members["json"])
    if not 0 <= source < len(record.sources):
        raise SpecError(f"{record.room_id} has sources 0 to {len(record.sources) - 1}; there is no source {source}.")
    position = record.sources[source]
    output = next(name for name in CHANNELS if name in record.outputs)
    scale = getattr(position.scale, output)
    response_CK, _ = decode_flac(sample.members[flac_name(position.index, output)], scale)
    if isinstance(record, MeasuredRoom):
        return PositionView(record, position, response_CK, None, None)
    head = hrtf if isinstance(hrtf, Hrtf) else find_head(record.hrtf, hrtf)[0]
    return PositionView(record, position, response_CK, atmosphere_of(record, spec_of(library.manifest)), head)
