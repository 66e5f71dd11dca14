"""The two ears of a diffuse tail are as coherent as in a diffuse field around the same head."""

import numpy as np
from physics_cases import TURNED, draw_sources

from twnm_schemas import Listener, Room
from twnm_sim import render_brirs
from twnm_sim.decay import energy_rates
from twnm_sim.render.tail import mixing_time_s

TAILS = 120
THIRDS_HZ = 1000.0 * 10.0 ** (np.arange(-10, 7) / 10.0)  # 100 Hz to 4 kHz
ROOM = Room(size_m=(10.0, 8.0, 5.0), absorption=0.12)
LISTENER = Listener(position_m=(4.0, 3.0, 1.6), **TURNED)
SPEED = 343.0


def third_octaves(frequency_F, values_F):
    """Sums (17,) over third octaves of per-bin values; each band's edges fall between bins."""
    edges = THIRDS_HZ[:, None] * 10.0 ** np.array([-0.05, 0.05])
    return np.array([values_F[(frequency_F >= low) & (frequency_F < high)].sum() for low, high in edges])


def coherence(left_power_F, right_power_F, cross_F, frequency_F):
    powers = (third_octaves(frequency_F, power_F) for power_F in (left_power_F, right_power_F))
    return third_octaves(frequency_F, cross_F.real) / np.sqrt(np.prod(list(powers), axis=0))


def diffuse_field_coherence(hrtf):
    """Each measured direction weighted by its solid angle, directions independent."""
    size = 1 << 14
    frequency_F = np.fft.rfftfreq(size, 1.0 / hrtf.sample_rate)
    left_power_F, right_power_F, cross_F = (np.zeros(len(frequency_F), complex) for _ in range(3))
    for hrir_CK, angle in zip(hrtf.hrirs_DCK.astype(float), hrtf.solid_angles_D, strict=True):
        left_F, right_F = np.fft.rfft(hrir_CK, size)
        left_power_F += angle * np.abs(left_F) ** 2
        right_power_F += angle * np.abs(right_F) ** 2
        cross_F += angle * left_F * right_F.conj()
    return coherence(left_power_F.real, right_power_F.real, cross_F, frequency_F)


def pooled_coherence(tails_SCK, envelope_K, rate):
    """Of tails whose decay is taken out first, so that all of their length counts alike."""
    size = 1 << int(np.ceil(np.log2(tails_SCK.shape[2])))
    window_K = np.hanning(tails_SCK.shape[2]) / envelope_K
    spectrum_SCF = np.fft.rfft(tails_SCK * window_K, size)
    power_CF = np.sum(np.abs(spectrum_SCF) ** 2, axis=0)
    cross_F = np.sum(spectrum_SCF[:, 0] * spectrum_SCF[:, 1].conj(), axis=0)
    return coherence(*power_CF, cross_F, np.fft.rfftfreq(size, 1.0 / rate))


def test_pooled_over_many_tails_it_is_the_diffuse_fields(hrtf):
    rate, duration_s = hrtf.sample_rate, 0.5
    sources = draw_sources(ROOM, LISTENER, TAILS, np.random.default_rng(1))
    response_SCK = render_brirs(
        ROOM, LISTENER, sources, hrtf, sample_rate=rate, duration_s=duration_s, tail="diffuse", air_absorption=False
    )
    first = int((mixing_time_s(ROOM, SPEED) + 0.02) * rate)
    times_s = np.arange(first, response_SCK.shape[2]) / rate
    envelope_K = np.sqrt(energy_rates(ROOM, times_s[::64], SPEED, (0,))[0, :, 0])
    envelope_K = np.interp(times_s, times_s[::64], envelope_K)
    found = pooled_coherence(response_SCK[:, :, first:].astype(float), envelope_K, rate)
    wanted = diffuse_field_coherence(hrtf)
    assert wanted[0] > 0.9  # at 100 Hz the ears hear the same
    assert np.abs(found - wanted).max() < 0.1, np.round(found - wanted, 3)


def test_each_tail_is_its_own(kemar):
    """Another source or another seed, another noise: pooling over tails is pooling over independent ones."""
    sources = draw_sources(ROOM, LISTENER, 2, np.random.default_rng(1))

    def tail(seed):
        responses = render_brirs(ROOM, LISTENER, sources, kemar, duration_s=0.5, tail="diffuse", seed=seed)
        return responses[:, 0, 6000:].astype(float)

    (first, second), (reseeded, _) = tail(0), tail(1)
    for other in (second, reseeded):
        assert abs(np.sum(first * other)) < 0.1 * np.linalg.norm(first) * np.linalg.norm(other)
