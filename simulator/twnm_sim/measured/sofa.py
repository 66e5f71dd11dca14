"""Measured rooms from SOFA files (AES69): MultiSpeakerBRIR, SingleRoomSRIR and SingleRoomMIMOSRIR with two receivers.

Geometry as AES69 has it: listener and source lie in the room's frame; receivers are given in the listener's frame
(ListenerView, ListenerUp), emitters in the source's (SourceView, SourceUp). Which receiver is the left ear follows from
the sign of its y. Measurements that share the listener's place and orientation are one pose.

One deviation: in MultiSpeakerBRIR the loudspeakers are the emitters, and where SourcePosition still has the
convention's default (0, 0, 1 m, spherical) it was not set, so that emitters count from the room's origin.

Responses are read measurement by measurement: those of one room can be more than memory holds.
Shapes: M measurements, R receivers, E emitters, N taps, S sources, C ears.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np

from twnm_schemas.errors import HrtfError
from twnm_schemas.geometry import direction_of
from twnm_schemas.rooms import Listener, Triple
from twnm_shards.files import sha256_of
from twnm_sim.hrtf.catalog import choose_license
from twnm_sim.hrtf.resample import delay_hrirs
from twnm_sim.hrtf.sofa_file import (
    read_array,
    read_citation,
    read_frame,
    read_moving_positions,
    read_positions,
    read_rate,
    read_text,
    reading,
)
from twnm_sim.measured.sets import Floats, Given, MeasuredSet, Placed, Pose, check_response

CONVENTIONS = {  # and the data types that each may hold
    "MultiSpeakerBRIR": ("FIRE", "FIR-E"),
    "SingleRoomSRIR": ("FIR",),
    "SingleRoomMIMOSRIR": ("FIR-E", "FIRE"),
}
_HEAD_CENTRE_M = 1e-6  # a source nearer than this to the head's centre has no direction
_EARS_APART_M = 0.3  # receivers farther apart are no ears
_UNSET_CORNER = (1.0, 2.0, 3.0)  # RoomCornerB's default in both SingleRoom conventions
_MOST_CHUNK_BYTES, _CHUNK_SLOTS = 1 << 30, 10_007
_LONGEST_DELAY = 100_000.0  # samples
_UNSET_SOURCE = (0.0, 0.0, 1.0)  # MultiSpeakerBRIR's default, spherical


@dataclass(frozen=True)
class SofaSet(MeasuredSet):
    """A SOFA file. `ears`: its receivers, the left one first; a source's `place` is (measurement, emitter)."""

    path: Path
    ears: tuple[int, int]

    def read(self, pose: Pose) -> Floats:
        wanted = sorted({source.place[0] for source in pose.sources})
        with reading(self.path, str(self.path)):
            file = _keep_open(self.path, self.path.stat().st_mtime_ns)
            by_measurement = dict(zip(wanted, _read_responses(file, str(self.path), self.ears, wanted), strict=True))
        responses = [by_measurement[m][e] for m, e in (source.place for source in pose.sources)]
        longest = max(response_CK.shape[-1] for response_CK in responses)
        return np.stack([np.pad(r_CK, ((0, 0), (0, longest - r_CK.shape[-1]))) for r_CK in responses])

    def check_unchanged(self) -> None:
        if not self.path.is_file() or sha256_of(self.path) != self.sha256:
            raise HrtfError(f"{self.path} changed while the run went on; give a file that stays as it is.")


def open_sofa_set(path: Path, given: Given, url: str = "") -> SofaSet:
    """Open a file and read through it.

    Raises HrtfError, one sentence, for anything but a readable file of a convention that is read, with two ears, whose
    every response is finite and audible and has a direction.
    """
    where = url or str(path)
    header = _read_header(path, where)
    _check_convention(header, where)
    measurements, emitters, taps = _read_counts(header, where)
    ears = _find_ears(header, where)
    name = PurePosixPath(unquote(urlsplit(url).path)).name if url else path.name
    room = given.room or read_text(header, "RoomShortName") or name.removesuffix(".sofa")
    poses = _find_poses(header, where, room, measurements, emitters)
    _read_through(path, where, ears, measurements)
    origin = read_text(header, "Origin")
    return SofaSet(
        name=name,
        sha256=sha256_of(path),
        license=choose_license(given.license, None, read_text(header, "License")),
        citation=read_citation(header) if given.citation is None else given.citation,
        source_url=given.source_url or url or (origin if origin.startswith(("http://", "https://")) else ""),
        head=read_text(header, "ListenerShortName") if given.head is None else given.head,
        sample_rate=read_rate(header, where),
        taps=taps,
        poses=poses,
        path=path,
        ears=ears,
    )


