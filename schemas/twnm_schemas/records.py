"""The records that travel with audio. Arrow-stable: one type a field, no unions, every field always present."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from twnm_schemas.acoustics import Acoustics
from twnm_schemas.base import NameValue, Strict
from twnm_schemas.geometry import CONVENTIONS
from twnm_schemas.rooms import AbsorptionTable, Listener, Triple


class Conventions(Strict):
    """The conventions behind the name `twnm-1`, in words a reader of a dataset card needs."""

    name: str = CONVENTIONS
    world_frame: str = "room corner at the origin, x and y horizontal, z up, metres"
    listener_frame: str = "x forward, y left, z up (SOFA / AES69)"
    rotations: str = "right-handed; R = Rz(yaw) Ry(pitch) Rx(roll); +yaw left, +pitch nose down, +roll left ear up"
    azimuth: str = "degrees counter-clockwise from straight ahead, [0, 360): 90 left, 270 right"
    elevation: str = "degrees up from the horizontal, [-90, 90]"
    lateral: str = "asin(y / r) in degrees, +90 fully left"
    ears: str = "channel 0 left, channel 1 right"
    ambisonics: str = "AmbiX: ACN channel order (W, Y, Z, X), SN3D normalisation, turned with the head"
    level: str = "pressure 1/r; at 1 m in free field a BRIR is the HRIR as stored"
    time: str = "the first sample is the moment of emission"


class HrtfInfo(Strict):
    """Whose head it is, under which terms, and how it lags and colours.

    `sha256` is that of the file as read ("" where computed). `latency_s`: the energy-weighted onset of the HRIRs,
    and `diffuse_gain_db`: their diffuse-field energy gain (500 Hz to 2 kHz) over an omnidirectional receiver; both
    are offered as a compensation against mono and Ambisonics and are never applied.
    """

    name: str
    sha256: str
    license: str
    citation: str
    source_url: str
    directions: int
    taps: int
    sample_rate: int
    measured_sample_rate: int
    measured_distance_m: float | None
    lowest_elevation_deg: float
    latency_s: float
    diffuse_gain_db: float


class Scale(Strict):
    """The factor that takes a decoded FLAC (full scale +-1) to pressure; null where an output was not rendered."""

    binaural: float | None
    foa: float | None
    mono: float | None


class SourcePosition(Strict):
    """One source of a room: where it is to the listener, and what its response measures.

    Null is what a measured room does not tell: `position_m` and `distance_m` where its file gives none, and always
    `hrtf_error_deg`, which is the angle to the nearest measured direction of a simulated room's head.
    """

    index: int
    position_m: Triple | None
    azimuth_deg: float = Field(ge=0.0, lt=360.0)
    elevation_deg: float = Field(ge=-90.0, le=90.0)
    distance_m: float | None = Field(gt=0.0)
    lateral_deg: float = Field(ge=-90.0, le=90.0)
    hrtf_error_deg: float | None = Field(ge=0.0)
    acoustics: Acoustics
    scale: Scale


class RoomRecord(Strict):
    """The JSON member of a BRIR sample: everything that is known of one room and who listens in it.

    `origin`: "simulated" or "measured"; `SimulatedRoom` and `MeasuredRoom` say what each of them always knows, and
    what a measured room does not tell is null. `name`: the measured room's, "" for a simulated one. `license`,
    `citation` and `source_url` are of the responses: of the head where they are simulated, of the data where they are
    measured. `head`: whose ears they are, "" where unknown; `hrtf` tells more of a simulated room's head, which is that
    of the binaural output (mono and Ambisonics do not depend on it).

    `rt60_theory_s`: Eyring's per octave band with air, docs/acoustics.md; null where the walls absorb everything.
    `fingerprint` names everything that changes the audio. `group` names what drew the room, or the measured room, and
    decides its `split` (train, validation or test), which therefore is the same however the room is rendered.
    """

    room_id: str
    origin: Literal["simulated", "measured"]
    name: str
    group: str
    split: str
    conventions: Literal["twnm-1"] = "twnm-1"
    license: str
    citation: str
    source_url: str
    size_m: Triple | None
    absorption: AbsorptionTable | None
    size_category: str
    absorption_class: str
    materials: tuple[str, ...]
    listener: Listener | None
    head: str
    hrtf: HrtfInfo | None
    rt60_theory_s: tuple[float | None, ...] = Field(min_length=7, max_length=7)
    sources: tuple[SourcePosition, ...]
    outputs: tuple[str, ...]
    sample_rate: int
    duration_s: float
    tail: Literal["images", "diffuse", "measured"]
    mixing_time_s: float | None
    speed_of_sound_m_s: float | None
    air_absorption: bool | None
    temperature_c: float | None
    humidity_percent: float | None
    pressure_kpa: float | None
    highpass_hz: float | None
    rejections: tuple[str, ...]
    versions: tuple[NameValue, ...]
    seed: int = Field(ge=0, lt=2**63)
    fingerprint: str


class SimulatedSource(SourcePosition):
    """A source of a simulated room: all of its geometry is known."""

    position_m: Triple
    distance_m: float = Field(gt=0.0)
    hrtf_error_deg: float = Field(ge=0.0)


class SimulatedRoom(RoomRecord):
    """A record of a simulated room: the same fields, of which only `mixing_time_s` may be null."""

    origin: Literal["simulated"]
    size_m: Triple
    absorption: AbsorptionTable
    listener: Listener
    hrtf: HrtfInfo
    sources: tuple[SimulatedSource, ...]
    tail: Literal["images", "diffuse"]
    speed_of_sound_m_s: float
    air_absorption: bool
    temperature_c: float
    humidity_percent: float
    pressure_kpa: float
    highpass_hz: float


class MeasuredRoom(RoomRecord):
    """A record of a measured room."""

    origin: Literal["measured"]
    tail: Literal["measured"]


_ROOMS: TypeAdapter[SimulatedRoom | MeasuredRoom] = TypeAdapter(
    Annotated[SimulatedRoom | MeasuredRoom, Field(discriminator="origin")]
)


def read_room(data: bytes | str) -> SimulatedRoom | MeasuredRoom:
    """A room's record from its JSON, as what its origin says it is. Raises pydantic's ValidationError."""
    return _ROOMS.validate_json(data)
