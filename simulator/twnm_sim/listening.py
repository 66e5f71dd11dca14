"""The classical listener: where a sound is and how the room decays, heard from binaural audio alone.

It knows nothing of the scene, so it says whether a question could be answered by ear. `localise_lateral` is for one
source at a time; `estimate_reverberation` needs pauses in the sound in which the room is heard to decay.

Measured accuracy (tests/simulator/test_listening.py asserts it on synthetic heads and rooms):
- lateral angle, broadband clicks and noise in the free field: within 1 degree up to 60 degrees, within 3 beyond; with a
  diffuse tail of 1 s (DRR -5 to 5 dB) noise bursts stay within 2 degrees, with one strong reflection within 3. On
  measured KEMAR responses: median 1 degree up to 60 degrees of lateral angle (95 % within 4), by the head's own table.
- reverberation time: bursts of noise in exponentially decaying rooms of 0.3 to 2 s within 15 %; a BRIR within 12 %,
  BRIRs of rendered shoeboxes (0.2 to 2.3 s, whose decays are not quite straight) within 16 %.

Limits: front and back and up and down are not told apart (the cone of confusion). Over 60 degrees the time difference
hardly changes, so errors grow. Two sources at once give the stronger onset's place. Sound without onsets in 300 Hz to
6 kHz gives a low `confidence`. Dry rooms (under about 0.1 s) and sounds that die away slower than the room (a bell)
read as the sound's own decay; steady sound gives no decay, so None.
"""

# C ears, T samples, F frequency bins, L frames, G lags, D directions, B bands

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from twnm_schemas import OCTAVE_CENTRES_HZ, AudioError, SpecError
from twnm_sim.measure import interaural
from twnm_sim.measure.bands import choose_fft_size, plan_bands, take_band, transform_real
from twnm_sim.measure.free_decays import find_free_decays

if TYPE_CHECKING:
    from twnm_sim.hrtf.model import Hrtf

Floats = NDArray[np.float64]
HEAD_RADIUS_M = 0.0875
SPEED_OF_SOUND = 343.0
_GCC_BAND_HZ = (300.0, 6000.0)
_FRAME_S, _HOP_S = 0.008, 0.002
_FORGET_S = 0.05  # how long an earlier sound masks a later one (the precedence effect lasts about as long)
_ONSET_DB = 3.0  # a frame counts as far as it rises over this much above what is remembered
_LAGS_US = np.arange(-1000.0, 1000.1, 10.0)
_ILD_BAND_HZ = (1500.0, 8000.0)
_CLEAR_ILD_DB = 3.0
_DIRECTIONS_PER_ANGLE = 12


class LateralEstimate(NamedTuple):
    """Where one source is heard. `lateral_deg`: +90 fully left; `itd_us` and `ild_db`: positive towards the left.

    `confidence`: the peak of the onset-weighted generalised cross-correlation, 1 for one coherent delay, 0.2 to 0.4 for
    unrelated ears; halved where a level difference of over 3 dB points to the other side.
    """

    lateral_deg: float
    itd_us: float
    ild_db: float
    confidence: float


class ReverberationEstimate(NamedTuple):
    """What the decays say. `t_mid_s`: mean over 500 Hz and 1 kHz of the medians, None unless both octaves decay.

    `low_s` and `high_s`: the quartiles of all decays, `decays` their number.
    """

    t_mid_s: float | None
    low_s: float | None
    high_s: float | None
    decays: int


class InterauralCues(NamedTuple):
    """Interaural cues of a whole signal by octave; None where silent, above Nyquist, or (ITD) above 1 kHz."""

    centre_hz: tuple[float, ...]
    iacc: tuple[float | None, ...]
    itd_us: tuple[float | None, ...]
    ild_db: tuple[float | None, ...]


@dataclass(frozen=True)
class LateralTable:
    """Lateral angle by time difference for one head: `itd_us` (G,) increases with `lateral_deg` (G,)."""

    lateral_deg: Floats
    itd_us: Floats

    def find_lateral(self, itd_us: float) -> float:
        """The lateral angle in degrees of a time difference; beyond the table, its end."""
        return float(np.interp(itd_us, self.itd_us, self.lateral_deg))


def woodworth_itd_us(lateral_deg: float) -> float:
    """The time difference of a rigid sphere for a far source: a / c (sin x + x) (Woodworth 1938), a = 87.5 mm."""
    angle = np.radians(lateral_deg)
    return float(1e6 * HEAD_RADIUS_M / SPEED_OF_SOUND * (np.sin(angle) + angle))


@lru_cache(maxsize=1)
def woodworth_table() -> LateralTable:
    """Woodworth's sphere in steps of one degree."""
    lateral_deg = np.arange(-90.0, 90.5, 1.0)
    return LateralTable(lateral_deg, np.array([woodworth_itd_us(angle) for angle in lateral_deg]))


