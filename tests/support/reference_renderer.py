"""The same physics, written again the slow and plain way: float64, exact delays, one image at a time.

Nothing here is shared with the renderer but the records, the HRTF and ISO 9613-1 (which has its own tests).
"""

from math import ceil

import numpy as np

from twnm_schemas import Atmosphere, Listener, Room
from twnm_schemas.geometry import OCTAVE_CENTRES_HZ, rotation_matrix
from twnm_sim.air import air_absorption_db_per_m


def list_reference_images(room: Room, source, listener: Listener, farthest_m: float):
    """(displacement (N, 3), wall hits (N, 6)), the lattice in the textbook's parity form.

    Allen and Berkley: x = (1 - 2 q) s + 2 m L; |m - q| hits at the wall at 0, |m| at the wall at L.
    """
    axes = []
    for s, p, side in zip(source, listener.position_m, room.size_m, strict=True):
        reach = int(ceil(farthest_m / (2 * side))) + 1
        m, q = (grid.ravel() for grid in np.meshgrid(np.arange(-reach, reach + 1), (0, 1)))
        axes.append(((1 - 2 * q) * s + 2 * m * side - p, np.abs(m - q), np.abs(m)))
    displacements, hits = [], []
    for x, low, high in zip(*axes[0], strict=True):
        y, z = np.meshgrid(axes[1][0], axes[2][0], indexing="ij")
        j, k = np.nonzero(x**2 + y**2 + z**2 < farthest_m**2)
        displacements.append(np.stack([np.full(len(j), x), axes[1][0][j], axes[2][0][k]], axis=1))
        both = np.full(len(j), low), np.full(len(j), high)
        hits.append(np.stack([*both, axes[1][1][j], axes[1][2][j], axes[2][1][k], axes[2][2][k]], axis=1))
    return np.concatenate(displacements), np.concatenate(hits)


