"""What every reader of a SOFA file (AES69) needs: opening it, finite arrays, positions in metres, frames.

Every file that cannot be used gives an HrtfError of one sentence. A file is not "verified" against the standard to the
letter, because many useful published files are not; what is relied on is checked where it is read. `where` names the
file in sentences.
"""

# 3 coordinates

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twnm_schemas import HrtfError
from twnm_shards.downloads import describe_error
from twnm_sim.hrtf.grid import unit_vectors

Floats = NDArray[np.float64]


def open_sofa(path: Path, where: str) -> Any:
    """The file as sofar reads it, variables and attributes as they are stored."""
    import sofar

    with reading(path, where), warnings.catch_warnings():  # missing data shows as NaN below, with a sentence
        warnings.simplefilter("ignore")
        return sofar.read_sofa_as_netcdf(str(path))


@contextmanager
def reading(path: Path, where: str) -> Iterator[None]:
    """Turn what goes wrong when the file is read inside the block into one sentence."""
    if not path.is_file():
        raise HrtfError(f"There is no file at {where}; give a name, the path or the URL of a SOFA file.")
    if path.suffix != ".sofa":
        raise HrtfError(f"{where} does not end in .sofa, as AES69 asks; rename it if it is a SOFA file.")
    try:
        yield
    except PermissionError as error:
        raise HrtfError(f"{where} must not be read by this user; change its permissions.") from error
    except (OSError, RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
        raise HrtfError(
            f"{where} cannot be read as a SOFA file ({describe_error(error)}): "
            "it is damaged, cut short or no SOFA file; fetch it again."
        ) from error


def read_text(sofa: Any, name: str) -> str:
    """A global attribute on one line; "" where there is none."""
    return " ".join(str(getattr(sofa, f"GLOBAL_{name}", "")).split())


def read_array(sofa: Any, where: str, name: str) -> Floats:
    """A variable as finite float64. Raises HrtfError where it is missing, not numeric or not finite."""
    value = getattr(sofa, name, None)
    shown = name.replace("Data_", "Data.")
    if value is None:
        raise HrtfError(f"{where} has no {shown}; it is not a whole {read_text(sofa, 'SOFAConventions')} file.")
    try:
        array = np.asarray(np.ma.filled(np.ma.asarray(value).astype(np.float64), np.nan))
    except ValueError as error:
        raise HrtfError(f"{shown} of {where} is not numeric; the file is damaged.") from error
    if not np.isfinite(array).all():
        bad = int(np.count_nonzero(~np.isfinite(array)))
        raise HrtfError(f"{shown} of {where} holds {bad} values that are missing, NaN or infinite; use another file.")
    return array


def read_rate(sofa: Any, where: str) -> int:
    """The one sample rate in Hz."""
    rates = np.unique(read_array(sofa, where, "Data_SamplingRate"))
    if len(rates) != 1 or not 1000.0 <= rates[0] <= 1e6 or rates[0] != np.round(rates[0]):
        raise HrtfError(f"Data.SamplingRate of {where} is {rates.tolist()}; one whole number of hertz is needed.")
    return int(rates[0])


def read_positions(sofa: Any, where: str, name: str) -> Floats:
    """Cartesian metres (rows, 3), whatever the file's coordinates; of positions that move, the first."""
    first: Floats = read_moving_positions(sofa, where, name)[0]
    return first


def read_moving_positions(sofa: Any, where: str, name: str) -> Floats:
    """Cartesian metres (1 or measurements, rows, 3) of receivers or emitters that may move from one to the next."""
    array = read_array(sofa, where, name)
    array = np.asarray(np.moveaxis(array, -1, 0) if array.ndim == 3 else np.atleast_2d(array)[None])
    if array.ndim != 3 or array.shape[-1] != 3 or 0 in array.shape:
        raise HrtfError(f"{name} of {where} has the shape {array.shape[1:]}; rows of three coordinates are needed.")
    owner = name.removesuffix("Up") + "View" if name.endswith("Up") and not hasattr(sofa, f"{name}_Type") else name
    kind = str(getattr(sofa, f"{owner}_Type", "cartesian")).strip().lower()
    if kind not in ("cartesian", "spherical"):
        raise HrtfError(f"{name} of {where} is in {kind} coordinates; cartesian or spherical ones are needed.")
    array = array * _unit_factors(str(getattr(sofa, f"{owner}_Units", "")), kind, where, name)
    if kind == "spherical":
        array = unit_vectors(array[..., 0], array[..., 1]) * array[..., 2:]
    return np.asarray(array)


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


def read_frame(sofa: Any, where: str, name: str) -> Floats | None:
    """The rotation (rows, 3, 3) into the frame of "Listener" or "Source": its rows are x, y and z of that frame.

    None where it looks along +x with +z up, or the file does not say.
    """
    view, up = (_read_vector(sofa, where, f"{name}{part}", usual) for part, usual in _USUAL)
    if np.allclose(view, _USUAL[0][1], atol=1e-9) and np.allclose(up, _USUAL[1][1], atol=1e-9):
        return None  # the usual case keeps mirrored directions exactly mirrored
    if len(view) != len(up) and 1 not in (len(view), len(up)):
        raise HrtfError(f"{name}View and {name}Up of {where} have {len(view)} and {len(up)} rows; use another file.")
    view, up = np.broadcast_arrays(view, up)
    left = np.cross(up, view)
    if min(np.linalg.norm(view, axis=-1).min(), np.linalg.norm(left, axis=-1).min()) < 1e-6:
        raise HrtfError(f"{name}View and {name}Up of {where} do not span a frame; use another file.")
    forward = view / np.linalg.norm(view, axis=-1, keepdims=True)
    left = left / np.linalg.norm(left, axis=-1, keepdims=True)
    return np.stack([forward, left, np.cross(forward, left)], axis=-2)


_USUAL = (("View", (1.0, 0.0, 0.0)), ("Up", (0.0, 0.0, 1.0)))


def _read_vector(sofa: Any, where: str, name: str, usual: tuple[float, float, float]) -> Floats:
    return read_positions(sofa, where, name) if hasattr(sofa, name) else np.array([usual])


def read_citation(sofa: Any) -> str:
    """References, else title and database, else organization; one line."""
    references, title, database, organization = (read_text(sofa, name) for name in _CITED)
    return references or ", ".join(part for part in (title, database, organization) if part)


_CITED = ("References", "Title", "DatabaseName", "Organization")
