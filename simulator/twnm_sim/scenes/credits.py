"""Whose work is in a scene, and what it may be published under."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from twnm_schemas.clips import Attribution, Clip
from twnm_schemas.errors import LicenseError
from twnm_schemas.licences import combine_licenses
from twnm_schemas.records import RoomRecord
from twnm_shards.files import disk_errors, write_bytes
from twnm_sim.clips.datasets import Collection, collection_of

TABLE_NAME, PAGE_NAME = "ATTRIBUTION.csv", "ATTRIBUTION.md"
UNPUBLISHABLE = "LicenseRef-unpublishable"
_OF_ITS_PARTS = "every part under its own terms"
_CHANGES = "cut, mixed to mono, resampled, levelled, placed in a room by convolution and mixed with other sounds"


def license_of(clips: Iterable[Clip], room: RoomRecord, profile: str) -> str:
    """What the mixture may be published under.

    Raises LicenseError, naming the parts, for a mixture nobody may publish; under the profile "recipe", which stores no
    audio, it is named UNPUBLISHABLE instead.
    """
    try:
        return combine_licenses([room.license, *(clip.license for clip in clips)])
    except LicenseError:
        if profile != "recipe":
            raise
        return UNPUBLISHABLE


def attribute(clips: Iterable[Clip], room: RoomRecord) -> tuple[Attribution, ...]:
    """One row a recording, one a known collection of them and one for the head or the measured room.

    Sounds made by the package need none.
    """
    recorded = {clip.clip_id: clip for clip in clips if clip.path}.values()
    collections = {found.name: found for found in map(collection_of, recorded) if found}
    return (
        *map(_attribute_clip, recorded),
        *map(_attribute_collection, collections.values()),
        _attribute_room(room),
    )


def _attribute_clip(clip: Clip) -> Attribution:
    return Attribution(
        what=clip.clip_id,
        title=clip.title,
        author=clip.uploader or clip.speaker,
        source_url=clip.source_url,
        license=clip.license,
        changes=_CHANGES,
    )


def _attribute_collection(collection: Collection) -> Attribution:
    terms = collection.caption_license
    captions = f", captions where a scene has them ({terms})" if terms else ""
    return Attribution(
        what=f"dataset:{collection.name}",
        title=collection.title,
        author=collection.authors,
        source_url=collection.url,
        license=collection.license,
        changes=f"taken from it: recordings, labels{captions}; every recording has a row of its own",
    )


def _attribute_room(room: RoomRecord) -> Attribution:
    measured = room.origin == "measured"
    return Attribution(
        what=f"room:{room.name}" if measured else f"hrtf:{room.head}",
        title=room.name if measured else room.head,
        author=room.citation,
        source_url=room.source_url,
        license=room.license,
        changes="resampled and cut" if measured else "rendered into room impulse responses by simulation",
    )


def write_attribution(root: Path, rows: Iterable[Attribution]) -> Path:
    """Write ATTRIBUTION.csv and ATTRIBUTION.md into the root, a row once, and return the path of the table."""
    ordered = sorted(set(rows), key=lambda row: (row.what, row.license, row.author))
    with disk_errors(root):
        write_bytes(root / TABLE_NAME, _as_table(ordered))
        write_bytes(root / PAGE_NAME, _as_page(ordered))
    return root / TABLE_NAME


def _as_table(rows: Sequence[Attribution]) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(Attribution.model_fields), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.model_dump() for row in rows)
    return stream.getvalue().encode()


def _as_page(rows: Sequence[Attribution]) -> bytes:
    lines = ["# Whose work is in these scenes", "", f"What was done to it: {_CHANGES}.", ""]
    for row in rows:
        title = f"[{row.title or row.what}]({row.source_url})" if row.source_url else row.title or row.what
        author = f" by {row.author}" if row.author else ""
        lines.append(f"- `{row.what}`: {title}{author} ({row.license or _OF_ITS_PARTS})")
    return ("\n".join(lines) + "\n").encode()
