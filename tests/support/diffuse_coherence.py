"""Interaural coherence per third octave: of a diffuse field around a head, and of many rendered tails."""

import numpy as np
from physics_cases import TURNED, draw_sources

from twnm_schemas import Listener, Room
from twnm_sim import render_brirs
from twnm_sim.decay import energy_rates
from twnm_sim.render.tail import mixing_time_s

THIRDS_HZ = 1000.0 * 10.0 ** (np.arange(-10, 7) / 10.0)  # 100 Hz to 4 kHz
ROOM = Room(size_m=(10.0, 8.0, 5.0), absorption=0.12)
LISTENER = Listener(position_m=(4.0, 3.0, 1.6), **TURNED)
DURATION_S, SPEED = 0.5, 343.0


def third_octaves(frequency_F, values_F):
    """Sums (17,) over third octaves of values per bin."""
    edges = THIRDS_HZ[:, None] * 10.0 ** np.array([-0.05, 0.05])
    return np.array([values_F[(frequency_F >= low) & (frequency_F < high)].sum() for low, high in edges])


def _normalise(left_power_F, right_power_F, cross_F, frequency_F):
    powers = [third_octaves(frequency_F, power_F) for power_F in (left_power_F, right_power_F)]
    return third_octaves(frequency_F, cross_F.real) / np.sqrt(powers[0] * powers[1])


def diffuse_field_coherence(hrtf):
    """The real part of the normalised cross-spectrum (17,), each measured direction weighted by its solid angle."""
    size = 1 << 14
    frequency_F = np.fft.rfftfreq(size, 1.0 / hrtf.sample_rate)
    left_power_F, right_power_F, cross_F = (np.zeros(len(frequency_F), complex) for _ in range(3))
    for hrir_CK, angle in zip(hrtf.hrirs_DCK.astype(float), hrtf.solid_angles_D, strict=True):
        left_F, right_F = np.fft.rfft(hrir_CK, size)
        left_power_F += angle * np.abs(left_F) ** 2
        right_power_F += angle * np.abs(right_F) ** 2
        cross_F += angle * left_F * right_F.conj()
    return _normalise(left_power_F.real, right_power_F.real, cross_F, frequency_F)


def pooled_coherence(hrtf, tails):
    """The same (17,) of tails whose decay is taken out first, so that all of their length counts alike."""
    rate = hrtf.sample_rate
    sources = draw_sources(ROOM, LISTENER, tails, np.random.default_rng(1))
    settings = {"sample_rate": rate, "duration_s": DURATION_S, "tail": "diffuse", "air_absorption": False}
    first = int((mixing_time_s(ROOM, SPEED) + 0.02) * rate)
    tails_SCK = render_brirs(ROOM, LISTENER, sources, hrtf, **settings)[:, :, first:]
    times_s = (first + np.arange(tails_SCK.shape[2])) / rate
    envelope_K = np.interp(times_s, times_s[::64], np.sqrt(energy_rates(ROOM, times_s[::64], SPEED, (0,))[0, :, 0]))
    size = 1 << int(np.ceil(np.log2(tails_SCK.shape[2])))
    spectrum_SCF = np.fft.rfft(tails_SCK * (np.hanning(len(times_s)) / envelope_K), size)
    power_CF = np.sum(np.abs(spectrum_SCF) ** 2, axis=0)
    cross_F = np.sum(spectrum_SCF[:, 0] * spectrum_SCF[:, 1].conj(), axis=0)
    return _normalise(*power_CF, cross_F, np.fft.rfftfreq(size, 1.0 / rate))
