"""Reads a SimpleFreeFieldHRIR SOFA file (AES69) into plain arrays in the listener frame.

Every file that cannot be used gives an HrtfError of one sentence. The file is not "verified" against the standard to
the letter, because many useful published files are not; what the renderer relies on is checked here.
"""

# D directions (SOFA: measurements), C ears (SOFA: receivers), K taps, 3 coordinates

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twnm_schemas import HrtfError
from twnm_sim.hrtf.fetch import describe_error
from twnm_sim.hrtf.grid import first_of_each, unit_vectors
from twnm_sim.hrtf.resample import delay_hrirs

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
    sofa = _open_sofa(path, where)
    _check_convention(sofa, where)
    hrirs_DCK = _read_responses(sofa, where)
    directions_D3, distance_m = _read_directions(sofa, where, len(hrirs_DCK))
    delays_DC = _read_delays(sofa, where, len(hrirs_DCK))
    kept = first_of_each(directions_D3)
    ears = _order_ears(sofa, where)
    return SofaHrirs(
        hrirs_DCK=delay_hrirs(hrirs_DCK[kept][:, ears], delays_DC[kept][:, ears]),
        directions_D3=directions_D3[kept],
        sample_rate=_read_rate(sofa, where),
        distance_m=float(np.median(distance_m[kept])),
        license=str(getattr(sofa, "GLOBAL_License", "")),
        citation=_read_citation(sofa),
    )


