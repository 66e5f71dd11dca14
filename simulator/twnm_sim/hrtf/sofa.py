"""Reads a SimpleFreeFieldHRIR SOFA file (AES69) into plain arrays in the listener frame.

Every file that cannot be used gives an HrtfError of one sentence (`sofa_file` reads what all conventions share).
"""

# D directions (SOFA: measurements), C ears (SOFA: receivers), K taps, 3 coordinates

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twnm_schemas import HrtfError
from twnm_sim.hrtf.grid import first_of_each
from twnm_sim.hrtf.resample import delay_hrirs
from twnm_sim.hrtf.sofa_file import (
    open_sofa,
    read_array,
    read_citation,
    read_frame,
    read_positions,
    read_rate,
)

Floats = NDArray[np.float64]
CONVENTION = "SimpleFreeFieldHRIR"
_HEAD_CENTRE_M = 1e-6  # a source nearer than this to the head's centre has no direction


@dataclass(frozen=True)
class SofaHrirs:
    """What a SOFA file holds, in the project's conventions: left ear first, listener frame, delays applied."""

    hrirs_DCK: Floats
    directions_D3: Floats
    sample_rate: int
    distance_m: float
    license: str
    citation: str


def read_sofa(path: Path, where: str = "") -> SofaHrirs:
    """The HRIRs of a file. Of several measurements of one direction the first is kept.

    `where` names the file in sentences, if not by its path (a URL of which this is the fetched copy).
    Raises HrtfError for anything but a readable, finite, audible two-ear SimpleFreeFieldHRIR set with directions.
    """
    where = where or str(path)
    sofa = open_sofa(path, where)
    _check_convention(sofa, where)
    hrirs_DCK = _read_responses(sofa, where)
    directions_D3, distance_m = _read_directions(sofa, where, len(hrirs_DCK))
    delays_DC = _read_delays(sofa, where, len(hrirs_DCK))
    kept = first_of_each(directions_D3)
    ears = _order_ears(sofa, where)
    return SofaHrirs(
        hrirs_DCK=delay_hrirs(hrirs_DCK[kept][:, ears], delays_DC[kept][:, ears]),
        directions_D3=directions_D3[kept],
        sample_rate=read_rate(sofa, where),
        distance_m=float(np.median(distance_m[kept])),
        license=str(getattr(sofa, "GLOBAL_License", "")),
        citation=read_citation(sofa),
    )


def _check_convention(sofa: Any, where: str) -> None:
    convention = getattr(sofa, "GLOBAL_SOFAConventions", None)
    if convention is None:
        raise HrtfError(f"{where} names no SOFA convention; a {CONVENTION} file is needed.")
    if convention != CONVENTION:
        raise HrtfError(f"{where} follows the SOFA convention {convention}; a {CONVENTION} file is needed.")
    datatype = getattr(sofa, "GLOBAL_DataType", None)
    if datatype != "FIR":
        raise HrtfError(f"{where} holds data of type {datatype}; impulse responses (FIR) are needed.")


def _read_responses(sofa: Any, where: str) -> Floats:
    hrirs_DCK = read_array(sofa, where, "Data_IR")
    if hrirs_DCK.ndim != 3 or 0 in hrirs_DCK.shape:
        raise HrtfError(f"Data.IR of {where} has the shape {hrirs_DCK.shape}; directions x 2 ears x taps are needed.")
    if hrirs_DCK.shape[1] != 2:
        raise HrtfError(f"{where} has {hrirs_DCK.shape[1]} receiver(s); two ears are needed.")
    silent = np.argwhere(~hrirs_DCK.any(axis=-1))
    if len(silent):
        raise HrtfError(
            f"{where} is silent at measurement {silent[0][0]}, receiver {silent[0][1]} "
            f"({len(silent)} silent response(s) in all); use another file."
        )
    return hrirs_DCK


def _read_delays(sofa: Any, where: str, directions: int) -> Floats:
    """Samples (D, 2); zero where the file gives none."""
    if getattr(sofa, "Data_Delay", None) is None:
        return np.zeros((directions, 2))
    delays = np.atleast_2d(read_array(sofa, where, "Data_Delay"))
    if delays.shape[-1] != 2 or delays.shape[0] not in (1, directions) or delays.ndim != 2:
        raise HrtfError(f"Data.Delay of {where} has the shape {delays.shape}; 1 or {directions} x 2 are needed.")
    if delays.min() < 0.0 or delays.max() > 100_000.0:
        raise HrtfError(
            f"Data.Delay of {where} runs from {delays.min():g} to {delays.max():g} samples; use another file."
        )
    return np.broadcast_to(delays, (directions, 2))


def _order_ears(sofa: Any, where: str) -> list[int]:
    """Receiver indices, left ear (larger y) first; as stored where the positions do not tell."""
    if getattr(sofa, "ReceiverPosition", None) is None:
        return [0, 1]
    positions = read_positions(sofa, where, "ReceiverPosition")
    if len(positions) < 2 or positions[0, 1] >= positions[1, 1]:
        return [0, 1]
    return [1, 0]


def _read_directions(sofa: Any, where: str, directions: int) -> tuple[Floats, Floats]:
    """Listener-frame unit vectors (D, 3) and distances (D,) in metres."""
    sources = read_positions(sofa, where, "SourcePosition")
    if len(sources) not in (1, directions):
        raise HrtfError(f"{where} has {len(sources)} source positions for {directions} responses; use another file.")
    sources = np.broadcast_to(sources, (directions, 3))
    offset = read_positions(sofa, where, "ListenerPosition") if hasattr(sofa, "ListenerPosition") else np.zeros((1, 3))
    turn = read_frame(sofa, where, "Listener")
    local = sources if not offset.any() else sources - offset
    distance_m = np.linalg.norm(local, axis=-1)
    if distance_m.min() < _HEAD_CENTRE_M:
        count = int(np.count_nonzero(distance_m < _HEAD_CENTRE_M))
        raise HrtfError(
            f"{where} has no usable direction for {count} of its {directions} source positions: "
            "they lie at the head's centre; use another file."
        )
    if turn is not None:
        local = np.einsum("dij,dj->di", np.broadcast_to(turn, (directions, 3, 3)), local)
    return local / distance_m[:, None], distance_m
