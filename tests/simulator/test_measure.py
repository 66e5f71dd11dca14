"""Room-acoustic measures of synthetic responses against closed forms and independent computations."""

import numpy as np
import pytest
import scipy.signal

from twnm_schemas import OCTAVE_CENTRES_HZ, AudioError, SpecError
from twnm_sim.measure import DirectImage, band_decay_db, measure_brir, measure_brirs

RATE = 44100


def first_sound(response, start, length=64):
    """The response's own beginning, as if it were the direct image rendered alone."""
    return DirectImage(response[:, start : start + length].copy(), start)


def ringing_tone(centre_hz, t60_s, duration_s):
    """Sine and cosine under one exponential: the ears' summed energy is exactly exponential."""
    t = np.arange(round(duration_s * RATE)) / RATE
    turning = np.stack([np.sin(2 * np.pi * centre_hz * t), np.cos(2 * np.pi * centre_hz * t)])
    return (turning * 10 ** (-3 * t / t60_s)).astype(np.float32)


def decaying_noise(t60_s, duration_s, seed=0, channels=2):
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration_s * RATE)) / RATE
    return (rng.standard_normal((channels, t.size)) * 10 ** (-3 * t / t60_s)).astype(np.float32)


@pytest.mark.parametrize("row", range(7))
def test_an_exponential_gives_its_time_clarity_and_definition(row):
    t60_s = 0.7
    band = measure_brir(ringing_tone(OCTAVE_CENTRES_HZ[row], t60_s, 1.0), RATE, onset_s=0.0).bands[row]
    later = 10 ** (-6 * 0.05 / t60_s)
    assert band.rt60_s == pytest.approx(t60_s, rel=0.01)
    assert band.rt60_range == "T30"
    assert band.edt_s == pytest.approx(t60_s, rel=0.04)
    assert band.d50 == pytest.approx(1 - later, abs=0.015)
    assert band.c50_db == pytest.approx(10 * np.log10((1 - later) / later), abs=0.15 if row else 0.25)


def reference_t20(noise_CK, centre_hz):
    """T20 by the textbook: Butterworth forward and backward, full rate, float64, Schroeder sum, straight line."""
    sos = scipy.signal.butter(3, [centre_hz / 2**0.5, centre_hz * 2**0.5], "bandpass", fs=RATE, output="sos")
    padded = np.pad(noise_CK.astype(np.float64), ((0, 0), (8000, 8000)))
    power = np.sum(scipy.signal.sosfiltfilt(sos, padded) ** 2, axis=0)
    level = 10 * np.log10(np.maximum(np.cumsum(power[::-1])[::-1] / power.sum(), 1e-30))
    used = np.flatnonzero((level <= -5) & (level >= -25))
    return -60 / np.polyfit(used / RATE, level[used], 1)[0]


@pytest.mark.parametrize(("row", "tolerance"), [(0, 0.06), (2, 0.03), (4, 0.02), (6, 0.02)])
def test_noise_decays_as_a_textbook_filter_bank_says(row, tolerance):
    noise = decaying_noise(1.0, 1.3, seed=row)
    times, level = band_decay_db(noise, RATE, OCTAVE_CENTRES_HZ[row], onset_s=0.0)
    used = (level <= -5) & (level >= -25)
    ours = -60 / np.polyfit(times[used], level[used], 1)[0]
    assert ours == pytest.approx(reference_t20(noise, OCTAVE_CENTRES_HZ[row]), rel=tolerance)


def test_different_bands_keep_their_own_times_and_t_mid_is_their_mean():
    times_s = np.linspace(1.2, 0.6, 7)
    response = sum(ringing_tone(*tone, 1.6) for tone in zip(OCTAVE_CENTRES_HZ, times_s, strict=True))
    measured = measure_brir(response, RATE, onset_s=0.0)
    for band, t60_s in zip(measured.bands, times_s, strict=True):
        assert band.rt60_s == pytest.approx(t60_s, rel=0.03)
    assert measured.t_mid_s == pytest.approx((1.0 + 0.9) / 2, rel=0.02)