def _read_through(path: Path, where: str, ears: tuple[int, int], measurements: int) -> None:
    """Look at every response once; each is checked as it is read."""
    import netCDF4

    with reading(path, where), netCDF4.Dataset(str(path)) as file:
        _hold_chunks(file.variables["Data.IR"])
        for _ in _read_responses(file, where, ears, range(measurements)):
            pass


def _read_header(path: Path, where: str) -> Any:
    """The file as `sofar.read_sofa_as_netcdf` gives it, but of Data.IR only its shape and dimensions."""
    import netCDF4

    header: dict[str, Any] = {}
    with reading(path, where), netCDF4.Dataset(str(path)) as file:
        header.update({f"GLOBAL_{name}": file.getncattr(name) for name in file.ncattrs()})
        for name, variable in file.variables.items():
            key = name.replace(".", "_")
            header.update({f"{key}_{attribute}": variable.getncattr(attribute) for attribute in variable.ncattrs()})
            if name == "Data.IR":
                header["axes"], header["shape"] = variable.dimensions, variable.shape
            else:
                header[key] = variable[:]
    return SimpleNamespace(**header)


def _check_convention(header: Any, where: str) -> None:
    convention = read_text(header, "SOFAConventions")
    if convention not in CONVENTIONS:
        found = f"follows the SOFA convention {convention}" if convention else "names no SOFA convention"
        raise HrtfError(f"{where} {found}; measured rooms are read from {', '.join(CONVENTIONS)}.")
    datatype = read_text(header, "DataType")
    if datatype not in CONVENTIONS[convention]:
        raise HrtfError(f"{where} holds data of type {datatype}; {convention} has {CONVENTIONS[convention][0]}.")


def _read_counts(header: Any, where: str) -> tuple[int, int, int]:
    """Measurements, emitters and taps; two receivers are a must."""
    axes: tuple[str, ...] = getattr(header, "axes", ())
    shape: tuple[int, ...] = getattr(header, "shape", ())
    sizes = dict(zip(axes, shape, strict=True))
    if set(axes) - {"E"} != {"M", "R", "N"} or axes[0] != "M" or 0 in shape:
        shown = " x ".join(f"{size} ({axis})" for axis, size in sizes.items()) or "missing"
        raise HrtfError(f"Data.IR of {where} is {shown}; measurements (M), receivers (R), taps (N) are needed.")
    if sizes["R"] != 2:
        raise HrtfError(f"{where} has {sizes['R']} receiver(s); two ears are needed.")
    return sizes["M"], sizes.get("E", 1), sizes["N"]


def _find_ears(header: Any, where: str) -> tuple[int, int]:
    """The receivers' indices, left ear first."""
    positions = read_positions(header, where, "ReceiverPosition")
    if len(positions) != 2 or not positions[:, 1].min() < 0.0 < positions[:, 1].max():
        raise HrtfError(
            f"ReceiverPosition of {where} does not tell the left ear (y > 0) from the right one (y < 0); "
            "give the positions of the ears in the file."
        )
    apart = float(np.linalg.norm(positions[0] - positions[1]))
    if apart > _EARS_APART_M:
        raise HrtfError(f"The receivers of {where} are {apart:.2f} m apart, which are no ears; use another file.")
    return (0, 1) if positions[0, 1] > 0.0 else (1, 0)


