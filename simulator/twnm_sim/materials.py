"""Named wall materials: the table that pyroomacoustics ships (from Vorlaender, Auralization, and others)."""

from functools import cache

from twnm_schemas import OCTAVE_CENTRES_HZ, SpecError


def material_names() -> tuple[str, ...]:
    """Every name that `material_absorption` takes, sorted."""
    return tuple(sorted(_read_table()))


def material_absorption(name: str) -> tuple[float, ...]:
    """Energy absorption coefficients in the seven octave bands, 125 Hz to 8 kHz.

    About half of the table ends at 4 kHz; there 8 kHz takes the 4 kHz value, as the renderer too holds a wall's loss
    constant past its last band. "anechoic" is 1 in every band. Raises SpecError for an unknown name and tells the
    closest ones.
    """
    table = _read_table()
    if name not in table:
        raise SpecError(f"There is no material named '{name}'; {_suggest(name)}.")
    return table[name]


def _suggest(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, material_names(), n=3, cutoff=0.5)
    if close:
        return f"the closest are {', '.join(close)}"
    return f"names look like {', '.join(material_names()[:3])}, and material_names() lists all of them"


@cache
def _read_table() -> dict[str, tuple[float, ...]]:
    from pyroomacoustics.parameters import materials_absorption_table

    return {name: _seven_bands(entry) for name, entry in materials_absorption_table.items()}


def _seven_bands(entry: dict[str, list[float]]) -> tuple[float, ...]:
    coefficients = tuple(float(a) for a in entry["coeffs"])
    centres = tuple(float(f) for f in entry.get("center_freqs", OCTAVE_CENTRES_HZ[: len(coefficients)]))
    if centres != OCTAVE_CENTRES_HZ[: len(centres)]:
        raise AssertionError(f"pyroomacoustics' materials are in octaves from 125 Hz, not {centres}")
    return coefficients + (coefficients[-1],) * (len(OCTAVE_CENTRES_HZ) - len(coefficients))
