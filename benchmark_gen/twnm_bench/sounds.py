"""The stored audio of questions, byte for byte, out of the shards beside their file."""

from pathlib import Path

from twnm_schemas.errors import StoreError
from twnm_schemas.questions import AudioPlace, Question
from twnm_shards.tars import iter_members, read_member


class Sounds:
    """The shards of one question file, each looked through once, by its headers, when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offsets: dict[str, dict[str, int]] = {}

    def read(self, question: Question) -> bytes:
        """The audio file of a question. Raises StoreError for a shard that is not there or lacks it."""
        return read_member(self._folder / question.audio.shard, self._find(question))[1]

    def require(self, questions: list[Question]) -> None:
        """Raises StoreError for the first question whose audio is not there; reads headers only."""
        for question in questions:
            self._find(question)

    def _find(self, question: Question) -> int:
        shard = question.audio.shard
        if shard not in self._offsets:
            self._offsets[shard] = _find_members(self._folder, shard)
        name = name_audio(question.audio)
        if name not in self._offsets[shard]:
            raise StoreError(
                f"{self._folder / shard} holds no {name}, the audio of question {question.id}; "
                "take questions and shards of one set."
            )
        return self._offsets[shard][name]


def name_audio(place: AudioPlace) -> str:
    """The audio's file name: `scene-000003.flac`."""
    return f"{place.key}.{place.member}"


def _find_members(folder: Path, shard: str) -> dict[str, int]:
    """Where each member begins, by its name."""
    if "://" in shard:
        raise StoreError(f"{shard} is a URL, and an export reads shards beside the question file; fetch the whole set.")
    if Path(shard).is_absolute() or ".." in Path(shard).parts:
        raise StoreError(f"The shard {shard} lies outside {folder}; shards lie beside or below their question file.")
    path = folder / shard
    try:
        with path.open("rb") as stream:
            members = list(iter_members(stream))
    except OSError:
        raise StoreError(f"{path} cannot be read; the shards of a set lie beside its question file.") from None
    if faults := [member for member in members if member.fault]:
        raise StoreError(f"{path} {faults[0].name} {faults[0].fault}; `twnm-shards verify` lists all that is wrong.")
    return {member.name: member.offset for member in members}