def lateral_table(hrtf: "Hrtf", step_deg: float = 5.0) -> LateralTable:
    """The table of a measured head: the median time difference, as this listener hears it, by lateral angle.

    Directions are taken from every `step_deg` of lateral angle, all around the cone of confusion.
    """
    lateral_D = np.degrees(np.arcsin(np.clip(hrtf.directions_D3[:, 1], -1.0, 1.0)))
    centres = np.arange(-90.0, 90.0 + 0.5 * step_deg, step_deg)
    angles, lags = [], []
    for centre in centres:
        near = np.flatnonzero(np.abs(lateral_D - centre) <= 0.5 * step_deg)
        near = near[:: -(-near.size // _DIRECTIONS_PER_ANGLE) or 1]
        if near.size:
            angles.append(float(lateral_D[near].mean()))
            heard = [_locate(hrtf.hrirs_DCK[place], hrtf.sample_rate)[0] for place in near]
            lags.append(float(np.median(heard)))
    itd_us = np.maximum.accumulate(np.array(lags) + 1e-6 * np.arange(len(lags)))
    return LateralTable(np.array(angles), itd_us)


def localise_lateral(
    audio_CT: NDArray[np.floating], sample_rate: int, hrtf: "Hrtf | LateralTable | None" = None
) -> LateralEstimate:
    """Where the sound comes from, left to right, by the time difference of its onsets.

    `audio_CT`: (2, T), a BRIR or any sound heard through one. GCC-PHAT (Knapp and Carter 1976) from 300 Hz to 6 kHz in
    frames of 8 ms, each weighted by how far it rises above what was heard in the last 50 ms, so that the direct sound
    decides and not its reverberation. The lag becomes an angle by Woodworth's sphere, or by the table of an HRTF (build
    it once by `lateral_table` where many sounds are heard). Raises SpecError for another shape, AudioError for silence.
    """
    ears_CT = _check_ears(audio_CT)
    table = woodworth_table() if hrtf is None else hrtf if isinstance(hrtf, LateralTable) else lateral_table(hrtf)
    itd_us, ild_db, confidence = _locate(ears_CT, sample_rate)
    lateral_deg = table.find_lateral(itd_us)
    if abs(ild_db) > _CLEAR_ILD_DB and ild_db * lateral_deg < 0.0:
        confidence *= 0.5
    return LateralEstimate(lateral_deg, itd_us, ild_db, confidence)


def interaural_cues(audio_CT: NDArray[np.floating], sample_rate: int) -> InterauralCues:
    """IACC, ITD and ILD by octave of a whole signal (2, T), as `measure_brir` defines them."""
    ears_CT = _check_ears(audio_CT)
    size = choose_fft_size(ears_CT.shape[1], sample_rate)
    spectrum_CF = transform_real(ears_CT, size)
    rows = len(OCTAVE_CENTRES_HZ)
    energy_BC, correlation_BL = np.zeros((rows, 2)), np.zeros((rows, interaural.LAGS_US.size))
    for row, band in enumerate(plan_bands(size, sample_rate)):
        if band is not None:
            taken = take_band(spectrum_CF, band, size)
            energy_BC[row] = taken.energy_C
            correlation_BL[row] = interaural.correlate_band(taken, band, size, sample_rate)
    iacc_B, lag_us_B = interaural.find_peaks(correlation_BL, energy_BC)
    lag_us_B[np.array(OCTAVE_CENTRES_HZ) > interaural.ITD_TOP_HZ] = np.nan
    columns = (iacc_B, lag_us_B, interaural.level_difference_db(energy_BC))
    iacc, itd_us, ild_db = (tuple(None if np.isnan(x) else float(x) for x in column) for column in columns)
    return InterauralCues(OCTAVE_CENTRES_HZ, iacc, itd_us, ild_db)


def estimate_reverberation(audio_CT: NDArray[np.floating], sample_rate: int) -> ReverberationEstimate:
    """The reverberation time that is heard in the decays of a sound (2, T), without knowing the sound.

    Per octave (500 Hz, 1 kHz) the median over all stretches in which the level falls straight by at least 15 dB
    (`measure.free_decays`). Raises SpecError for another shape, AudioError for silence.
    """
    ears_CT = _check_ears(audio_CT)
    by_band = [find_free_decays(ears_CT, sample_rate, centre) for centre in (500.0, 1000.0)]
    heard_s = np.concatenate(by_band)
    t_mid_s = float(np.mean([np.median(times_s) for times_s in by_band])) if all(map(len, by_band)) else None
    if not heard_s.size:
        return ReverberationEstimate(None, None, None, 0)
    low_s, high_s = np.quantile(heard_s, (0.25, 0.75))
    return ReverberationEstimate(t_mid_s, float(low_s), float(high_s), heard_s.size)


def _check_ears(audio_CT: NDArray[np.floating]) -> NDArray[np.float32]:
    if audio_CT.ndim != 2 or audio_CT.shape[0] != 2:
        raise SpecError(f"Audio of shape {audio_CT.shape} is not binaural; give (2, T), the left ear first.")
    ears_CT = np.ascontiguousarray(audio_CT, dtype=np.float32)
    peak = float(np.abs(ears_CT).max(initial=0.0))
    if not np.isfinite(peak):
        raise AudioError("The audio holds NaN or infinite samples; it cannot be listened to.")
    if peak == 0.0:
        raise AudioError("The audio is silent; there is nothing to listen to.")
    return ears_CT


def _locate(ears_CT: NDArray[np.floating], sample_rate: int) -> tuple[float, float, float]:
    """(itd_us, ild_db, confidence) of the onsets."""
    spectra_CLF, frequency_F = _frame_spectra(ears_CT, sample_rate)
    heard_F = _in_gcc_band(frequency_F)
    power_CLF = np.square(np.abs(spectra_CLF))
    weight_L = _weigh_onsets(power_CLF[:, :, heard_F].sum(axis=(0, 2)))
    cross_LF = np.conj(spectra_CLF[0][:, heard_F]) * spectra_CLF[1][:, heard_F]
    # The phase transform with a little of each frame's own spectrum left, so that bins of pure rounding count nothing.
    magnitude_LF = np.abs(cross_LF)
    floor_L1 = 1e-3 * magnitude_LF.max(axis=1, keepdims=True) + 1e-300
    phase_F = (weight_L @ (cross_LF / (magnitude_LF + floor_L1))) / weight_L.sum()
    gcc_G = (phase_F @ _turns(sample_rate)).real / np.count_nonzero(heard_F)
    itd_us, height = _refine_peak(gcc_G)
    loud_F = (frequency_F >= _ILD_BAND_HZ[0]) & (frequency_F <= _ILD_BAND_HZ[1])
    # Every frame that holds an onset counts, not only the first, at whose end the window favours the earlier ear.
    held_L = np.convolve(weight_L, np.ones(round(_FRAME_S / _HOP_S)))[: weight_L.size]
    left, right = (float(held_L @ power_CLF[ear][:, loud_F].sum(axis=1)) + 1e-300 for ear in (0, 1))
    return itd_us, float(10.0 * np.log10(left / right)), min(max(height, 0.0), 1.0)


def _frame_sizes(sample_rate: int) -> tuple[int, int, int]:
    """Samples of a frame, of a hop, and of the transform (zero-padded to twice)."""
    frame = round(_FRAME_S * sample_rate)
    return frame, round(_HOP_S * sample_rate), scipy.fft.next_fast_len(2 * frame, real=True)


def _frame_spectra(ears_CT: NDArray[np.floating], sample_rate: int) -> tuple[NDArray[np.complex128], Floats]:
    """Hann-windowed frames' spectra (C, L, F) and their frequencies in Hz."""
    frame, hop, size = _frame_sizes(sample_rate)
    padded_CT = np.pad(ears_CT, ((0, 0), (frame, 2 * frame)))
    framed_CLT = np.lib.stride_tricks.sliding_window_view(padded_CT, frame, axis=1)[:, ::hop]
    window_T = np.hanning(frame + 2)[1:-1]  # float64: the phase transform divides by what may be tiny
    spectra_CLF: NDArray[np.complex128] = scipy.fft.rfft(framed_CLT * window_T, size, axis=-1)
    return spectra_CLF, _frequencies(size, sample_rate)


def _frequencies(size: int, sample_rate: int) -> Floats:
    return np.asarray(np.arange(size // 2 + 1) * (sample_rate / size), dtype=np.float64)


def _in_gcc_band(frequency_F: Floats) -> NDArray[np.bool_]:
    return (frequency_F >= _GCC_BAND_HZ[0]) & (frequency_F <= _GCC_BAND_HZ[1])


@lru_cache(maxsize=8)
def _turns(sample_rate: int) -> NDArray[np.complex128]:
    """exp(i w lag) for the frequencies of the GCC band and all lags (F, G)."""
    frequency_F = _frequencies(_frame_sizes(sample_rate)[2], sample_rate)
    turn_FG: NDArray[np.complex128] = np.exp(2e-6j * np.pi * np.outer(frequency_F[_in_gcc_band(frequency_F)], _LAGS_US))
    return turn_FG


def _weigh_onsets(power_L: Floats) -> Floats:
    """How much each frame's energy rises above the decaying memory of the frames before it (L,); sums above zero."""
    keep = float(np.exp(-_HOP_S / _FORGET_S))
    loudest = float(power_L.max())
    rise = 10.0 ** (_ONSET_DB / 10.0)
    memory = 1e-6 * loudest
    weight_L = np.zeros(power_L.size)
    for place, power in enumerate(power_L):
        weight_L[place] = max(0.0, float(power) - rise * memory)
        memory = max(keep * memory, float(power), 1e-6 * loudest)
    # The square root lets a dozen onsets of different loudness all have their say.
    return np.sqrt(weight_L / loudest)


def _refine_peak(gcc_G: Floats) -> tuple[float, float]:
    peak = int(np.argmax(gcc_G))
    if not 0 < peak < gcc_G.size - 1:
        return float(_LAGS_US[peak]), float(gcc_G[peak])
    before, top, after = (float(gcc_G[peak + side]) for side in (-1, 0, 1))
    bend = before - 2.0 * top + after
    shift = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return float(_LAGS_US[peak] + 10.0 * shift), top - 0.25 * (before - after) * shift