def _find_poses(header: Any, where: str, room: str, measurements: int, emitters: int) -> tuple[Pose, ...]:
    """Measurements by where the listener is and looks, in the order in which each pose is first met."""
    frame = read_frame(header, where, "Listener")
    turn_M33 = _spread(np.eye(3)[None] if frame is None else frame, measurements, "ListenerView", where)
    listener_M3 = _spread(read_positions(header, where, "ListenerPosition"), measurements, "ListenerPosition", where)
    emitter_ME3 = _place_emitters(header, where, measurements, emitters)
    local_ME3 = np.einsum("mij,mej->mei", turn_M33, emitter_ME3 - listener_M3[:, None])
    box = _find_box(header, where, np.concatenate([listener_M3, emitter_ME3.reshape(-1, 3)]))
    found: dict[bytes, tuple[Listener | None, list[Placed]]] = {}
    for m in range(measurements):
        key = np.concatenate([np.round(listener_M3[m], 4), np.round(turn_M33[m], 6).ravel()]) + 0.0  # no -0
        listener = None if box is None else _describe_listener(listener_M3[m] - box.corner_3, turn_M33[m])
        _, sources = found.setdefault(key.tobytes(), (listener, []))
        for e in range(emitters):
            position = None if box is None else _triple(emitter_ME3[m, e] - box.corner_3)
            sources.append(_place(local_ME3[m, e], position, (m, e), where))
    size_m = None if box is None else _triple(box.size_3)
    return tuple(Pose(room, size_m, listener, tuple(sources)) for listener, sources in found.values())


@dataclass(frozen=True)
class _Box:
    corner_3: Floats
    size_3: Floats


def _find_box(header: Any, where: str, points_P3: Floats) -> _Box | None:
    """The shoebox, where the file gives one that can be: not the convention's default, and with everything inside."""
    names = ("RoomCornerA", "RoomCornerB")
    if read_text(header, "RoomType").lower() != "shoebox" or not all(hasattr(header, name) for name in names):
        return None
    corners = [read_array(header, where, name).ravel()[:3] for name in names]
    if str(getattr(header, "RoomCorners_Type", "cartesian")).lower() != "cartesian" or min(map(len, corners)) < 3:
        return None
    low_3, high_3 = np.minimum(*corners), np.maximum(*corners)
    unset = np.array_equal(low_3, [0.0, 0.0, 0.0]) and np.array_equal(high_3, _UNSET_CORNER)
    inside = bool(np.all((points_P3 > low_3) & (points_P3 < high_3)))
    return _Box(low_3, high_3 - low_3) if inside and not unset else None


def _describe_listener(position_3: Floats, turn_33: Floats) -> Listener:
    """Yaw, pitch and roll of the rotation whose transpose is `turn_33` (geometry.rotation_matrix)."""
    (forward, left, up) = turn_33
    return Listener(
        position_m=_triple(position_3),
        yaw_deg=float(np.degrees(np.arctan2(forward[1], forward[0]))) % 360.0,
        pitch_deg=float(np.degrees(np.arcsin(np.clip(-forward[2], -1.0, 1.0)))),
        roll_deg=float(np.degrees(np.arctan2(left[2], up[2]))),
    )


def _triple(vector_3: Floats) -> Triple:
    x, y, z = vector_3.tolist()
    return x, y, z


def _place_emitters(header: Any, where: str, measurements: int, emitters: int) -> Floats:
    """Where each emitter is in the room's frame (M, E, 3)."""
    source_M3 = _spread(_read_sources(header, where), measurements, "SourcePosition", where)
    if not hasattr(header, "EmitterPosition"):
        return np.broadcast_to(source_M3[:, None], (measurements, emitters, 3))
    offset_ME3 = read_moving_positions(header, where, "EmitterPosition")
    if "E" not in header.axes and offset_ME3.shape[1] > 1:  # many emitters sound as one source
        offset_ME3 = np.zeros((1, 1, 3))
    if offset_ME3.shape[1] not in (1, emitters):
        raise HrtfError(f"{where} has {offset_ME3.shape[1]} emitter positions for {emitters} emitters; use another.")
    offset_ME3 = _spread(offset_ME3, measurements, "EmitterPosition", where)
    frame = read_frame(header, where, "Source")
    if frame is not None:  # its rows are the source's axes in the room
        offset_ME3 = np.einsum("mji,mej->mei", _spread(frame, measurements, "SourceView", where), offset_ME3)
    return np.broadcast_to(source_M3[:, None] + offset_ME3, (measurements, emitters, 3))


