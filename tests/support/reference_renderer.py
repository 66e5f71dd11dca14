"""The same physics, written again the plain way: float64, exact delays, every image by itself.

Nothing here is shared with the renderer but the records, the HRTF and ISO 9613-1 (which has its own tests).
Shapes: N images, D directions, S surfaces, B octave bands, C ears, F bins, K taps.
"""

import itertools
from math import ceil

import numpy as np

from twnm_schemas import Atmosphere, Listener, Room
from twnm_schemas.geometry import OCTAVE_CENTRES_HZ, rotation_matrix
from twnm_sim.air import air_absorption_db_per_m

_WALL_RING = 8192  # samples that wall filters may ring around a response
_AT_ONCE = 1 << 22  # numbers held at a time


def list_reference_images(room: Room, source, listener: Listener, farthest_m: float):
    """(displacement (N, 3), wall hits (N, 6)), the lattice in the textbook's parity form.

    Allen and Berkley: x = (1 - 2 q) s + 2 m L; |m - q| hits at the wall at 0, |m| at the wall at L.
    """
    axes = []
    for s, p, side in zip(source, listener.position_m, room.size_m, strict=True):
        reach = ceil(farthest_m / (2 * side)) + 1
        m, q = (grid.ravel() for grid in np.meshgrid(np.arange(-reach, reach + 1), (0, 1)))
        axes.append(((1 - 2 * q) * s + 2 * m * side - p, np.abs(m - q), np.abs(m)))
    (x, *x_hits), (y, *y_hits), (z, *z_hits) = axes
    i, j, k = np.nonzero((x**2)[:, None, None] + (y**2)[:, None] + z**2 < farthest_m**2)
    hits = [axis_hits[at] for axis, at in ((x_hits, i), (y_hits, j), (z_hits, k)) for axis_hits in axis]
    return np.stack([x[i], y[j], z[k]], axis=1), np.stack(hits, axis=1)


def find_nearest_directions(displacement_N3, listener: Listener, hrtf):
    """Index (N,) of the measured direction with the largest cosine, by comparing all of them.

    Where several are equally near, the first by z, then by x, then by |y|: the rule of `--tail images`.
    """
    rotation = np.array(rotation_matrix(listener.yaw_deg, listener.pitch_deg, listener.roll_deg))
    x, y, z = hrtf.directions_D3.round(9).T
    order_D = np.lexsort((y, np.abs(y), x, z))
    nearest = []
    for first in range(0, len(displacement_N3), 20_000):
        local_N3 = displacement_N3[first : first + 20_000] @ rotation
        cosine_ND = local_N3 @ hrtf.directions_D3[order_D].T
        tie_N1 = 1e-12 * np.linalg.norm(local_N3, axis=1, keepdims=True)
        nearest.append(order_D[np.argmax(cosine_ND > cosine_ND.max(axis=1, keepdims=True) - tie_N1, axis=1)])
    return np.concatenate(nearest)


def log_wall_gains(room: Room, frequency_F):
    """Natural log of each wall's amplitude reflection (S, F): linear in dB over log frequency, constant outside."""
    octave_F = np.clip(np.log2(np.maximum(frequency_F, 1.0) / OCTAVE_CENTRES_HZ[0]), 0.0, 6.0)
    log_SB = 0.5 * np.log(np.maximum(1.0 - np.array(room.absorption), 1e-300))
    return np.stack([np.interp(octave_F, np.arange(7), log_B) for log_B in log_SB])


def air_nepers(frequency_F, atmosphere: Atmosphere):
    """Amplitude loss of the air in nepers per metre (F,)."""
    decibels = air_absorption_db_per_m(
        frequency_F, atmosphere.celsius, atmosphere.humidity_percent, atmosphere.pressure_kpa
    )
    return decibels * np.log(10.0) / 20.0


def sum_reference(room, listener, source, hrtf, taps, *, air=False, atmosphere=None, directions_N=None):
    """The response (2, taps) of every image that arrives in it: exact phase ramps and losses at every frequency.

    `directions_N` replaces the nearest measured directions, in the order of `list_reference_images`.
    """
    atmosphere = atmosphere or Atmosphere()
    speed, rate = atmosphere.speed_of_sound, hrtf.sample_rate
    displacement_N3, hits_NS = list_reference_images(room, source, listener, speed * taps / rate)
    distance_N = np.linalg.norm(displacement_N3, axis=1)
    if directions_N is None:
        directions_N = find_nearest_directions(displacement_N3, listener, hrtf)
    size = 1 << ceil(np.log2(taps + hrtf.taps + _WALL_RING))
    frequency_F = np.fft.rfftfreq(size, 1.0 / rate)
    log_SF = log_wall_gains(room, frequency_F)
    air_F = air_nepers(frequency_F, atmosphere) if air else None
    if np.ptp(log_SF, axis=1).max() == 0.0:
        log_SF = log_SF[:, :1]
    spectrum_CF = np.zeros((2, len(frequency_F)), complex)
    for d in np.unique(directions_N):
        mine = directions_N == d
        pressure_F = _sum_images(frequency_F, distance_N[mine], hits_NS[mine], log_SF, air_F, speed)
        spectrum_CF += pressure_F * np.fft.rfft(hrtf.hrirs_DCK[d].astype(float), size)
    return np.fft.irfft(spectrum_CF, size)[:, :taps]