def test_a_double_slope_gives_the_early_and_the_late_line_of_its_own_curve():
    response = ringing_tone(1000, 0.3, 2.0) + 0.05 * ringing_tone(1000, 1.5, 2.0)
    t = np.arange(round(2.0 * RATE)) / RATE
    power = (10 ** (-3 * t / 0.3) + 0.05 * 10 ** (-3 * t / 1.5)) ** 2
    level = 10 * np.log10(np.cumsum(power[::-1])[::-1] / power.sum())
    band = measure_brir(response, RATE, onset_s=0.0).bands[3]
    for upper, lower, ours in ((0, -10, band.edt_s), (-5, -35, band.rt60_s)):
        used = (level <= upper) & (level >= lower)
        assert ours == pytest.approx(-60 / np.polyfit(t[used], level[used], 1)[0], rel=0.03)
    assert band.rt60_s > 1.5 * band.edt_s


def test_the_cut_is_corrected():
    whole, cut_s = ringing_tone(1000, 1.0, 2.0), 0.76  # -45.6 dB: T30 just holds
    band = measure_brir(whole[:, : round(cut_s * RATE)], RATE, onset_s=0.0).bands[3]
    assert band.rt60_range == "T30"
    assert band.rt60_s == pytest.approx(1.0, rel=0.002)
    t = np.arange(round(cut_s * RATE)) / RATE
    uncorrected = 10 * np.log10(10 ** (-6 * t) - 10 ** (-6 * cut_s) + 1e-30)
    used = (uncorrected <= -5) & (uncorrected >= -35)
    assert -60 / np.polyfit(t[used], uncorrected[used], 1)[0] < 0.994


@pytest.mark.parametrize(("cut_s", "used"), [(0.80, "T30"), (0.72, "T20"), (0.62, "T20"), (0.55, ""), (0.1, "")])
def test_a_range_needs_the_response_to_reach_10_db_below_it(cut_s, used):
    measured = measure_brir(ringing_tone(1000, 1.0, cut_s), RATE, onset_s=0.0)
    assert measured.bands[3].rt60_range == used
    assert (measured.bands[3].rt60_s is None) == (used == "") == ("rt60_1000hz_cut" in measured.flags)
    assert (measured.bands[3].edt_s is None) == (cut_s == 0.1) == ("edt_1000hz_cut" in measured.flags)
    assert (measured.bands[3].c50_db is None) == (cut_s == 0.1) == ("c50_1000hz_cut" in measured.flags)


@pytest.mark.parametrize(("noise_db", "used"), [(-60, "T30"), (-42, "T20"), (-25, "")])
def test_stationary_noise_ends_the_response(noise_db, used):
    rng = np.random.default_rng(3)
    response = decaying_noise(0.5, 1.5, seed=8)
    response += (rng.standard_normal(response.shape) * 10 ** (noise_db / 20)).astype(np.float32)
    measured = measure_brir(response, RATE, onset_s=0.0)
    assert measured.bands[5].rt60_range == used
    if used:
        assert measured.bands[5].rt60_s == pytest.approx(0.5, rel=0.05)
    else:
        assert "rt60_4000hz_cut" in measured.flags


def test_a_band_that_rings_as_long_as_the_room_is_refused():
    measured = measure_brir(decaying_noise(0.07, 0.1), RATE, onset_s=0.0)
    assert measured.bands[0].rt60_s is None
    assert "rt60_125hz_ringing" in measured.flags  # 88 Hz x 0.07 s = 6.2
    assert measured.bands[2].rt60_s == pytest.approx(0.07, rel=0.12)  # 354 Hz x 0.07 s = 25
    assert "rt60_500hz_ringing" not in measured.flags
    assert measured.t_mid_s is not None


def test_an_impulse_has_no_reverberation():
    impulse = np.zeros((2, 20000), dtype=np.float32)
    impulse[:, 300] = 1
    measured = measure_brir(impulse, RATE)
    assert measured.t_mid_s is None
    assert all(band.rt60_s is None and band.edt_s is None and band.drr_db is None for band in measured.bands)
    assert {"drr_1000hz_no_reverberation", "drr_broadband_no_reverberation"} <= set(measured.flags)
    for row, name in enumerate(f"{centre:.0f}hz" for centre in OCTAVE_CENTRES_HZ):
        assert any(flag.startswith(f"rt60_{name}_") for flag in measured.flags), row