def _open_sofa(path: Path, where: str) -> Any:
    import sofar

    if not path.is_file():
        raise HrtfError(f"There is no file at {where}; give a name, the path or the URL of a SOFA file.")
    if path.suffix != ".sofa":
        raise HrtfError(f"{where} does not end in .sofa, as AES69 asks; rename it if it is a SOFA file.")
    try:
        with warnings.catch_warnings():  # missing data shows as NaN below, with a sentence
            warnings.simplefilter("ignore")
            return sofar.read_sofa_as_netcdf(str(path))
    except PermissionError as error:
        raise HrtfError(f"{where} must not be read by this user; change its permissions.") from error
    except (OSError, RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
        raise HrtfError(
            f"{where} cannot be read as a SOFA file ({describe_error(error)}): "
            "it is damaged, cut short or no SOFA file; fetch it again."
        ) from error


def _check_convention(sofa: Any, where: str) -> None:
    convention = getattr(sofa, "GLOBAL_SOFAConventions", None)
    if convention is None:
        raise HrtfError(f"{where} names no SOFA convention; a {CONVENTION} file is needed.")
    if convention != CONVENTION:
        raise HrtfError(f"{where} follows the SOFA convention {convention}; a {CONVENTION} file is needed.")
    datatype = getattr(sofa, "GLOBAL_DataType", None)
    if datatype != "FIR":
        raise HrtfError(f"{where} holds data of type {datatype}; impulse responses (FIR) are needed.")


def _read_array(sofa: Any, where: str, name: str) -> Floats:
    """A variable as finite float64. Raises HrtfError where it is missing, not numeric or not finite."""
    value = getattr(sofa, name, None)
    shown = name.replace("Data_", "Data.")
    if value is None:
        raise HrtfError(f"{where} has no {shown}; it is not a whole {CONVENTION} file.")
    try:
        array = np.asarray(np.ma.filled(np.ma.asarray(value).astype(np.float64), np.nan))
    except ValueError as error:
        raise HrtfError(f"{shown} of {where} is not numeric; the file is damaged.") from error
    if not np.isfinite(array).all():
        bad = int(np.count_nonzero(~np.isfinite(array)))
        raise HrtfError(f"{shown} of {where} holds {bad} values that are missing, NaN or infinite; use another file.")
    return array


def _read_responses(sofa: Any, where: str) -> Floats:
    hrirs_DCK = _read_array(sofa, where, "Data_IR")
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


def _read_rate(sofa: Any, where: str) -> int:
    rates = np.unique(_read_array(sofa, where, "Data_SamplingRate"))
    if len(rates) != 1 or not 1000.0 <= rates[0] <= 1e6 or rates[0] != np.round(rates[0]):
        raise HrtfError(f"Data.SamplingRate of {where} is {rates.tolist()}; one whole number of hertz is needed.")
    return int(rates[0])


def _read_delays(sofa: Any, where: str, directions: int) -> Floats:
    """Samples (D, 2); zero where the file gives none."""
    if getattr(sofa, "Data_Delay", None) is None:
        return np.zeros((directions, 2))
    delays = np.atleast_2d(_read_array(sofa, where, "Data_Delay"))
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
    positions = _read_positions(sofa, where, "ReceiverPosition")
    if len(positions) < 2 or positions[0, 1] >= positions[1, 1]:
        return [0, 1]
    return [1, 0]


def _read_directions(sofa: Any, where: str, directions: int) -> tuple[Floats, Floats]:
    """Listener-frame unit vectors (D, 3) and distances (D,) in metres."""
    sources = _read_positions(sofa, where, "SourcePosition")
    if len(sources) not in (1, directions):
        raise HrtfError(f"{where} has {len(sources)} source positions for {directions} responses; use another file.")
    sources = np.broadcast_to(sources, (directions, 3))
    offset, turn = _read_listener(sofa, where)
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


def _read_listener(sofa: Any, where: str) -> tuple[Floats, Floats | None]:
    """The head's place (1 or D, 3) and the rotation into its frame (1 or D, 3, 3); None where it looks along +x."""
    present = [name for name in ("ListenerPosition", "ListenerView", "ListenerUp") if hasattr(sofa, name)]
    read = {name: _read_positions(sofa, where, name) for name in present}
    offset = read.get("ListenerPosition", np.zeros((1, 3)))
    view = read.get("ListenerView", np.array([[1.0, 0.0, 0.0]]))
    up = read.get("ListenerUp", np.array([[0.0, 0.0, 1.0]]))
    if np.allclose(view, [1.0, 0.0, 0.0], atol=1e-9) and np.allclose(up, [0.0, 0.0, 1.0], atol=1e-9):
        return offset, None  # the usual case keeps mirrored directions exactly mirrored
    view, up = np.broadcast_arrays(view, up)
    left = np.cross(up, view)
    if min(np.linalg.norm(view, axis=-1).min(), np.linalg.norm(left, axis=-1).min()) < 1e-6:
        raise HrtfError(f"ListenerView and ListenerUp of {where} do not span a frame; use another file.")
    forward = view / np.linalg.norm(view, axis=-1, keepdims=True)
    left = left / np.linalg.norm(left, axis=-1, keepdims=True)
    return offset, np.stack([forward, left, np.cross(forward, left)], axis=-2)


def _read_positions(sofa: Any, where: str, name: str) -> Floats:
    """Cartesian metres (rows, 3), whatever the file's coordinates."""
    array = _read_array(sofa, where, name)
    array = array[..., 0] if array.ndim == 3 else np.atleast_2d(array)
    if array.ndim != 2 or array.shape[-1] != 3 or len(array) == 0:
        raise HrtfError(f"{name} of {where} has the shape {array.shape}; rows of three coordinates are needed.")
    owner = "ListenerView" if name == "ListenerUp" and not hasattr(sofa, "ListenerUp_Type") else name
    kind = str(getattr(sofa, f"{owner}_Type", "cartesian")).strip().lower()
    array = array * _unit_factors(str(getattr(sofa, f"{owner}_Units", "")), kind, where, name)
    if kind == "cartesian":
        return array
    if kind == "spherical":
        return unit_vectors(array[:, 0], array[:, 1]) * array[:, 2:]
    raise HrtfError(f"{name} of {where} is in {kind} coordinates; cartesian or spherical ones are needed.")


def _unit_factors(units: str, kind: str, where: str, name: str) -> Floats:
    """What takes each of the three coordinates to degrees or metres; SOFA's defaults where the file names no units."""
    default = ["metre"] * 3 if kind == "cartesian" else ["degree", "degree", "metre"]
    tokens = [token.lower() for token in units.replace(",", " ").split()] or default
    tokens = tokens * 3 if len(tokens) == 1 and kind == "cartesian" else tokens
    if len(tokens) != 3 or any(token not in _UNITS for token in tokens):
        raise HrtfError(f"{name} of {where} is in '{units}'; degrees or radians and metres are needed.")
    return np.array([_UNITS[token] for token in tokens])


_UNITS = {
    **dict.fromkeys(("metre", "metres", "meter", "meters", "m"), 1.0),
    **dict.fromkeys(("centimetre", "centimetres", "centimeter", "centimeters", "cm"), 0.01),
    **dict.fromkeys(("millimetre", "millimetres", "millimeter", "millimeters", "mm"), 0.001),
    **dict.fromkeys(("degree", "degrees", "deg"), 1.0),
    **dict.fromkeys(("radian", "radians", "rad"), 180.0 / np.pi),
}


def _read_citation(sofa: Any) -> str:
    """References, else title and database, else organization; one line."""
    fields = [" ".join(str(getattr(sofa, f"GLOBAL_{name}", "")).split()) for name in _CITED]
    references, title, database, organization = fields
    return references or ", ".join(part for part in (title, database, organization) if part)


_CITED = ("References", "Title", "DatabaseName", "Organization")