def sum_reference(room, listener, source, hrtf, taps, *, air=False, atmosphere=None, farthest_s=None, highpass_hz=0.0):
    """Spectrum (2, F) on a grid of at least twice `taps`, and the sampled response (2, taps), float64."""
    atmosphere = atmosphere or Atmosphere()
    speed, rate = atmosphere.speed_of_sound, hrtf.sample_rate
    farthest_s = taps / rate if farthest_s is None else farthest_s
    displacement_N3, hits_NS = list_reference_images(room, source, listener, speed * farthest_s)
    rotation = np.array(rotation_matrix(listener.yaw_deg, listener.pitch_deg, listener.roll_deg))
    distance_N = np.linalg.norm(displacement_N3, axis=1)
    cosine_ND = (displacement_N3 @ rotation / distance_N[:, None]) @ hrtf.directions_D3.T
    nearest_N = np.argmax(cosine_ND, axis=1)
    size = 1 << int(ceil(np.log2(2 * taps + 4 * hrtf.taps + 8192)))
    frequency_F = np.arange(size // 2 + 1) * rate / size
    octave_F = np.clip(np.log2(np.maximum(frequency_F, 1.0) / 125.0), 0.0, 6.0)
    alpha_SB = np.array(room.absorption)
    log_SF = np.stack([np.interp(octave_F, np.arange(7), 0.5 * np.log(np.maximum(1 - a_B, 1e-300))) for a_B in alpha_SB])
    air_F = (
        air_absorption_db_per_m(
            frequency_F, atmosphere.celsius, atmosphere.humidity_percent, atmosphere.pressure_kpa
        )
        * (np.log(10.0) / 20.0)
        if air
        else 0.0 * frequency_F
    )
    flat = bool(np.all(alpha_SB == alpha_SB[:, :1]))
    spectrum_CF = np.zeros((2, len(frequency_F)), complex)
    order = np.argsort(nearest_N, kind="stable")
    for d in np.unique(nearest_N):
        head_CF = np.fft.rfft(hrtf.hrirs_DCK[d].astype(float), size)
        total_F = np.zeros(len(frequency_F), complex)
        for n in order[np.searchsorted(nearest_N[order], d) : np.searchsorted(nearest_N[order], d, "right")]:
            loss = np.exp(hits_NS[n] @ log_SF[:, 0]) if flat else np.exp(hits_NS[n] @ log_SF)
            if air:
                loss = loss * np.exp(-air_F * distance_N[n])
            total_F += loss / distance_N[n] * np.exp(-2j * np.pi * frequency_F * (distance_N[n] / speed))
        spectrum_CF += total_F * head_CF
    if highpass_hz:
        spectrum_CF = spectrum_CF * (frequency_F**4 / (frequency_F**4 + highpass_hz**4))
    return frequency_F, spectrum_CF, np.fft.irfft(spectrum_CF, size)[:, :taps]


def sum_reference_long(room, listener, source, hrtf, taps):
    """The sampled response (2, taps) of flat walls without air, for many images: float64, 64-tap fractional delays."""
    speed, rate = 343.0, hrtf.sample_rate
    displacement_N3, hits_NS = list_reference_images(room, source, listener, speed * taps / rate)
    rotation = np.array(rotation_matrix(listener.yaw_deg, listener.pitch_deg, listener.roll_deg))
    distance_N = np.linalg.norm(displacement_N3, axis=1)
    reflection_S = np.sqrt(1.0 - np.array(room.absorption)[:, 0])
    gain_N = np.prod(reflection_S**hits_NS, axis=1) / distance_N
    nearest_N = np.argmax((displacement_N3 @ rotation) @ hrtf.directions_D3.T / distance_N[:, None], axis=1)
    size = 1 << int(ceil(np.log2(taps + hrtf.taps + 128)))
    order = np.argsort(nearest_N, kind="stable")
    spectrum_CF = np.zeros((2, size // 2 + 1), complex)
    tap_T = np.arange(-31, 33)
    for d in np.unique(nearest_N):
        mine = order[np.searchsorted(nearest_N[order], d) : np.searchsorted(nearest_N[order], d, "right")]
        delay_N = distance_N[mine] * (rate / speed)
        time_NT = tap_T - (delay_N - np.floor(delay_N))[:, None]
        window_NT = np.i0(9.0 * np.sqrt(np.clip(1 - (time_NT / 32.5) ** 2, 0, None))) / np.i0(9.0)
        train_K = np.zeros(size)
        place_NT = np.floor(delay_N).astype(int)[:, None] + tap_T + 64
        np.add.at(train_K, place_NT, gain_N[mine, None] * np.sinc(time_NT) * window_NT)
        spectrum_CF += np.fft.rfft(train_K) * np.fft.rfft(hrtf.hrirs_DCK[d].astype(float), size)
    return np.fft.irfft(spectrum_CF, size)[:, 64 : 64 + taps]


def error_db(response_CK, reference_CK, sample_rate, low_hz=100.0, high_hz=18000.0):
    """Energy of the difference over that of the reference, within a band, in dB."""
    size = 1 << int(ceil(np.log2(response_CK.shape[-1])) + 1)
    frequency_F = np.fft.rfftfreq(size, 1 / sample_rate)
    band_F = (frequency_F >= low_hz) & (frequency_F <= high_hz)
    difference_CF = np.fft.rfft(np.asarray(response_CK, float) - reference_CK, size)[:, band_F]
    reference_CF = np.fft.rfft(reference_CK, size)[:, band_F]
    return 10 * np.log10(np.sum(np.abs(difference_CF) ** 2) / np.sum(np.abs(reference_CF) ** 2))


def octave_decay_db(response_CK, sample_rate, centre_hz):
    """Backward-integrated energy in dB re total, both channels, through a float64 octave band by FFT."""
    taps = response_CK.shape[-1]
    size = 1 << int(ceil(np.log2(taps)) + 1)
    frequency_F = np.fft.rfftfreq(size, 1 / sample_rate)
    ratio_F = np.maximum(frequency_F, 1e-3) / centre_hz
    magnitude_F = 1 / np.sqrt(1 + (np.abs(ratio_F - 1 / ratio_F) * np.sqrt(2.0)) ** 12)
    band_CK = np.fft.irfft(np.fft.rfft(np.asarray(response_CK, float), size) * magnitude_F, size)[:, :taps]
    energy_K = np.sum(band_CK**2, axis=0)
    left_K = np.cumsum(energy_K[::-1])[::-1]
    return 10 * np.log10(left_K / left_K[0])


__all__ = ["OCTAVE_CENTRES_HZ", "error_db", "list_reference_images", "octave_decay_db", "sum_reference", "sum_reference_long"]
