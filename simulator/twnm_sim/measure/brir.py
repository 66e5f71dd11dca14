"""`measure_brir`: everything that `twnm_schemas.Acoustics` holds, from one response.

One real transform of both ears serves all: each octave's weighted bins give its energy over time (one short inverse
transform), its level at each ear and its interaural cross-correlation. The broadband row is the sum of the octaves.
"""

# S source positions, B bands (the last row is broadband), C ears or channels, K taps, G grid points

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twnm_schemas import OCTAVE_CENTRES_HZ, Acoustics, BandAcoustics, BroadbandAcoustics, SpecError
from twnm_sim.measure import interaural
from twnm_sim.measure.bands import Band, Floats, bandwidth_hz, plan_bands, take_band
from twnm_sim.measure.curves import Response, band_energy_curve, decay_of, grid_times, prepare_response
from twnm_sim.measure.decays import EDT, T20, T30, Decay, fit_decay_times, reaches
from twnm_sim.measure.direct import WINDOW_S, measure_direct
from twnm_sim.measure.images import DirectImage, split_direct_image

_MIN_BANDWIDTH_TIME = 8.0
_SILENT_BAND = 1e-12  # of the strongest band's energy
_NO_LATE_ENERGY = 1e-8
_ROUNDING = 1e-6  # of the direct image's energy: what taking it away from float32 sums may leave
_BANDS = len(OCTAVE_CENTRES_HZ)
_NAMES = (*(f"{centre:.0f}hz" for centre in OCTAVE_CENTRES_HZ), "broadband")


@dataclass
class _Sheet:
    """What has been read so far, band by band (the last row is broadband); None is null."""

    rt60_s: list[float | None] = field(default_factory=lambda: [None] * (_BANDS + 1))
    rt60_range: list[str] = field(default_factory=lambda: [""] * (_BANDS + 1))
    edt_s: list[float | None] = field(default_factory=lambda: [None] * (_BANDS + 1))
    c50_db: list[float | None] = field(default_factory=lambda: [None] * (_BANDS + 1))
    d50: list[float | None] = field(default_factory=lambda: [None] * (_BANDS + 1))
    drr_db: list[float | None] = field(default_factory=lambda: [None] * (_BANDS + 1))
    iacc: list[float | None] = field(default_factory=lambda: [None] * (_BANDS + 1))
    itd_us: list[float | None] = field(default_factory=lambda: [None] * (_BANDS + 1))
    ild_db: list[float | None] = field(default_factory=lambda: [None] * (_BANDS + 1))
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Energies:
    """What the spectrum gives, by band: (B + 1, G + 1) energy up to each time, (B + 1, C) energy, (B, L) IACF."""

    until_BG: Floats
    by_channel_BC: Floats
    correlation_BL: Floats


def measure_brir(
    brir_CK: NDArray[np.floating],
    sample_rate: int,
    *,
    onset_s: float | None = None,
    direct_image: DirectImage | None = None,
    flags: Iterable[str] = (),
) -> Acoustics:
    """Measure one response: (2, K) binaural, (1, K) mono, or (4, K) first-order Ambisonics, of which W is used.

    `onset_s`: when the direct sound reaches the nearer ear, from the first sample; without it, the first sample within
    20 dB of the peak (ISO 3382-1). `direct_image`: the direct sound as a simulator rendered it alone, whose energy is
    set against that of the rest (`drr_method` "images"); without it the energy up to 2.5 ms after the onset against the
    rest ("window"). `flags` are the caller's own and come first.

    Reverberation times: T30, else T20, by Schroeder integration corrected for the cut (ISO 3382-1); EDT from 0 to
    -10 dB; C50 and D50 about 50 ms after the onset; both ears' energies summed. IACC: the maximum of |IACF| within 1 ms
    (ISO 3382-1), of the whole response. Mono and Ambisonics have no interaural values and no flag about it.

    Where a value is null a flag `QUANTITY_BAND_REASON` says why, e.g. "rt60_125hz_cut". Reasons: "cut" (the response or
    its noise does not reach 10 dB below the range), "ringing" (bandwidth x time below 8: the filter would be measured),
    "too_fast" (decays within three points of the time grid), "no_late_energy", "no_reverberation", "silent_ear". A
    whole band is "band_8000hz_above_nyquist" or "band_125hz_silent".

    Raises SpecError for another shape or an onset outside the response, AudioError for silence, NaN or infinity.
    """
    response = prepare_response(brir_CK, sample_rate, onset_s)
    sheet = _Sheet(flags=list(flags))
    times_s = grid_times(response)
    energies = _transform_bands(response, times_s, sheet)
    present = _present_rows(energies)
    _flag_silent(energies, response, sheet)
    decay = decay_of(energies.until_BG, times_s)
    _read_reverberation(decay, energies, present, sheet)
    _read_clarity(decay, present, sheet)
    _read_drr(response, direct_image, energies, present, sheet)
    if energies.by_channel_BC.shape[1] == 2:
        _read_interaural(energies, present, sheet)
    direct = measure_direct(response.heard_CK, sample_rate, response.onset_s)
    return _write_acoustics(sheet, direct, "window" if direct_image is None else "images")