def _read_sources(header: Any, where: str) -> Floats:
    stored = read_array(header, where, "SourcePosition")
    spherical = str(getattr(header, "SourcePosition_Type", "")).strip().lower() == "spherical"
    unset = spherical and stored.size == 3 and tuple(stored.ravel()) == _UNSET_SOURCE
    if unset and read_text(header, "SOFAConventions") == "MultiSpeakerBRIR":
        return np.zeros((1, 3))
    return read_positions(header, where, "SourcePosition")


def _spread(rows: Floats, measurements: int, name: str, where: str) -> Floats:
    """One row for every measurement."""
    if len(rows) not in (1, measurements):
        raise HrtfError(f"{name} of {where} has {len(rows)} rows for {measurements} measurements; use another file.")
    return np.broadcast_to(rows, (measurements, *rows.shape[1:]))


def _place(vector_3: Floats, position: Triple | None, place: tuple[int, int], where: str) -> Placed:
    if np.linalg.norm(vector_3) < _HEAD_CENTRE_M:
        m, e = place
        raise HrtfError(
            f"The source of {where} at measurement {m}, emitter {e} lies at the head's centre; use another."
        )
    found = direction_of(_triple(vector_3))
    return Placed(found.azimuth_deg, found.elevation_deg, found.lateral_deg, found.distance_m, position, place)


@lru_cache(maxsize=1)
def _keep_open(path: Path, modified_ns: int) -> Any:
    """The file, open for one pose after the other: its chunks hold many measurements and are unpacked once."""
    import netCDF4

    file = netCDF4.Dataset(str(path))
    _hold_chunks(file.variables["Data.IR"])
    return file


def _hold_chunks(variable: Any) -> None:
    """Give the library room for all chunks that one measurement lies in; with less, each is unpacked for each."""
    chunks = variable.chunking()
    if chunks == "contiguous":
        return
    counts = [-(-size // chunk) for size, chunk in zip(variable.shape[1:], chunks[1:], strict=True)]
    needed = prod(chunks) * prod(counts) * variable.dtype.itemsize
    variable.set_var_chunk_cache(size=min(needed + (1 << 20), _MOST_CHUNK_BYTES), nelems=_CHUNK_SLOTS)


def _read_responses(file: Any, where: str, ears: tuple[int, int], wanted: Iterable[int]) -> Iterator[Floats]:
    """The responses (E, C, N) of each wanted measurement, left ear first, delays applied; each finite and audible."""
    variable = file.variables["Data.IR"]
    axes = variable.dimensions[1:]
    order = [axes.index(axis) for axis in ("E", "R", "N") if axis in axes]
    delay_MRE = _read_delays(file, where)
    for m in wanted:
        stored = np.ma.filled(np.ma.asarray(variable[m]).astype(np.float64), np.nan).transpose(order)
        heard_ECN = (stored if stored.ndim == 3 else stored[None])[:, ears]
        for e, response_CN in enumerate(heard_ECN):
            check_response(response_CN, f"{where}, measurement {m}, emitter {e},", HrtfError)
        delay_ER = delay_MRE[m if len(delay_MRE) > 1 else 0].T
        yield delay_hrirs(heard_ECN, np.broadcast_to(delay_ER, (len(heard_ECN), 2))[:, ears])


def _read_delays(file: Any, where: str) -> Floats:
    """Samples (1 or M, R, 1 or E); zero where the file gives none."""
    if "Data.Delay" not in file.variables:
        return np.zeros((1, 2, 1))
    delay = read_array(SimpleNamespace(Data_Delay=file.variables["Data.Delay"][:]), where, "Data_Delay")
    delay = delay[..., None] if delay.ndim == 2 else delay
    sizes = {name: len(dimension) for name, dimension in file.dimensions.items()}
    wanted = ({1, sizes["M"]}, {1, 2}, {1, sizes.get("E", 1)})
    if delay.ndim != 3 or any(size not in fit for size, fit in zip(delay.shape, wanted, strict=True)):
        raise HrtfError(f"Data.Delay of {where} has the shape {delay.shape}, which does not fit its responses.")
    if delay.min() < 0.0 or delay.max() > _LONGEST_DELAY:
        raise HrtfError(
            f"Data.Delay of {where} runs from {delay.min():g} to {delay.max():g} samples; use another file."
        )
    return np.broadcast_to(delay, (len(delay), 2, delay.shape[2]))
