"""The head that a record names, loaded again."""

from functools import lru_cache

from twnm_schemas.errors import TwnmError
from twnm_schemas.records import HrtfInfo, RoomRecord
from twnm_sim.hrtf.load import load_hrtf
from twnm_sim.hrtf.model import Hrtf


@lru_cache(maxsize=4)
def _load(name: str, sample_rate: int) -> Hrtf:
    """A few heads, kept: what is computed of them is cached by their identity."""
    return load_hrtf(name, sample_rate)


def find_head(info: HrtfInfo, given: str | None) -> tuple[Hrtf | None, str]:
    """The head of a record, by its name or as given, if its checksum is the record's; else the reason why not.

    Raises HrtfError where a head that was given cannot be loaded.
    """
    try:
        hrtf = _load(given or info.name, info.sample_rate)
    except TwnmError as error:
        if given:
            raise
        return None, f"the head {info.name} cannot be loaded ({error}); name its file with --hrtf"
    if hrtf.info.sha256 != info.sha256:
        where = given or info.name
        return None, f"{where} is not the head of the records (another SHA-256); name its file with --hrtf"
    return hrtf, ""


def why_no_head(record: RoomRecord) -> str:
    """Why the head of a room cannot be loaded by what its record says; "" where it can."""
    if record.hrtf is None:
        return f"the head in {record.name or record.room_id} was not measured by itself"
    return find_head(record.hrtf, None)[1]
