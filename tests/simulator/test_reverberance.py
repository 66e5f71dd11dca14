"""Why a reverberation time is null, of responses whose decay is known."""

from math import inf

import numpy as np
import pytest

from twnm_schemas.acoustics import Acoustics
from twnm_sim.measure import measure_brir
from twnm_sim.reverberance import explain_null, rank_reverberation

RATE = 44100


def measure_decay(t60_s: float, duration_s: float) -> Acoustics:
    """Noise that falls by 60 dB in `t60_s`, of which `duration_s` are there."""
    time_K = np.arange(round(duration_s * RATE)) / RATE
    noise_CK = np.random.default_rng(0).standard_normal((2, time_K.size))
    return measure_brir((noise_CK * 10.0 ** (-3.0 * time_K / t60_s)).astype(np.float32), RATE, onset_s=0.0)


def test_the_flags_of_what_was_measured_tell_dry_from_live() -> None:
    live, dry = measure_decay(3.0, 0.4), measure_decay(0.01, 0.4)
    assert (live.t_mid_s, dry.t_mid_s) == (None, None)
    assert (explain_null(live.flags), explain_null(dry.flags)) == ("live", "dry")


def test_positions_are_ordered_by_how_reverberant_they_are() -> None:
    dry, short, long, live = (measure_decay(*given) for given in ((0.01, 0.4), (0.3, 1.0), (1.0, 2.0), (3.0, 0.4)))
    ranks = [rank_reverberation(acoustics) for acoustics in (dry, short, long, live)]
    assert ranks == [0.0, short.t_mid_s, long.t_mid_s, inf]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("rt60_500hz_too_fast",), "dry"),
        (("rt60_1000hz_ringing", "rt60_125hz_cut", "edt_500hz_cut", "c50_1000hz_cut"), "dry"),
        (("rt60_500hz_ringing", "rt60_1000hz_cut"), "live"),
        (("rt60_250hz_cut", "near_field"), "unknown"),
        ((), "unknown"),
    ],
)
def test_only_the_reverberation_times_of_the_middle_octaves_decide(flags: tuple[str, ...], why: str) -> None:
    assert explain_null(flags) == why
