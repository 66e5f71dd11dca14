"""Measured rooms from a folder of stereo files and a table of where each was measured, `positions.csv`.

One row a response: `file` (left ear in the first channel) and `azimuth_deg` in the listener's frame are a must;
`elevation_deg` (0 where empty), `distance_m` (unknown where empty), `room` (the folder's name where empty) and `pose`
(one listener place and orientation of a room, any text) may be there. Rows of one room and pose are one sample.
Shapes: S sources, C ears, K taps.
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twnm_schemas.errors import AudioError, SpecError
from twnm_schemas.geometry import direction_of, unit_vector
from twnm_shards.files import sha256_of
from twnm_sim.hrtf.catalog import choose_license
from twnm_sim.measured.sets import Floats, Given, MeasuredSet, Placed, Pose, check_response

TABLE = "positions.csv"
_NEEDED, _OPTIONAL = ("file", "azimuth_deg"), ("elevation_deg", "distance_m", "room", "pose")


@dataclass(frozen=True)
class FolderSet(MeasuredSet):
    """A folder. `files` and their checksums, row by row; a source's `place` is (row, 0)."""

    folder: Path
    files: tuple[str, ...]
    checksums: tuple[str, ...]

    def read(self, pose: Pose) -> Floats:
        responses = [_read_response(self.folder / self.files[source.place[0]])[0] for source in pose.sources]
        longest = max(response_CK.shape[1] for response_CK in responses)
        return np.stack([np.pad(r_CK, ((0, 0), (0, longest - r_CK.shape[1]))) for r_CK in responses])

    def check_unchanged(self) -> None:
        for name, checksum in zip(self.files, self.checksums, strict=True):
            path = self.folder / name
            if not path.is_file() or sha256_of(path) != checksum:
                raise AudioError(f"{path} changed while the run went on; give files that stay as they are.")


def open_folder_set(folder: Path, given: Given) -> FolderSet:
    """Open a folder and read through it.

    Raises SpecError for a table that is not usable and AudioError for a file that is missing, unreadable, not stereo,
    silent, not finite or at another rate than the first.
    """
    rows = _read_table(folder)
    files = tuple(row["file"] for row in rows)
    rate, taps = _check_files(folder, files)
    checksums = tuple(sha256_of(folder / name) for name in files)
    whole = "".join((sha256_of(folder / TABLE), *checksums))
    return FolderSet(
        name=folder.resolve().name,
        sha256=hashlib.sha256(whole.encode()).hexdigest(),
        license=choose_license(given.license, None, ""),
        citation=given.citation or "",
        source_url=given.source_url or "",
        head=given.head or "",
        sample_rate=rate,
        taps=taps,
        poses=_find_poses(folder, rows, given),
        folder=folder,
        files=files,
        checksums=checksums,
    )


def _read_table(folder: Path) -> list[dict[str, str]]:
    path = folder / TABLE
    if not path.is_file():
        raise SpecError(f"There is no {TABLE} in {folder}; name the folder whose table says where each was measured.")
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, restval="")
            columns = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = columns
            rows = [{name: (value or "").strip() for name, value in row.items() if name} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SpecError(f"{path} cannot be read as a table ({error}); write it as CSV in UTF-8.") from error
    foreign = sorted(set(columns) - {*_NEEDED, *_OPTIONAL})
    if not set(_NEEDED) <= set(columns) or foreign:
        found = f"has the column {foreign[0]}" if foreign else f"has the columns {', '.join(columns) or 'none'}"
        raise SpecError(f"{path} {found}; give {', '.join(_NEEDED)} and, if known, {', '.join(_OPTIONAL)}.")
    if not rows:
        raise SpecError(f"{path} has no rows; give one for each response.")
    return rows


def _check_files(folder: Path, files: tuple[str, ...]) -> tuple[int, int]:
    """The one sample rate, and the taps of the longest response."""
    rate, longest = 0, 0
    for line, name in enumerate(files, 2):
        if not name or not (folder / name).is_file():
            raise AudioError(f"{folder / TABLE}, line {line}, names {name or 'no file'}, which is not in the folder.")
        response_CK, found = _read_response(folder / name)
        check_response(response_CK, str(folder / name), AudioError)
        rate = rate or found
        if found != rate:
            raise AudioError(
                f"{folder / name} has {found} Hz and {files[0]} has {rate}; give one folder for each sample rate."
            )
        longest = max(longest, response_CK.shape[1])
    return rate, longest


def _read_response(path: Path) -> tuple[Floats, int]:
    """A stereo response (C, K) and its rate."""
    import soundfile

    try:
        samples_KC, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        raise AudioError(f"{path} cannot be read as audio; give WAV or FLAC files.") from error
    if samples_KC.shape[1] != 2 or not len(samples_KC):
        raise AudioError(
            f"{path} has {samples_KC.shape[1]} channel(s) of {len(samples_KC)} samples; two ears are needed."
        )
    return np.ascontiguousarray(samples_KC.T), int(rate)


def _find_poses(folder: Path, rows: list[dict[str, str]], given: Given) -> tuple[Pose, ...]:
    found: dict[tuple[str, str], list[Placed]] = {}
    for number, row in enumerate(rows):
        room = given.room or row.get("room") or folder.resolve().name
        found.setdefault((room, row.get("pose", "")), []).append(_place(folder, number, row))
    return tuple(Pose(room, None, None, tuple(sources)) for (room, _), sources in found.items())


def _place(folder: Path, number: int, row: dict[str, str]) -> Placed:
    where = f"{folder / TABLE}, line {number + 2},"
    azimuth_deg = _read_number(where, "azimuth_deg", row["azimuth_deg"], -360.0, 360.0)
    elevation_deg = _read_number(where, "elevation_deg", row.get("elevation_deg") or "0", -90.0, 90.0)
    distance = row.get("distance_m", "")
    distance_m = _read_number(where, "distance_m", distance, 1e-3, 1e4) if distance else None
    direction = direction_of(unit_vector(azimuth_deg, elevation_deg))
    return Placed(azimuth_deg % 360.0, elevation_deg, direction.lateral_deg, distance_m, None, (number, 0))


def _read_number(where: str, column: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise SpecError(f"{where} has the {column} {text or '(empty)'}; give a number from {low:g} to {high:g}.")
    return value
