"""The diffuse tail: shaped noise that continues the images' energy.

Gaussian noise, drawn anew in frames of 23 ms that overlap by half under a sine window (powers add to one),
takes in every frame and frequency bin the energy that the image sources still bring (`decay.energy_rates`), each
direction weighted by its own HRIR's power in that bin and by the air it crossed. The two ears' noise is mixed to the
real part of the head's diffuse-field coherence: L = g_L (a W + j b Y), R = g_R (a W - j b Y) with
a^2 = (1 + coherence) / 2. W is the pressure that mono and W of Ambisonics carry and Y their left-right gradient, so all
outputs share one sound field. Its directions are independent of each other, which those of a real shoebox are not.

Everything that depends on the room alone is computed once per room (`shape_tail`); a position draws its own noise.
Shapes: M frames, F bins, C channels, D directions, B octave bands, K taps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from twnm_schemas.geometry import rotation_matrix
from twnm_schemas.render import Atmosphere
from twnm_schemas.rooms import Listener, Room
from twnm_sim.compiled import compiled
from twnm_sim.decay import energy_rates, quadrature_directions
from twnm_sim.render.ambisonics import spherical_harmonics
from twnm_sim.render.losses import air_nepers_per_m
from twnm_sim.render.nearest import DirectionTable
from twnm_sim.walls import octave_place, walls_are_flat

Float = NDArray[np.floating]
FADE_S = 0.010
SHORTEST_MIXING_S = 0.080
_ECHOES_PER_S = 4000.0
_AT_ONCE = 512  # directions, to bound the memory of large sets
_VARIANCE = 6.0  # scales a complex number with uniform parts to variance one
_HOP_S = 0.0116  # half a frame: 512 samples at 44.1 kHz
_NODE_FRAMES = 2  # half frames between two at which the images' energy is computed
_PER_OCTAVE = 4  # places at which walls that are not flat are computed


def mixing_time_s(room: Room, speed: float) -> float:
    """When the tail takes over: 80 ms, or later in large rooms, where 4,000 images arrive each second.

    The density 4 pi c^3 t^2 / V is that of image sources; from a few thousand reflections a second on a response sounds
    like noise (Rubak and Johansen 1998, AES 104th Convention, preprint 4725).
    """
    return max(SHORTEST_MIXING_S, float(np.sqrt(_ECHOES_PER_S * room.volume_m3 / (4.0 * np.pi * speed**3))))


def frame_hop(sample_rate: int) -> int:
    """Samples of half a frame: about 11.6 ms, a good transform size."""
    return int(scipy.fft.next_fast_len(round(_HOP_S * sample_rate), real=True))


@dataclass(frozen=True)
class DiffuseField:
    """What the tail needs of a head: power (2, D, F) of its HRIRs, and the real diffuse-field coherence (F,)."""

    power_CDF: NDArray[np.float32]
    coherence_F: Float


def diffuse_field(hrirs_DCK: NDArray[np.float32], solid_angles_D: Float, sample_rate: int) -> DiffuseField:
    """The field of a set whose directions are weighted by their solid angle, in the bins of the tail's frames."""
    frame = 2 * frame_hop(sample_rate)
    directions, ears, taps = hrirs_DCK.shape
    power_CDF = np.empty((ears, directions, frame // 2 + 1), np.float32)
    mean_CF = np.zeros((ears, frame // 2 + 1))
    cross_F = np.zeros(frame // 2 + 1, complex)
    share_D = solid_angles_D / solid_angles_D.sum()
    for first in range(0, directions, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        padded = np.zeros((len(share_D[part]), ears, frame * -(-taps // frame)))
        padded[..., :taps] = hrirs_DCK[part]
        # a response longer than a frame is folded, which samples its spectrum
        spectrum_DCF = np.fft.rfft(padded.reshape(len(padded), ears, -1, frame).sum(axis=2))
        power_DCF = np.abs(spectrum_DCF) ** 2
        power_CDF[:, part] = power_DCF.transpose(1, 0, 2)
        mean_CF += np.einsum("d,dcf->cf", share_D[part], power_DCF)
        cross_F += np.einsum("d,df->f", share_D[part], spectrum_DCF[:, 0] * spectrum_DCF[:, 1].conj())
    coherence_F = cross_F.real / np.sqrt(np.maximum(mean_CF[0] * mean_CF[1], 1e-30))
    return DiffuseField(power_CDF, coherence_F.clip(-1.0, 1.0))


@dataclass(frozen=True)
class TailShape:
    """A room's tail before its noise is drawn.

    `start`: first sample of the fade-in; `first_frame`: sample at which frame 0 begins; `gain_CMF`: amplitude of each
    channel, frame and bin; `window_MT`: sine window x the decay inside the frame.
    """

    start: int
    first_frame: int
    gain_CMF: NDArray[np.float32]
    window_MT: NDArray[np.float32]


def shape_tail(
    room: Room,
    listener: Listener,
    atmosphere: Atmosphere,
    sample_rate: int,
    taps: int,
    latency_s: float,
    channel_power: tuple[NDArray[np.float32], DirectionTable] | None,
) -> TailShape:
    """The tail of a room from its mixing time to `taps`; (M = 0) where the response ends before.

    `channel_power`: HRIR power (2, D, F) and the directions' table for a head, None for first-order Ambisonics.
    """
    speed, hop = atmosphere.speed_of_sound, frame_hop(sample_rate)
    start = int(np.ceil((mixing_time_s(room, speed) + latency_s) * sample_rate))
    frames = -(-(taps - start) // hop) + 1
    if taps <= start:
        channels = 2 if channel_power else 4
        return TailShape(taps, taps, np.zeros((channels, 0, hop + 1), np.float32), np.zeros((0, 2 * hop), np.float32))
    centre_M = (start + hop * np.arange(frames)) / sample_rate - latency_s
    rotation = np.array(rotation_matrix(listener.yaw_deg, listener.pitch_deg, listener.roll_deg))
    vectors_Q3 = quadrature_directions()[0] @ rotation
    if channel_power is None:
        power_CDF = (spherical_harmonics(1, vectors_Q3).T[:, :, None] ** 2).astype(np.float32)
        groups_Q = np.arange(len(vectors_Q3), dtype=np.int32)
    else:
        power_CDF, table = channel_power
        groups_Q = table.find(vectors_Q3)
    node_M = np.maximum(centre_M[np.append(np.arange(0, frames - 1, _NODE_FRAMES), frames - 1)], 1e-4)
    places_B = [0.0] if walls_are_flat(room) else (np.arange(6 * _PER_OCTAVE + 1) / _PER_OCTAVE).tolist()
    rates_BMD = energy_rates(room, node_M, speed, places_B, groups_Q).astype(np.float32)
    frequency_F = np.fft.rfftfreq(2 * hop, 1.0 / sample_rate)
    node_CMF = _energy_by_bin(rates_BMD, power_CDF, octave_place(frequency_F)) / np.float32(sample_rate)
    energy_CMF = _interpolate_frames(node_CMF, node_M, centre_M)
    if atmosphere.absorption:
        nepers_MF = np.outer(speed * centre_M, air_nepers_per_m(frequency_F, atmosphere))
        energy_CMF = energy_CMF * np.exp(-2.0 * nepers_MF).astype(np.float32)
    gain_CMF = np.sqrt(energy_CMF * (2 * hop)).astype(np.float32)
    return TailShape(start, start - hop, gain_CMF, _windows(energy_CMF))


def _energy_by_bin(
    rates_BMD: NDArray[np.float32], power_CDF: NDArray[np.float32], place_F: Float
) -> NDArray[np.float32]:
    """Energy per second (C, M, F): each bin's directions summed, and its walls between two places in dB.

    The places are a quarter of an octave apart, near enough for the sum over directions to be interpolated; between
    octave centres each surface's loss is interpolated first (`energy_rates`).
    """
    channels, _, bins = power_CDF.shape
    frames = rates_BMD.shape[1]
    if len(rates_BMD) == 1:
        energy_CMF = np.zeros((channels, frames, bins), np.float32)
        _sum_directions(rates_BMD[0], power_CDF, energy_CMF)
        return np.broadcast_to(energy_CMF, (channels, frames, len(place_F)))
    node_F = place_F * _PER_OCTAVE
    out_CMF = np.empty((channels, frames, len(place_F)), np.float32)
    for b in range(len(rates_BMD) - 1):
        mine = np.flatnonzero((node_F >= b) & ((node_F < b + 1) | (b == len(rates_BMD) - 2)))
        if len(mine) == 0:
            continue
        power_CDP = np.ascontiguousarray(power_CDF[:, :, mine] if bins > 1 else power_CDF)
        low_CMP, high_CMP = (np.zeros((channels, frames, power_CDP.shape[2]), np.float32) for _ in range(2))
        _sum_directions(rates_BMD[b], power_CDP, low_CMP)
        _sum_directions(rates_BMD[b + 1], power_CDP, high_CMP)
        share_P = (node_F[mine] - b).astype(np.float32)
        tiny = np.finfo(np.float32).tiny
        log_low, log_high = np.log(np.maximum(low_CMP, tiny)), np.log(np.maximum(high_CMP, tiny))
        out_CMF[:, :, mine] = np.exp(log_low + share_P * (log_high - log_low))
    return out_CMF


@compiled
def _sum_directions(rates_MD, power_CDF, out_CMF):  # type: ignore[no-untyped-def]  # compiled
    # Not a matrix product of BLAS: its bytes would depend on the number of its threads.
    for c in range(out_CMF.shape[0]):
        for d in range(rates_MD.shape[1]):
            power_F = power_CDF[c, d]
            for m in range(out_CMF.shape[1]):
                rate = rates_MD[m, d]
                if rate != 0.0:
                    out_F = out_CMF[c, m]
                    for f in range(len(power_F)):
                        out_F[f] += rate * power_F[f]


def _interpolate_frames(node_CMF: NDArray[np.float32], node_M: Float, centre_M: Float) -> NDArray[np.float32]:
    """Energies at every frame from those at some, linear in dB over time: decays are nearly exponential."""
    if len(node_M) == 1:
        return np.repeat(node_CMF, len(centre_M), axis=1)
    log_CMF = np.log(np.maximum(node_CMF, np.finfo(np.float32).tiny))
    place_M = np.interp(centre_M, node_M, np.arange(len(node_M)))
    low_M = np.minimum(place_M.astype(int), len(node_M) - 2)
    share_M1 = (place_M - low_M).astype(np.float32)[:, None]
    return np.asarray(np.exp(log_CMF[:, low_M] * (1.0 - share_M1) + log_CMF[:, low_M + 1] * share_M1))


def _windows(energy_CMF: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sine windows (M, T), each with the decay of the whole band's energy inside its frame."""
    frame = 2 * (energy_CMF.shape[2] - 1)
    total_M = np.maximum(energy_CMF[:, :, 2:].sum(axis=(0, 2), dtype=np.float64), 1e-30)
    slope_M = np.gradient(np.log(total_M)) / (frame // 2) if len(total_M) > 1 else np.zeros(1)  # of energy, per sample
    time_T = np.arange(frame) + 0.5 - frame // 2
    sine_T = np.sin(np.pi * (np.arange(frame) + 0.5) / frame)
    return np.asarray(sine_T * np.exp(0.5 * slope_M[:, None].clip(-0.02, 0.0) * time_T), dtype=np.float32)


def draw_noise(rng: np.random.Generator, frames: int, bins: int) -> NDArray[np.complex64]:
    """Spectra (frames, bins) of parts uniform in [0, 1): `mix_*` centres and scales them to unit variance.

    Their hundreds of uniform parts make a frame's samples Gaussian.
    """
    return rng.random((frames, 2 * bins), dtype=np.float32).view(np.complex64)


def mix_ears(
    shape: TailShape, coherence_F: Float, w_MF: NDArray[np.complex64], y_MF: NDArray[np.complex64]
) -> NDArray[np.complex64]:
    """Shaped spectra (2, M, F) of the two ears from the noise of pressure and of its left-right gradient."""
    common_F = np.sqrt(0.5 * _VARIANCE * (1.0 + coherence_F)).astype(np.float32)
    opposed_F = np.sqrt(0.5 * _VARIANCE * (1.0 - coherence_F)).astype(np.float32)
    out_CMF = np.empty(shape.gain_CMF.shape, np.complex64)
    _mix(shape.gain_CMF, common_F, opposed_F, w_MF, y_MF, out_CMF)
    return out_CMF


def mix_harmonics(shape: TailShape, noises: Sequence[NDArray[np.complex64]]) -> NDArray[np.complex64]:
    """Shaped spectra (C, M, F) of Ambisonic channels, one noise each."""
    scale = np.float32(np.sqrt(_VARIANCE))
    half = np.complex64(0.5 + 0.5j)
    return np.stack(
        [gain_MF * (scale * (noise - half)) for gain_MF, noise in zip(shape.gain_CMF, noises, strict=False)]
    )


@compiled
def _mix(gain_CMF, common_F, opposed_F, w_MF, y_MF, out_CMF):  # type: ignore[no-untyped-def]  # compiled
    frames, bins = out_CMF.shape[1], out_CMF.shape[2]
    half = np.complex64(0.5 + 0.5j)
    for m in range(frames):
        for f in range(bins):
            w = (w_MF[m, f] - half) * common_F[f]
            y = (y_MF[m, f] - half) * opposed_F[f]
            turned = np.complex64(complex(-y.imag, y.real))
            out_CMF[0, m, f] = gain_CMF[0, m, f] * (w + turned)
            out_CMF[1, m, f] = gain_CMF[1, m, f] * (w - turned)


def add_tail(
    response_CK: NDArray[np.float32], shape: TailShape, spectra_CMF: NDArray[np.complex64], sample_rate: int
) -> None:
    """Add the tail of shaped spectra to a response, in place, fading in over 10 ms (powers add)."""
    if shape.gain_CMF.shape[1] == 0:
        return
    frames_CMT = scipy.fft.irfft(spectra_CMF, shape.window_MT.shape[1])
    fade = np.sin(0.5 * np.pi * (np.arange(int(FADE_S * sample_rate)) + 0.5) / int(FADE_S * sample_rate))
    _overlap_add(frames_CMT, shape.window_MT, shape.start, shape.first_frame, fade.astype(np.float32), response_CK)


def fade_out_images(arrival_s: Float, mixing_s: float) -> Float:
    """The weight of images that arrive around the mixing time: 1 before, then a cosine to 0 within 10 ms."""
    return np.asarray(np.cos(0.5 * np.pi * np.clip((arrival_s - mixing_s) / FADE_S, 0.0, 1.0)))


@compiled
def _overlap_add(frames_CMT, window_MT, start, first_frame, fade, out_CK):  # type: ignore[no-untyped-def]  # compiled
    channels, frames, length = frames_CMT.shape
    for c in range(channels):
        for m in range(frames):
            begin = first_frame + m * (length // 2)
            low = max(0, start - begin)
            high = min(length, out_CK.shape[1] - begin)
            for t in range(low, high):
                value = frames_CMT[c, m, t] * window_MT[m, t]
                since = begin + t - start
                if since < len(fade):
                    value *= fade[since]
                out_CK[c, begin + t] += value
