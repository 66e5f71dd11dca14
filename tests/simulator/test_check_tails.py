"""Coherence and decay of tails, on noise of which both are known, and how values become verdicts."""

import numpy as np
import pytest

from twnm_sim.check.gates import BY_NAME, GATES, Ledger, Value, judge
from twnm_sim.check.tails import (
    THIRD_OCTAVES_HZ,
    Tail,
    decay_differences_db,
    diffuse_coherence,
    frame_size,
    no_tails,
    sum_coherence,
)
from twnm_sim.hrtf import load_hrtf


def tail_of(left_T, right_T, rate=44100):
    size = frame_size(rate)
    frames_CMT = np.lib.stride_tricks.sliding_window_view(np.stack([left_T, right_T]), size, axis=1)[:, :: size // 2]
    spectrum_CMF = np.fft.rfft(frames_CMT * np.hanning(size))
    cross_MF = spectrum_CMF[0] * spectrum_CMF[1].conj()
    return Tail(np.fft.rfftfreq(size, 1 / rate), np.abs(spectrum_CMF) ** 2, cross_MF, np.arange(len(cross_MF)))


@pytest.mark.parametrize("shared", [1.0, 0.5, 0.0, -1.0])
def test_coherence_is_what_the_ears_share_whatever_the_decay(shared):
    rng = np.random.default_rng(5)
    total = no_tails()
    for _ in range(30):
        common_T, own_T = rng.standard_normal((2, 44100)) * np.exp(-6.9 * np.arange(44100) / 22050)
        right_T = shared * common_T + np.sqrt(1.0 - shared**2) * own_T
        total += sum_coherence(tail_of(common_T, right_T))
    assert total.tails == 30
    assert np.abs(total.coherence() - shared).max() < 0.1


def test_the_diffuse_field_of_a_sphere_falls_from_one_to_about_zero():
    coherence_O = diffuse_coherence(load_hrtf("spherical-head", 44100))
    assert len(coherence_O) == len(THIRD_OCTAVES_HZ)
    assert coherence_O[0] > 0.9
    assert np.abs(coherence_O[THIRD_OCTAVES_HZ > 1500.0]).max() < 0.15


def test_decays_are_compared_by_shape_and_not_by_level():
    energy_BM = np.exp(-0.2 * np.arange(100))[None] * np.ones((2, 1))
    assert decay_differences_db(5.0 * energy_BM, energy_BM) == pytest.approx(0.0, abs=1e-9)
    slower_BM = np.exp(-0.18 * np.arange(100))[None] * np.ones((2, 1))
    assert decay_differences_db(slower_BM, energy_BM) == pytest.approx(4.0, abs=0.2)


def verdict_of(gate, numbers, reasons=None):
    ledger = Ledger()
    ledger.add(Value(gate, number, f"place {i}") for i, number in enumerate(numbers))
    return next(v for v in judge(ledger, reasons or {}, {}) if v.gate.name == gate)


def test_the_worst_value_decides_and_is_named():
    found = verdict_of("direct_level", [0.1, 0.3, 0.0])
    assert (found.status, found.worst, found.median, found.place) == ("fail", 0.3, 0.1, "place 1")
    assert verdict_of("direct_level", [0.1, 0.2]).status == "pass"


def test_nan_fails_and_is_written_as_null():
    found = verdict_of("rt60_theory", [0.0, float("nan")])
    assert (found.status, found.worst, found.place) == ("fail", None, "place 1")


def test_shares_are_judged_by_their_mean():
    assert verdict_of("side", [1.0] + [0.0] * 30).status == "pass"
    assert verdict_of("side", [1.0] + [0.0] * 5).status == "fail"


def test_a_reason_keeps_values_from_being_judged_and_none_from_being_silent():
    assert verdict_of("coherence", [0.5], {"coherence": "few tails"}).status == "reported"
    found = verdict_of("early", [], {"early": "no head"})
    assert (found.status, found.note, found.count) == ("not checked", "no head", 0)
    assert len(BY_NAME) == len(GATES)