def test_the_same_sound_at_both_ears_is_fully_coherent():
    one = decaying_noise(0.4, 0.5, channels=1)
    for sign in (1, -1):
        measured = measure_brir(np.concatenate([one, sign * one]), RATE, onset_s=0.0)
        assert measured.broadband.iacc == pytest.approx(1, abs=1e-3)
        assert measured.broadband.itd_us == pytest.approx(0, abs=0.05)
        assert measured.broadband.ild_db == pytest.approx(0, abs=1e-4)
        assert all(band.iacc == pytest.approx(1, abs=1e-3) for band in measured.bands)


def delay(signal_K, samples):
    spectrum = np.fft.rfft(signal_K, 2 * signal_K.size)
    turn = np.exp(-2j * np.pi * np.arange(spectrum.size) * samples / (2 * signal_K.size))
    return np.fft.irfft(spectrum * turn)[: signal_K.size]


@pytest.mark.parametrize("samples", [7.25, -21.5, 33.0])
def test_a_delay_of_the_right_ear_is_a_lead_of_the_left(samples):
    one = np.pad(decaying_noise(0.4, 0.6, channels=1)[0], (100, 2000))
    measured = measure_brir(np.stack([one, 0.5 * delay(one, samples)]), RATE, onset_s=100 / RATE)
    expected_us = 1e6 * samples / RATE
    assert measured.broadband.itd_us == pytest.approx(expected_us, abs=1)
    assert measured.broadband.ild_db == pytest.approx(20 * np.log10(2), abs=0.01)
    for band in measured.bands:
        assert band.iacc == pytest.approx(1, abs=2e-3)
        assert band.ild_db == pytest.approx(20 * np.log10(2), abs=0.02)
        if band.centre_hz > 1000:
            assert band.itd_us is None
        elif abs(expected_us) < 4e5 / band.centre_hz:  # nearer than the neighbouring maximum of |IACF|
            assert band.itd_us == pytest.approx(expected_us, abs=3)


def test_the_direct_sound_is_located_whatever_the_reverberation_says():
    direct = np.zeros((2, 40000))
    direct[0, 500], direct[1, 500] = 1.0, 0.5
    direct[1] = delay(direct[1], 17.5)
    tail = np.random.default_rng(2).standard_normal((2, 40000)) * 10 ** (-3 * np.arange(40000) / RATE / 0.8) * 0.03
    tail[:, :700] = 0
    tail[1] *= 3.0
    measured = measure_brir((direct + tail).astype(np.float32), RATE, onset_s=500 / RATE)
    assert measured.broadband.direct_itd_us == pytest.approx(17.5e6 / RATE, abs=1)
    assert measured.broadband.direct_ild_db == pytest.approx(20 * np.log10(2), abs=0.05)
    assert measured.broadband.ild_db < 0


def test_unrelated_ears_are_incoherent():
    measured = measure_brir(decaying_noise(1.0, 1.2), RATE, onset_s=0.0)
    assert measured.broadband.iacc < 0.1
    assert all(band.iacc < 0.2 for band in measured.bands if band.centre_hz >= 1000)


def test_ears_that_share_half_their_energy_have_an_iacc_of_a_half():
    shared, left, right = np.random.default_rng(4).standard_normal((3, 80000))
    measured = measure_brir(np.stack([shared + left, shared + right]).astype(np.float32), RATE, onset_s=0.0)
    assert measured.broadband.iacc == pytest.approx(0.5, abs=0.02)


def test_a_silent_ear_has_no_interaural_cues():
    response = decaying_noise(0.5, 0.7)
    response[1] = 0
    measured = measure_brir(response, RATE, onset_s=0.0)
    assert measured.broadband.iacc is measured.broadband.ild_db is measured.broadband.direct_ild_db is None
    assert "interaural_broadband_silent_ear" in measured.flags
    assert measured.broadband.rt60_s == pytest.approx(0.5, rel=0.05)


