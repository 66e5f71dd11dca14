"""What a set of sources must fulfil, so that scenes are drawn to a purpose. Each constraint carries its own name.

A constraint says what is wanted; `twnm_sim.scenes.search` looks for it in a library's metadata. `parse_constraint`
reads the plain words of a command line ("farthest by 2x").
"""

import re
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from twnm_schemas.base import Strict
from twnm_schemas.errors import SpecError


class Farthest(Strict):
    """One source is farther than every other by at least this ratio of distances."""

    kind: Literal["farthest"] = "farthest"
    ratio: float = Field(gt=1.0)


class Nearest(Strict):
    """One source is nearer than every other by at least this ratio of distances."""

    kind: Literal["nearest"] = "nearest"
    ratio: float = Field(gt=1.0)


class DistanceOrder(Strict):
    """Neighbours in the order of distance differ by at least this ratio."""

    kind: Literal["distance_order"] = "distance_order"
    ratio: float = Field(gt=1.0)


class EqualDistance(Strict):
    """All distances agree within this ratio, and all direct-to-reverberant ratios within `drr_db`."""

    kind: Literal["equal_distance"] = "equal_distance"
    ratio: float = Field(default=1.1, ge=1.0)
    drr_db: float = Field(default=1.0, ge=0.0)


class Pairwise(Strict):
    """Any two directions are at least this great-circle angle apart."""

    kind: Literal["pairwise"] = "pairwise"
    degrees: float = Field(gt=0.0, le=180.0)


class PairwiseLateral(Strict):
    """Any two lateral angles are at least this far apart: left and right can tell them apart."""

    kind: Literal["pairwise_lateral"] = "pairwise_lateral"
    degrees: float = Field(gt=0.0, le=180.0)


class OppositeSides(Strict):
    """At least one source is this far to the left and at least one this far to the right (lateral angle)."""

    kind: Literal["opposite_sides"] = "opposite_sides"
    degrees: float = Field(default=20.0, ge=0.0, lt=90.0)


class Sides(Strict):
    """Exactly `left` sources are at least this far to the left, and every other at least this far to the right
    (lateral angle)."""

    kind: Literal["sides"] = "sides"
    left: int = Field(ge=0)
    degrees: float = Field(default=15.0, gt=0.0, lt=90.0)


class Sector(Strict):
    """Every source (`who` "all") or at least one ("any") lies in the azimuths from `start_deg` to the left to
    `stop_deg` (counter-clockwise; 330 to 30 is ahead)."""

    kind: Literal["sector"] = "sector"
    start_deg: float = Field(ge=0.0, lt=360.0)
    stop_deg: float = Field(ge=0.0, le=360.0)
    who: Literal["all", "any"] = "all"


class SameClass(Strict):
    """One class is heard `times` times, from different places; the others are of classes of their own."""

    kind: Literal["same_class"] = "same_class"
    times: int = Field(default=2, ge=2)


Constraint = Annotated[
    Farthest
    | Nearest
    | DistanceOrder
    | EqualDistance
    | Pairwise
    | PairwiseLateral
    | OppositeSides
    | Sides
    | Sector
    | SameClass,
    Field(discriminator="kind"),
]
_OF_TWO = (Farthest, Nearest, DistanceOrder, EqualDistance, OppositeSides)


def least_sources(constraint: Constraint) -> int:
    """The fewest sources with which a constraint can hold, or says anything."""
    if isinstance(constraint, SameClass):
        return constraint.times
    if isinstance(constraint, Sides):
        return max(1, constraint.left)
    return 2 if isinstance(constraint, _OF_TWO) else 1


_ADAPTER: TypeAdapter[Constraint] = TypeAdapter(Constraint)

_NUMBER = r"(\d+(?:\.\d+)?)"
_PHRASES: tuple[tuple[str, str, tuple[str, ...]], ...] = (  # words, kind, what the numbers in them are
    (rf"farthest by {_NUMBER} ?x", "farthest", ("ratio",)),
    (rf"nearest by {_NUMBER} ?x", "nearest", ("ratio",)),
    (rf"distance order by {_NUMBER} ?x", "distance_order", ("ratio",)),
    (rf"equal distance(?: within {_NUMBER} ?x and {_NUMBER} ?db)?", "equal_distance", ("ratio", "drr_db")),
    (rf"pairwise {_NUMBER}(?: degrees?)?", "pairwise", ("degrees",)),
    (rf"pairwise lateral {_NUMBER}(?: degrees?)?", "pairwise_lateral", ("degrees",)),
    (rf"opposite sides(?: by {_NUMBER}(?: degrees?)?)?", "opposite_sides", ("degrees",)),
    (rf"{_NUMBER} on the left(?: by {_NUMBER}(?: degrees?)?)?", "sides", ("left", "degrees")),
    (rf"sector {_NUMBER} to {_NUMBER}", "sector", ("start_deg", "stop_deg")),
    (r"same class twice", "same_class", ()),
    (rf"same class {_NUMBER} times", "same_class", ("times",)),
)
PHRASES = (
    "farthest by 2x, nearest by 2x, distance order by 1.5x, equal distance within 1.1x and 1 dB, pairwise 30 degrees, "
    "pairwise lateral 15 degrees, opposite sides by 20 degrees, 2 on the left by 15 degrees, sector 330 to 30, "
    "same class twice"
)


def parse_constraint(words: str) -> Constraint:
    """A constraint from plain words, as in `PHRASES`. Raises SpecError for words that name none."""
    text = " ".join(words.lower().replace("°", " degrees").split())
    for pattern, kind, fields in _PHRASES:
        if match := re.fullmatch(pattern, text):
            numbers = {field: value for field, value in zip(fields, match.groups(), strict=True) if value is not None}
            try:
                return _ADAPTER.validate_python({"kind": kind, **{name: float(v) for name, v in numbers.items()}})
            except ValueError:
                raise SpecError(f"The constraint '{words}' is out of range; write it like these: {PHRASES}.") from None
    raise SpecError(f"The constraint '{words}' is not known; there are: {PHRASES}.")


def say_constraint(constraint: Constraint) -> str:
    """The constraint in the words that `parse_constraint` reads (a sector for any source says so)."""
    match constraint:
        case Farthest() | Nearest():
            return f"{constraint.kind} by {constraint.ratio:.12g}x"
        case DistanceOrder():
            return f"distance order by {constraint.ratio:.12g}x"
        case EqualDistance():
            return f"equal distance within {constraint.ratio:.12g}x and {constraint.drr_db:.12g} dB"
        case Pairwise():
            return f"pairwise {constraint.degrees:.12g} degrees"
        case PairwiseLateral():
            return f"pairwise lateral {constraint.degrees:.12g} degrees"
        case OppositeSides():
            return f"opposite sides by {constraint.degrees:.12g} degrees"
        case Sides():
            return f"{constraint.left} on the left by {constraint.degrees:.12g} degrees"
        case Sector():
            suffix = " for any source" if constraint.who == "any" else ""
            return f"sector {constraint.start_deg:.12g} to {constraint.stop_deg:.12g}{suffix}"
        case SameClass():
            return "same class twice" if constraint.times == 2 else f"same class {constraint.times} times"
