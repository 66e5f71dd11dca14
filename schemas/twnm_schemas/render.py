"""The recipe of a BRIR library: everything that changes the audio, and nothing else."""

from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator

from twnm_schemas.base import Strict
from twnm_schemas.rooms import RoomSpec

Output = Literal["binaural", "foa", "mono"]
Tail = Literal["images", "diffuse"]
MAX_DURATION_S = 5.0


class Atmosphere(Strict):
    """Air: its absorption (ISO 9613-1) and the speed of sound.

    `temperature_c` null means c = 343.0 m/s and absorption at 20 degrees; set, c = 331.3 sqrt(1 + t / 273.15).
    """

    absorption: bool = True
    temperature_c: float | None = Field(default=None, ge=-20.0, le=50.0)
    humidity_percent: float = Field(default=50.0, ge=10.0, le=100.0)
    pressure_kpa: float = Field(default=101.325, ge=50.0, le=120.0)

    @property
    def celsius(self) -> float:
        return 20.0 if self.temperature_c is None else self.temperature_c

    @property
    def speed_of_sound(self) -> float:
        if self.temperature_c is None:
            return 343.0
        return 331.3 * float((1.0 + self.temperature_c / 273.15) ** 0.5)


class RenderSpec(Strict):
    """How rooms become BRIRs. `duration_s` null is the full length: 60 dB in the slowest band, at most 5 s."""

    room: RoomSpec = RoomSpec()
    sources_per_room: int = Field(default=30, ge=1, le=99)
    hrtf: str = "kemar"
    hrtf_gap: Literal["reject", "keep"] = "reject"
    tail: Tail = "diffuse"
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)] = ("binaural",)
    sample_rate: Literal[16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000] = 44100
    duration_s: float | None = Field(default=None, gt=0.02, le=MAX_DURATION_S)
    atmosphere: Atmosphere = Atmosphere()
    highpass_hz: float = Field(default=20.0, ge=0.0, le=200.0)

    @field_validator("outputs")
    @classmethod
    def _in_order(cls, value: tuple[Output, ...]) -> tuple[Output, ...]:
        """Each once and always in the same order, so that naming them otherwise is the same recipe."""
        return tuple(name for name in get_args(Output) if name in value)

    @field_validator("highpass_hz")
    @classmethod
    def _off_or_audible(cls, value: float) -> float:
        if 0.0 < value < 1.0:
            raise ValueError("a corner lies at 1 Hz or above; 0 turns the high-pass off")
        return value