def test_mono_and_ambisonics_are_measured_without_ears():
    foa = decaying_noise(0.5, 0.7, channels=4)
    from_w, from_foa = measure_brir(foa[:1], RATE, onset_s=0.0), measure_brir(foa, RATE, onset_s=0.0)
    assert from_w == from_foa
    assert from_w.broadband.rt60_s == pytest.approx(0.5, rel=0.05)
    assert all(band.iacc is band.itd_us is band.ild_db is None for band in from_w.bands)
    assert from_w.broadband.direct_itd_us is from_w.broadband.direct_ild_db is None
    assert from_w.flags == ()


def test_the_window_splits_direct_and_reverberant_energy_2_5_ms_after_the_onset():
    response = np.zeros((2, 30000))
    response[:, 400] = 1.0
    response[:, 400 + round(0.0024 * RATE)] = 0.5  # still direct
    tail = np.random.default_rng(6).standard_normal((2, 20000)) * 10 ** (-3 * np.arange(20000) / RATE / 0.4)
    response[:, 600:20600] += 0.05 * tail
    measured = measure_brir(response.astype(np.float32), RATE, onset_s=400 / RATE)
    sos = scipy.signal.butter(8, [125 / 2**0.5, 8000 * 2**0.5], "bandpass", fs=RATE, output="sos")
    late = response.copy()
    late[:, : 400 + round(0.0025 * RATE)] = 0
    direct_energy, late_energy = (np.sum(scipy.signal.sosfilt(sos, part) ** 2) for part in (response - late, late))
    assert measured.drr_method == "window"
    assert measured.broadband.drr_db == pytest.approx(10 * np.log10(direct_energy / late_energy), abs=0.2)


@pytest.mark.parametrize("level", [0.3, 10.0, 300.0])  # 300: the direct image is 40 dB and more above the rest
def test_the_direct_image_is_set_against_the_rest_of_the_response(level):
    rest = np.pad(decaying_noise(0.5, 0.7), ((0, 0), (90, 0)))
    image = level * np.random.default_rng(1).standard_normal((2, 200)).astype(np.float32) * np.hanning(200)
    start = 37
    response = rest.copy()
    response[:, start : start + 200] += image
    measured = measure_brir(
        response,
        RATE,
        onset_s=0.003,
        direct_image=DirectImage(image.astype(np.float32), start),
        flags=("near_field",),
    )
    sos = [
        scipy.signal.butter(6, [c / 2**0.5, min(c * 2**0.5, RATE / 2.01)], "bandpass", fs=RATE, output="sos")
        for c in OCTAVE_CENTRES_HZ
    ]
    for band, octave in zip(measured.bands, sos, strict=True):
        direct, other = (
            np.sum(scipy.signal.sosfilt(octave, np.pad(part, ((0, 0), (0, 20000))).astype(float)) ** 2)
            for part in (image, rest)
        )
        assert band.drr_db == pytest.approx(10 * np.log10(direct / other), abs=0.6)
    assert measured.drr_method == "images"
    assert measured.flags[0] == "near_field"


def test_nothing_but_the_direct_image_leaves_no_ratio():
    image = np.random.default_rng(1).standard_normal((2, 200)).astype(np.float32)
    response = np.pad(image, ((0, 0), (100, 3000)))
    measured = measure_brir(response, RATE, onset_s=100 / RATE, direct_image=DirectImage(image, 100))
    assert measured.broadband.drr_db is None
    assert "drr_broadband_no_reverberation" in measured.flags


def values(measured):
    rows = [row.model_dump(exclude={"rt60_range"}) for row in (*measured.bands, measured.broadband)]
    return np.array([np.nan if value is None else value for row in rows for value in row.values()], dtype=float)