def measure_brirs(
    brirs_SCK: NDArray[np.floating] | Sequence[NDArray[np.floating]],
    sample_rate: int,
    *,
    onsets_s: Sequence[float] | None = None,
    direct_images: Sequence[DirectImage] | None = None,
    flags: Sequence[Iterable[str]] | None = None,
) -> tuple[Acoustics, ...]:
    """`measure_brir` for each position of a room. They share filters, which every call of one length does anyway."""
    count = len(brirs_SCK)
    for name, given in (("onsets_s", onsets_s), ("direct_images", direct_images), ("flags", flags)):
        if given is not None and len(given) != count:
            raise SpecError(f"{name} has {len(given)} entries for {count} responses; give one for each.")
    return tuple(
        measure_brir(
            brirs_SCK[place],
            sample_rate,
            onset_s=None if onsets_s is None else onsets_s[place],
            direct_image=None if direct_images is None else direct_images[place],
            flags=() if flags is None else flags[place],
        )
        for place in range(count)
    )


def _transform_bands(response: Response, times_s: Floats, sheet: _Sheet) -> _Energies:
    spectrum_CF = response.transform(response.heard_CK)
    channels = spectrum_CF.shape[0]
    until_BG = np.zeros((_BANDS + 1, times_s.size))
    by_channel_BC = np.zeros((_BANDS + 1, channels))
    correlation_BL = np.zeros((_BANDS + 1, interaural.LAGS_US.size))
    for row, band in enumerate(plan_bands(response.fft_size, response.sample_rate)):
        if band is None:
            sheet.flags.append(f"band_{_NAMES[row]}_above_nyquist")
            continue
        spectrum = take_band(spectrum_CF, band, response.fft_size)
        until_BG[row] = band_energy_curve(spectrum, response, times_s)
        by_channel_BC[row] = spectrum.energy_C
        if channels == 2:
            correlation_BL[row] = interaural.correlate_band(spectrum, band, response.fft_size, response.sample_rate)
    for rows in (until_BG, by_channel_BC, correlation_BL):
        np.sum(rows[:-1], axis=0, out=rows[-1])
    return _Energies(until_BG, by_channel_BC, correlation_BL)


def _present_rows(energies: _Energies) -> list[int]:
    energy_B = energies.by_channel_BC.sum(axis=1)
    return [int(row) for row in np.flatnonzero(energy_B > _SILENT_BAND * energy_B[:-1].max(initial=0.0))]


def _flag_silent(energies: _Energies, response: Response, sheet: _Sheet) -> None:
    present = _present_rows(energies)
    planned: Sequence[Band | None] = plan_bands(response.fft_size, response.sample_rate)
    silent = [row for row, band in enumerate(planned) if band is not None and row not in present]
    sheet.flags += [f"band_{_NAMES[row]}_silent" for row in silent]


def _read_reverberation(decay: Decay, energies: _Energies, present: list[int], sheet: _Sheet) -> None:
    times = fit_decay_times(decay)
    reach30_B, reach20_B, reach10_B = (reaches(decay, limits) for limits in (T30, T20, EDT))
    share_B = energies.by_channel_BC.sum(axis=1) / max(float(energies.by_channel_BC[-1].sum()), 1e-300)
    for row in present:
        name, limits = ("T30", T30) if reach30_B[row] else ("T20", T20)
        time_s = float((times.t30_s_B if reach30_B[row] else times.t20_s_B)[row])
        reason = _refuse_time(time_s, bool(reach20_B[row]), _narrowest(row, present, share_B, limits[1]))
        if reason:
            sheet.flags.append(f"rt60_{_NAMES[row]}_{reason}")
        else:
            sheet.rt60_s[row], sheet.rt60_range[row] = time_s, name
        edt_s = float(times.edt_s_B[row])
        reason = _refuse_time(edt_s, bool(reach10_B[row]), _narrowest(row, present, share_B, EDT[1]))
        if reason:
            sheet.flags.append(f"edt_{_NAMES[row]}_{reason}")
        else:
            sheet.edt_s[row] = edt_s


