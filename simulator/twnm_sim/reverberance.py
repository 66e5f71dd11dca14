"""What is known of reverberation where `t_mid_s` could not be measured: flags tell nearly dry from very reverberant."""

from collections.abc import Iterable
from math import inf
from typing import Literal

from twnm_schemas.acoustics import Acoustics

_MID_BANDS = ("rt60_500hz_", "rt60_1000hz_")


def explain_null(flags: Iterable[str]) -> Literal["dry", "live", "unknown"]:
    """Why there is no `t_mid_s`, from `Acoustics.flags` of one position or of several.

    "live": the decay outlasts the response or sinks into its noise ("cut"), at any of them. "dry": it is over before
    the octave's filter is ("ringing", "too_fast"). "unknown": no flag of these bands says.
    """
    reasons = {flag.removeprefix(band) for flag in flags for band in _MID_BANDS if flag.startswith(band)}
    if "cut" in reasons:
        return "live"
    return "dry" if reasons & {"ringing", "too_fast"} else "unknown"


def rank_reverberation(acoustics: Acoustics) -> float:
    """A number to order positions by, dry ones first: `t_mid_s`, infinity where it was cut, 0 where it is null else."""
    if acoustics.t_mid_s is not None:
        return acoustics.t_mid_s
    return inf if explain_null(acoustics.flags) == "live" else 0.0
