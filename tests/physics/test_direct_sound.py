"""The direct sound arrives when and as strong as it must, through the HRIR of its direction."""

from functools import lru_cache

import numpy as np
import pytest
from physics_cases import TURNED, draw_scene
from reference_renderer import find_nearest_directions, list_reference_images

from twnm_schemas import GeometryError, Listener, Room, SpecError
from twnm_sim import load_hrtf, render_brirs

SPEED = 343.0
ANECHOIC = Room(size_m=(8.0, 7.0, 5.0), absorption=1.0)
REVERBERANT = Room(size_m=(9.0, 8.0, 6.0), absorption=0.2)


def measured_direction(listener, source, hrtf):
    displacement_13 = np.subtract(source, listener.position_m)[None]
    return int(find_nearest_directions(displacement_13, listener, hrtf)[0]), float(np.linalg.norm(displacement_13))


def lags_behind(response_CK, hrir_CK):
    """Samples (C,) by which each ear's response lags its HRIR, to a hundredth: the peak of their cross-correlation.

    Where a response first crosses some threshold is no fit measure of a fraction of a sample: a shoulder just under the
    threshold in one sampling of a wave is just over it in another.
    """
    size = 1 << 13
    cross_CF = np.fft.rfft(np.asarray(response_CK, float), size) * np.fft.rfft(np.asarray(hrir_CK, float), size).conj()
    coarse_C1 = np.argmax(np.fft.irfft(cross_CF, size), axis=1)[:, None]
    omega_F = 2.0 * np.pi * np.arange(size // 2 + 1) / size
    fine_L, ramp_FL = fine_lags(size)
    around_CL = ((cross_CF * np.exp(1j * omega_F * coarse_C1)) @ ramp_FL).real
    return coarse_C1[:, 0] + fine_L[np.argmax(around_CL, axis=1)]


@lru_cache(maxsize=1)
def fine_lags(size):
    """Lags (L,) of a hundredth of a sample and the ramps (F, L) that undo them."""
    fine_L = np.arange(-100, 101) / 100
    return fine_L, np.exp(2j * np.pi / size * np.outer(np.arange(size // 2 + 1), fine_L))


def interaural_cues(response_CK, rate):
    """(ITD in microseconds by the phase of the cross-spectrum, 200 Hz to 1.2 kHz; ILD in dB, 100 Hz to 18 kHz)."""
    size = 1 << 16
    left_F, right_F = np.fft.rfft(np.asarray(response_CK, float), size)
    frequency_F = np.fft.rfftfreq(size, 1.0 / rate)
    low_F = (frequency_F > 200.0) & (frequency_F < 1200.0)
    cross_F = (right_F.conj() * left_F)[low_F]
    phase_F = np.unwrap(np.angle(cross_F))
    phase_F -= 2.0 * np.pi * np.round(phase_F[0] / (2.0 * np.pi))
    omega_F = 2.0 * np.pi * frequency_F[low_F]
    itd_s = np.sum(np.abs(cross_F) * omega_F * phase_F) / np.sum(np.abs(cross_F) * omega_F**2)
    wide_F = (frequency_F > 100.0) & (frequency_F < 18000.0)
    ild_db = 10.0 * np.log10(np.sum(np.abs(left_F[wide_F]) ** 2) / np.sum(np.abs(right_F[wide_F]) ** 2))
    return 1e6 * itd_s, ild_db


def test_it_sets_in_after_its_flight_and_the_latency_of_the_head(hrtf):
    rng = np.random.default_rng(2)
    for _ in range(12):
        # near the middle the first reflection comes 10 ms later, after all of the direct sound's peaks
        listener = Listener(position_m=tuple(rng.uniform((4.2, 3.7, 2.8), (4.8, 4.3, 3.2)).tolist()), **TURNED)
        step = rng.normal(size=3)
        offset_3 = step / np.linalg.norm(step) * rng.uniform(0.12, 1.2)
        source = tuple((listener.position_m + offset_3).tolist())
        response_CK = render_brirs(
            REVERBERANT, listener, [source], hrtf, sample_rate=hrtf.sample_rate, duration_s=0.08, tail="diffuse"
        )[0]
        direction, distance = measured_direction(listener, source, hrtf)
        displacements, _ = list_reference_images(REVERBERANT, source, listener, 30.0)
        second_m = np.sort(np.linalg.norm(displacements, axis=1))[1]
        alone_CK = response_CK[:, : int(second_m / SPEED * hrtf.sample_rate)]
        lag_C = lags_behind(alone_CK, hrtf.hrirs_DCK[direction])
        assert np.abs(lag_C - distance / SPEED * hrtf.sample_rate).max() < 1.0


def test_both_ears_of_an_anechoic_room_set_in_within_a_sample(hrtf):
    rng = np.random.default_rng(11)
    for _ in range(15):
        listener, source = draw_scene(ANECHOIC, rng, nearest_m=0.15)
        response_CK = render_brirs(
            ANECHOIC, listener, [source], hrtf, sample_rate=hrtf.sample_rate, duration_s=0.06, tail="images"
        )[0]
        direction, distance = measured_direction(listener, source, hrtf)
        flight = distance / SPEED * hrtf.sample_rate
        assert np.abs(lags_behind(response_CK, hrtf.hrirs_DCK[direction]) - flight).max() < 0.1
        quiet_until = int(flight + hrtf.onset_s * hrtf.sample_rate) - 20  # only the fractional delay rings before
        assert np.abs(response_CK[:, :quiet_until]).max(initial=0.0) < 0.01 * np.abs(response_CK).max()


@pytest.mark.parametrize("tail", ["images", "diffuse"])
def test_its_level_falls_as_one_over_distance(hrtf, tail):
    rng = np.random.default_rng(5)
    for _ in range(10):
        listener, source = draw_scene(ANECHOIC, rng, nearest_m=0.15)
        response_CK = render_brirs(
            ANECHOIC,
            listener,
            [source],
            hrtf,
            sample_rate=hrtf.sample_rate,
            duration_s=0.06,
            tail=tail,
            air_absorption=False,
            highpass_hz=0.0,
        )[0]
        direction, distance = measured_direction(listener, source, hrtf)
        energy = np.sum(np.square(response_CK, dtype=float)) * distance**2
        gain_db = 10.0 * np.log10(energy / np.sum(np.square(hrtf.hrirs_DCK[direction], dtype=float)))
        assert abs(gain_db) < 0.2


def test_at_a_metre_on_a_measured_direction_the_response_is_the_hrir(kemar):
    listener = Listener(position_m=(4.0, 3.5, 2.5))
    distance = 128 * SPEED / 44100.0  # 0.996 m: a whole number of samples
    for direction in (0, 100, 350, 600):
        offset_3 = distance * kemar.directions_D3[direction]
        source = tuple((listener.position_m + offset_3).tolist())
        response_CK = render_brirs(
            ANECHOIC, listener, [source], kemar, duration_s=0.05, tail="images", air_absorption=False, highpass_hz=0.0
        )[0]
        expected_CK = np.zeros_like(response_CK)
        expected_CK[:, 128 : 128 + kemar.taps] = kemar.hrirs_DCK[direction] / distance
        assert np.abs(response_CK - expected_CK).max() < 1e-4 * np.abs(expected_CK).max()


def test_interaural_cues_are_those_of_the_measured_direction(hrtf):
    rng = np.random.default_rng(8)
    for _ in range(20):
        listener, source = draw_scene(ANECHOIC, rng, nearest_m=0.15)
        response_CK = render_brirs(
            ANECHOIC,
            listener,
            [source],
            hrtf,
            sample_rate=hrtf.sample_rate,
            duration_s=0.06,
            tail="images",
            air_absorption=False,  # it would tilt both ears' spectra alike, and a broadband level difference with them
        )[0]
        direction, _ = measured_direction(listener, source, hrtf)
        itd_us, ild_db = interaural_cues(response_CK, hrtf.sample_rate)
        true_itd_us, true_ild_db = interaural_cues(hrtf.hrirs_DCK[direction], hrtf.sample_rate)
        assert abs(itd_us - true_itd_us) < 10.0
        assert abs(ild_db - true_ild_db) < 0.5


def test_a_source_on_the_left_leads_at_the_left_ear_and_turning_the_head_moves_it(kemar):
    room = Room(size_m=(6.0, 6.0, 4.0), absorption=1.0)

    def cues(**pose):
        listener = Listener(position_m=(3.0, 3.0, 2.0), **pose)
        return interaural_cues(render_brirs(room, listener, [(3.0, 5.0, 2.0)], kemar, duration_s=0.05)[0], 44100)

    left_us, left_db = cues()  # facing +x, the source at +y
    assert left_us > 600.0
    assert left_db > 5.0
    right_us, right_db = cues(yaw_deg=180.0)
    assert right_us < -600.0
    assert right_db < -5.0
    front_us, front_db = cues(yaw_deg=90.0)
    assert abs(front_us) < 10.0
    assert abs(front_db) < 0.1
    rolled_us, rolled_db = cues(roll_deg=90.0)  # the left ear points up, the source is now below the head
    assert abs(rolled_us) < 10.0
    assert abs(rolled_db) < 0.1


def test_the_agreed_call_works_as_written():
    room = Room(size_m=(5.0, 4.0, 3.0), absorption=0.3)
    hrtf = load_hrtf("kemar", sample_rate=44100)
    h = render_brirs(
        room,
        Listener(position_m=(2.1, 2.3, 1.6), yaw_deg=0.0),
        [(3.7, 1.2, 1.4)],
        hrtf,
        sample_rate=44100,
        duration_s=0.08,
        tail="images",
        air_absorption=False,
        output="binaural",
    )
    assert h.dtype == np.float32
    assert h.shape == (1, 2, 3528)
    first_C = np.argmax(np.abs(h[0]) > 0.1 * np.abs(h[0]).max(axis=1, keepdims=True), axis=1)
    assert first_C[1] < first_C[0]  # the source stands to the right
    for output, channels in (("foa", 4), ("mono", 1)):
        arguments = {"sample_rate": 44100, "duration_s": 0.08, "tail": "images", "output": output}
        assert render_brirs(room, Listener(position_m=(2.1, 2.3, 1.6)), [(3.7, 1.2, 1.4)], None, **arguments).shape == (
            1,
            channels,
            3528,
        )


def test_what_cannot_be_is_refused_by_name(kemar):
    room, listener = Room(size_m=(5.0, 4.0, 3.0), absorption=0.3), Listener(position_m=(2.0, 2.0, 1.6))
    for source in ((2.0, 2.0, 1.65), (5.5, 1.0, 1.0), (float("nan"), 1.0, 1.0)):
        with pytest.raises(GeometryError):
            render_brirs(room, listener, [source], kemar, duration_s=0.05)
    with pytest.raises(GeometryError):
        render_brirs(room, Listener(position_m=(2.0, 2.0, 2.95)), [(1.0, 1.0, 1.0)], kemar, duration_s=0.05)
    for wrong in ({"output": "stereo"}, {"tail": "none"}, {"sample_rate": 48000}):
        with pytest.raises(SpecError):
            render_brirs(room, listener, [(1.0, 1.0, 1.0)], kemar, duration_s=0.05, **wrong)
    with pytest.raises(SpecError):
        render_brirs(room, listener, [(1.0, 1.0, 1.0)], None, duration_s=0.05)