def _narrowest(row: int, present: list[int], share_B: Floats, lower_db: float) -> float:
    """The bandwidth in Hz whose ringing shapes a curve down to `lower_db`.

    For the broadband row it is that of the lowest octave with more than that share of the energy.
    """
    if row < _BANDS:
        return bandwidth_hz(OCTAVE_CENTRES_HZ[row])
    heard = (band for band in present if band < _BANDS and share_B[band] >= 10.0 ** (lower_db / 10.0))
    return bandwidth_hz(OCTAVE_CENTRES_HZ[min(heard)])


def _refuse_time(time_s: float, reached: bool, bandwidth: float) -> str:
    if not reached:
        return "cut"
    if np.isnan(time_s):
        return "too_fast"
    return "ringing" if bandwidth * time_s < _MIN_BANDWIDTH_TIME else ""


def _read_clarity(decay: Decay, present: list[int], sheet: _Sheet) -> None:
    reached_B = reaches(decay, EDT)
    for row in present:
        total, early = float(decay.total_B[row]), float(decay.early_B[row])
        late = total - early
        if not reached_B[row]:
            sheet.flags += [f"c50_{_NAMES[row]}_cut", f"d50_{_NAMES[row]}_cut"]
            continue
        sheet.d50[row] = min(early / total, 1.0)
        if late <= _NO_LATE_ENERGY * total:
            sheet.flags.append(f"c50_{_NAMES[row]}_no_late_energy")
        elif early > 0.0:
            sheet.c50_db[row] = float(10.0 * np.log10(early / late))


def _read_drr(
    response: Response, image: DirectImage | None, energies: _Energies, present: list[int], sheet: _Sheet
) -> None:
    if image is None:
        direct_B, other_B = _split_direct(response)
    else:
        energy_B = energies.by_channel_BC.sum(axis=1)
        direct_B, other_B = split_direct_image(response.heard_CK, response.sample_rate, image, energy_B)
    nothing = _SILENT_BAND if image is None else _ROUNDING
    for row in present:
        if other_B[row] <= nothing * direct_B[row] or direct_B[row] <= 0.0:
            sheet.flags.append(f"drr_{_NAMES[row]}_no_reverberation")
        else:
            sheet.drr_db[row] = float(10.0 * np.log10(direct_B[row] / other_B[row]))


def _split_direct(response: Response) -> tuple[Floats, Floats]:
    """Energy by band (last: broadband) up to 2.5 ms after the onset, and of the rest; each filtered by itself."""
    cut = round((response.onset_s + WINDOW_S) * response.sample_rate)
    rest_CK = response.heard_CK.copy()
    rest_CK[:, :cut] = 0.0
    split = np.zeros((2, _BANDS + 1))
    for part, channels_CK in enumerate((response.heard_CK[:, :cut], rest_CK)):
        spectrum_CF = response.transform(channels_CK)
        for row, band in enumerate(plan_bands(response.fft_size, response.sample_rate)):
            if band is not None:
                split[part, row] = take_band(spectrum_CF, band, response.fft_size).energy_C.sum()
    split[:, -1] = split[:, :-1].sum(axis=1)
    return split[0], split[1]


def _read_interaural(energies: _Energies, present: list[int], sheet: _Sheet) -> None:
    iacc_B, lag_us_B = interaural.find_peaks(energies.correlation_BL, energies.by_channel_BC)
    ild_db_B = interaural.level_difference_db(energies.by_channel_BC)
    for row in present:
        if np.isnan(ild_db_B[row]):
            sheet.flags.append(f"interaural_{_NAMES[row]}_silent_ear")
            continue
        sheet.iacc[row], sheet.ild_db[row] = float(iacc_B[row]), float(ild_db_B[row])
        if row == _BANDS or OCTAVE_CENTRES_HZ[row] <= interaural.ITD_TOP_HZ:
            sheet.itd_us[row] = float(lag_us_B[row])


def _write_acoustics(sheet: _Sheet, direct: tuple[float | None, float | None], drr_method: str) -> Acoustics:
    columns = ("rt60_s", "rt60_range", "edt_s", "c50_db", "d50", "drr_db", "iacc", "itd_us", "ild_db")
    rows = [{name: getattr(sheet, name)[row] for name in columns} for row in range(_BANDS + 1)]
    octaves = zip(OCTAVE_CENTRES_HZ, rows[:-1], strict=True)
    low, high = (sheet.rt60_s[OCTAVE_CENTRES_HZ.index(centre)] for centre in (500.0, 1000.0))
    return Acoustics(
        t_mid_s=None if low is None or high is None else 0.5 * (low + high),
        broadband=BroadbandAcoustics(**rows[-1], direct_itd_us=direct[0], direct_ild_db=direct[1]),
        bands=tuple(BandAcoustics(centre_hz=centre, **row) for centre, row in octaves),
        drr_method=drr_method,
        flags=tuple(sheet.flags),
    )
