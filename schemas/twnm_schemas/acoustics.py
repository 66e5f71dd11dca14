"""What is measured from a BRIR, and what theory says of its room."""

from pydantic import Field

from twnm_schemas.base import Strict


class BandAcoustics(Strict):
    """One octave band. Null where it cannot be measured; the reason is in `Acoustics.flags`.

    Energy parameters (RT60, EDT, C50, D50, DRR) come from both ears' summed energy; IACC, ITD and ILD from the pair.
    `rt60_range` names the decay range used: "T30" (-5 to -35 dB), "T20" (-5 to -25 dB) or "" where null.
    `itd_us` is the lag of the interaural cross-correlation's maximum, positive when the left ear leads; null in bands
    above 1 kHz, where a phase has no single lag. `ild_db` is left over right energy of the whole response.
    """

    centre_hz: float
    rt60_s: float | None
    rt60_range: str
    edt_s: float | None
    c50_db: float | None
    d50: float | None
    drr_db: float | None
    iacc: float | None
    itd_us: float | None
    ild_db: float | None


class BroadbandAcoustics(Strict):
    """The 125 Hz to 8 kHz octaves together. `direct_*`: within 2.5 ms of the direct sound's onset."""

    rt60_s: float | None
    rt60_range: str
    edt_s: float | None
    c50_db: float | None
    d50: float | None
    drr_db: float | None
    iacc: float | None
    itd_us: float | None
    ild_db: float | None
    direct_itd_us: float | None
    direct_ild_db: float | None


class Acoustics(Strict):
    """What one BRIR measures.

    `t_mid_s`: mean of the 500 Hz and 1 kHz reverberation times, the one label shown to a model. Null is "nearly dry"
    where the flags of these bands say "ringing" or "too_fast"; where they say "cut" it is too long for the response.
    `drr_method`: "images" (direct image against all others) or "window" (2.5 ms after onset, for imported responses).
    `flags`: why a value is null, as QUANTITY_BAND_REASON ("rt60_125hz_ringing", "c50_broadband_no_late_energy"), and
    what else to know of the position ("near_field", "outside_hrtf_coverage").
    """

    t_mid_s: float | None
    broadband: BroadbandAcoustics
    bands: tuple[BandAcoustics, ...] = Field(min_length=7, max_length=7)
    drr_method: str
    flags: tuple[str, ...]