def _sum_images(frequency_F, distance_N, hits_NS, log_SF, air_F, speed):
    """Spectrum (F,) of images from one direction."""
    pressure_F = np.zeros(len(frequency_F), complex)
    step = max(1, _AT_ONCE // len(frequency_F))
    for first in range(0, len(distance_N), step):
        metres_N, hits = distance_N[first : first + step], hits_NS[first : first + step]
        ramp_NF = _phase_ramps(frequency_F, metres_N / speed)
        log_gain = hits @ log_SF - np.log(metres_N)[:, None]
        if air_F is not None:
            log_gain = log_gain - np.outer(metres_N, air_F)
        pressure_F += np.sum(ramp_NF * np.exp(log_gain), axis=0)
    return pressure_F


def _phase_ramps(frequency_F, delay_N):
    """exp(-2 pi i f t) (N, F) on evenly spaced frequencies: coarse steps times fine ones."""
    fine = 128
    step_hz = frequency_F[1]
    fine_NB = np.exp(-2j * np.pi * step_hz * np.outer(delay_N, np.arange(fine)))
    coarse_NA = np.exp(-2j * np.pi * step_hz * fine * np.outer(delay_N, np.arange(-(-len(frequency_F) // fine))))
    return (coarse_NA[:, :, None] * fine_NB[:, None, :]).reshape(len(delay_N), -1)[:, : len(frequency_F)]


def sum_reference_long(room, listener, source, hrtf, taps):
    """The response (2, taps) of flat walls without air, for many images: float64, 64-tap fractional delays.

    A sinc under a Kaiser window (beta 9) of 64 taps is 90 dB exact to 20 kHz at 44.1 kHz.
    """
    speed, rate = Atmosphere().speed_of_sound, hrtf.sample_rate
    displacement_N3, hits_NS = list_reference_images(room, source, listener, speed * taps / rate)
    distance_N = np.linalg.norm(displacement_N3, axis=1)
    reflection_S = np.sqrt(1.0 - np.array(room.absorption)[:, 0])
    gain_N = np.prod(reflection_S**hits_NS, axis=1) / distance_N
    nearest_N = find_nearest_directions(displacement_N3, listener, hrtf)
    size = 1 << ceil(np.log2(taps + hrtf.taps + 128))
    order_N = np.argsort(nearest_N, kind="stable")
    edges = np.searchsorted(nearest_N[order_N], np.arange(len(hrtf.directions_D3) + 1))
    spectrum_CF = np.zeros((2, size // 2 + 1), complex)
    for d, (first, last) in enumerate(itertools.pairwise(edges)):
        if last > first:
            mine = order_N[first:last]
            train_K = place_fractionally(distance_N[mine] * (rate / speed) + 64, gain_N[mine], size)
            spectrum_CF += np.fft.rfft(train_K) * np.fft.rfft(hrtf.hrirs_DCK[d].astype(float), size)
    return np.fft.irfft(spectrum_CF, size)[:, 64 : 64 + taps]


def place_fractionally(delay_N, gain_N, size):
    """Impulses (size,) at fractional delays in samples."""
    tap_T = np.arange(-31, 33)
    whole_N = np.floor(delay_N)
    time_NT = tap_T - (delay_N - whole_N)[:, None]
    window_NT = np.i0(9.0 * np.sqrt(np.clip(1 - (time_NT / 32.5) ** 2, 0, None))) / np.i0(9.0)
    place_NT = whole_N.astype(int)[:, None] + tap_T
    weight_NT = gain_N[:, None] * np.sinc(time_NT) * window_NT
    return np.bincount(place_NT.ravel(), weight_NT.ravel(), size)[:size]


def error_db(response_CK, reference_CK, sample_rate, low_hz=100.0, high_hz=18000.0):
    """Energy of the difference over that of the reference, within a band, in dB."""
    size = 1 << (ceil(np.log2(response_CK.shape[-1])) + 1)
    frequency_F = np.fft.rfftfreq(size, 1 / sample_rate)
    band_F = (frequency_F >= low_hz) & (frequency_F <= high_hz)
    difference_CF = np.fft.rfft(np.asarray(response_CK, float) - reference_CK, size)[..., band_F]
    reference_CF = np.fft.rfft(reference_CK, size)[..., band_F]
    return 10 * np.log10(max(np.sum(np.abs(difference_CF) ** 2), 1e-30) / np.sum(np.abs(reference_CF) ** 2))


def octave_power(frequency_F, centre_hz):
    """Power response (F,) of the octave band that decays are compared in."""
    ratio_F = np.maximum(frequency_F, 1e-3) / centre_hz
    return 1.0 / (1.0 + (np.abs(ratio_F - 1.0 / ratio_F) * np.sqrt(2.0)) ** 12)


def octave_energy(response_CK, sample_rate, centre_hz):
    """Energy (K,) over time of all channels in an octave band, zero phase, float64."""
    taps = response_CK.shape[-1]
    size = 1 << (ceil(np.log2(taps)) + 1)
    magnitude_F = np.sqrt(octave_power(np.fft.rfftfreq(size, 1 / sample_rate), centre_hz))
    band_CK = np.fft.irfft(np.fft.rfft(np.asarray(response_CK, float), size) * magnitude_F, size)[..., :taps]
    return np.sum(band_CK**2, axis=tuple(range(band_CK.ndim - 1)))


def decay_db(energy_K):
    """Backward-integrated energy in dB re total."""
    left_K = np.cumsum(energy_K[::-1])[::-1]
    return 10 * np.log10(np.maximum(left_K, 1e-300) / left_K[0])


def octave_decay_db(response_CK, sample_rate, centre_hz):
    """Backward-integrated energy in an octave band, all channels together, in dB re total."""
    return decay_db(octave_energy(response_CK, sample_rate, centre_hz))