def test_silence_around_a_response_changes_nothing():
    response = decaying_noise(0.5, 0.7)
    response[:, :50] *= np.linspace(0, 1, 50)
    plain = measure_brir(response, RATE, onset_s=0.0, direct_image=first_sound(response, 0))
    padded = np.pad(response, ((0, 0), (5000, 50000)))
    padded = measure_brir(padded, RATE, onset_s=5000 / RATE, direct_image=first_sound(padded, 5000))
    assert plain.flags == padded.flags
    np.testing.assert_allclose(values(padded), values(plain), rtol=5e-3, atol=5e-3)


def test_level_changes_nothing():
    response = decaying_noise(0.5, 0.7)
    loud, quiet = (
        measure_brir(heard, RATE, onset_s=0.0, direct_image=first_sound(heard, 0))
        for heard in (response, response * np.float32(1e-4))
    )
    np.testing.assert_allclose(values(quiet), values(loud), rtol=1e-3, atol=1e-3)


def test_a_bands_nulls_are_all_explained():
    measured = measure_brir(scipy.signal.resample_poly(decaying_noise(0.5, 0.7), 160, 441, axis=1), 16000, onset_s=0.0)
    top = measured.bands[6]
    assert top.rt60_s is top.edt_s is top.c50_db is top.d50 is top.drr_db is top.iacc is top.ild_db is None
    assert measured.flags == ("band_8000hz_above_nyquist",)
    assert measured.bands[5].rt60_s == pytest.approx(0.5, rel=0.05)
    low = scipy.signal.sosfilt(scipy.signal.butter(12, 300, fs=RATE, output="sos"), decaying_noise(0.5, 0.7))
    assert {"band_4000hz_silent", "band_8000hz_silent"} <= set(measure_brir(low, RATE, onset_s=0.0).flags)


def test_the_onset_is_found_20_db_below_the_peak():
    response = np.pad(decaying_noise(0.5, 0.7), ((0, 0), (3000, 0)))
    response[:, 3000] = 4.0
    response[:, :3000] = 1e-3
    assert measure_brir(response, RATE) == measure_brir(response, RATE, onset_s=3000 / RATE)
    assert measure_brir(response, RATE) != measure_brir(response, RATE, onset_s=1000 / RATE)


def test_a_rooms_positions_are_measured_as_one_by_one():
    brirs = np.stack([decaying_noise(0.4, 0.5, seed=s) for s in range(3)])
    images = [first_sound(brir, 0) for brir in brirs]
    together = measure_brirs(brirs, RATE, onsets_s=[0.0] * 3, direct_images=images, flags=[(), ("near_field",), ()])
    assert together[1] == measure_brir(brirs[1], RATE, onset_s=0.0, direct_image=images[1], flags=("near_field",))
    assert len(together) == 3
    with pytest.raises(SpecError, match="onsets_s has 2 entries"):
        measure_brirs(brirs, RATE, onsets_s=[0.0, 0.0])


def test_the_decay_curve_falls_60_db_in_the_reverberation_time():
    times, level = band_decay_db(ringing_tone(500, 0.6, 1.0), RATE, 500.0, onset_s=0.0)
    assert level[0] == pytest.approx(0, abs=0.1)
    assert np.all(np.diff(level) <= 1e-9)
    assert np.interp(0.3, times, level) == pytest.approx(-30, abs=0.3)
    assert np.interp(0.7, times, level) == pytest.approx(-70, abs=0.5)  # the correction continues the line to the cut
    assert times[-1] < 0.8  # what is 75 dB down is not followed: the floor of 24 bits is near


@pytest.mark.parametrize(
    ("response", "error", "sentence"),
    [
        (np.zeros((2, 1000)), AudioError, "silent"),
        (np.full((2, 1000), np.nan), AudioError, "NaN"),
        (np.ones(1000), SpecError, "shape"),
        (np.ones((3, 1000)), SpecError, "shape"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_sentence(response, error, sentence):
    with pytest.raises(error, match=sentence):
        measure_brir(response, RATE)


def test_an_onset_outside_the_response_is_refused():
    with pytest.raises(SpecError, match="onset"):
        measure_brir(decaying_noise(0.5, 0.7), RATE, onset_s=0.9)
    with pytest.raises(SpecError, match="Hz"):
        band_decay_db(decaying_noise(0.5, 0.7), 16000, 8000.0)
