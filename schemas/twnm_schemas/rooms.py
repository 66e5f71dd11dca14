"""Rooms, listeners, and the specs they are drawn from (Appendix A of "The World is Not Mono" as the default)."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from twnm_schemas.base import Strict
from twnm_schemas.distributions import Constant, Distribution, Uniform
from twnm_schemas.geometry import OCTAVE_CENTRES_HZ, SURFACES

Triple = tuple[float, float, float]
Alpha = Annotated[float, Field(ge=0.0, le=1.0)]
SurfaceAlphas = Annotated[tuple[Alpha, ...], Field(min_length=7, max_length=7)]
AbsorptionTable = Annotated[tuple[SurfaceAlphas, ...], Field(min_length=6, max_length=6)]
SizeName = Literal["small", "medium", "large", "custom"]
AbsorptionName = Literal["high_reverberation", "medium_reverberation", "low_reverberation", "custom"]


def absorption_table(absorption: Any) -> list[list[float]]:
    """The 6 surfaces x 7 octave bands of energy absorption from one number, one per surface, or the table.

    Lists, tuples and numpy arrays are read. Raises ValueError for any other shape; the range is checked by `Room`.
    """
    bands, surfaces = len(OCTAVE_CENTRES_HZ), len(SURFACES)
    if hasattr(absorption, "tolist"):  # a numpy array or scalar
        absorption = absorption.tolist()
    if _is_number(absorption):
        return [[float(absorption)] * bands for _ in range(surfaces)]
    rows = list(absorption) if isinstance(absorption, list | tuple) else []
    table = [[row] * bands if _is_number(row) else row for row in rows]
    if len(table) != surfaces or not all(_is_band_row(row, bands) for row in table):
        raise ValueError(
            f"absorption needs one number, {surfaces} ({', '.join(SURFACES)}), or a table of {surfaces} x {bands}"
        )
    return [[float(alpha) for alpha in row] for row in table]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_band_row(row: Any, bands: int) -> bool:
    return isinstance(row, list | tuple) and len(row) == bands and all(map(_is_number, row))


class Room(Strict):
    """A shoebox as drawn.

    `size_m`: (Lx, Ly, Lz). `absorption`: energy absorption, 6 surfaces (west x=0, east x=Lx, south y=0, north y=Ly,
    floor, ceiling) x 7 octave bands (125 Hz to 8 kHz); one number or one per surface is expanded. A wall reflects
    with the amplitude sqrt(1 - alpha). `materials`: the six names where the walls came from a materials table.
    """

    size_m: Annotated[Triple, Field()]
    absorption: AbsorptionTable
    size_category: SizeName = "custom"
    absorption_class: AbsorptionName = "custom"
    materials: tuple[str, ...] = ()

    @field_validator("absorption", mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return absorption_table(value)

    @field_validator("size_m")
    @classmethod
    def _holds_a_head(cls, value: Triple) -> Triple:
        if min(value) < 0.5:
            raise ValueError(f"a room of {value} m is smaller than the space a head needs (0.5 m a side)")
        if max(value) > 200.0:
            raise ValueError(f"a room of {value} m is over the 200 m a side that the simulator is meant for")
        return value

    @property
    def volume_m3(self) -> float:
        x, y, z = self.size_m
        return x * y * z

    @property
    def surface_areas_m2(self) -> tuple[float, ...]:
        """The six areas, in the order of `SURFACES`."""
        x, y, z = self.size_m
        return y * z, y * z, x * z, x * z, x * y, x * y


class Listener(Strict):
    """A head: its centre in the world frame and how it is turned (`twnm_schemas.geometry`)."""

    position_m: Triple
    yaw_deg: float = 0.0
    pitch_deg: float = Field(default=0.0, ge=-90.0, le=90.0)
    roll_deg: float = Field(default=0.0, ge=-180.0, le=180.0)


class SizeSpec(Strict):
    """One size category: a distribution of each side in metres."""

    name: SizeName
    x_m: Distribution
    y_m: Distribution
    z_m: Distribution


class FlatAbsorption(Strict):
    """One number for every surface and band."""

    kind: Literal["flat"] = "flat"
    name: AbsorptionName = "custom"
    alpha: Distribution


class SurfaceAbsorption(Strict):
    """Six numbers, one a surface in the order of `SURFACES`, the same in every band."""

    kind: Literal["surfaces"] = "surfaces"
    name: AbsorptionName = "custom"
    alphas: Annotated[tuple[Distribution, ...], Field(min_length=6, max_length=6)]


class TableAbsorption(Strict):
    """Six surfaces x seven octave bands, each drawn by itself."""

    kind: Literal["table"] = "table"
    name: AbsorptionName = "custom"
    alphas: Annotated[
        tuple[Annotated[tuple[Distribution, ...], Field(min_length=7, max_length=7)], ...],
        Field(min_length=6, max_length=6),
    ]


class MaterialAbsorption(Strict):
    """Named materials (pyroomacoustics' table): one is drawn for the walls, one for the floor, one for the ceiling."""

    kind: Literal["materials"] = "materials"
    name: AbsorptionName = "custom"
    walls: tuple[str, ...] = Field(min_length=1)
    floor: tuple[str, ...] = Field(min_length=1)
    ceiling: tuple[str, ...] = Field(min_length=1)


AbsorptionSpec = Annotated[
    FlatAbsorption | SurfaceAbsorption | TableAbsorption | MaterialAbsorption, Field(discriminator="kind")
]


def _size(name: SizeName, x: Triple | tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> SizeSpec:
    return SizeSpec(
        name=name,
        x_m=Uniform(low=x[0], high=x[1]),
        y_m=Uniform(low=y[0], high=y[1]),
        z_m=Uniform(low=z[0], high=z[1]),
    )


APPENDIX_A_SIZES = (
    _size("small", (3, 5), (4, 6), (2.5, 3.5)),
    _size("medium", (8, 12), (10, 15), (3, 5)),
    _size("large", (20, 30), (25, 35), (10, 15)),
)
APPENDIX_A_ABSORPTION = (
    FlatAbsorption(name="high_reverberation", alpha=Uniform(low=0.05, high=0.25)),
    FlatAbsorption(name="medium_reverberation", alpha=Uniform(low=0.25, high=0.5)),
    FlatAbsorption(name="low_reverberation", alpha=Uniform(low=0.5, high=0.95)),
)


class RoomSpec(Strict):
    """What may vary from room to room. Categories are equally likely; every range is settable.

    Sources are uniform in the volume that the clearances leave. The defaults are Appendix A of the paper; what it
    leaves open (ear height, clearances, nearest source) is decided in docs/conventions.md.
    """

    sizes: tuple[SizeSpec, ...] = Field(default=APPENDIX_A_SIZES, min_length=1)
    absorptions: tuple[AbsorptionSpec, ...] = Field(default=APPENDIX_A_ABSORPTION, min_length=1)
    ear_height_m: Distribution = Uniform(low=1.1, high=1.8)
    yaw_deg: Distribution = Uniform(low=0.0, high=360.0)
    pitch_deg: Distribution = Constant(value=0.0)
    roll_deg: Distribution = Constant(value=0.0)
    listener_clearance_m: float = Field(default=0.5, ge=0.1)
    source_clearance_m: float = Field(default=0.5, ge=0.0)
    nearest_source_m: float = Field(default=1.0, ge=0.15)
