"""From a name, a path or a URL to an `Hrtf`: find the file, read it, resample it, sum it up."""

# D directions, C ears, K taps

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twnm_schemas import HrtfError, HrtfInfo, SpecError
from twnm_shards.files import sha256_of
from twnm_sim.hrtf.catalog import (
    FABIAN,
    KEMAR,
    KNOWN_SETS,
    SPHERICAL_HEAD,
    SPHERICAL_HEAD_CITATION,
    choose_license,
    hrtf_names,
    packaged_kemar,
)
from twnm_sim.hrtf.fetch import fetch_known, fetch_url
from twnm_sim.hrtf.grid import solid_angles
from twnm_sim.hrtf.measures import diffuse_gain, find_onsets, mean_latency
from twnm_sim.hrtf.model import Hrtf
from twnm_sim.hrtf.resample import resample_hrirs
from twnm_sim.hrtf.sofa import SofaHrirs, read_sofa
from twnm_sim.hrtf.spherical_head import spherical_head_directions, spherical_head_hrirs

__all__ = ["hrtf_names", "load_hrtf"]

DEFAULT_RATE = 44100  # of a computed set, which has no rate of its own


@dataclass(frozen=True)
class _Origin:
    """What is known of a set besides its numbers."""

    name: str
    sha256: str
    license: str
    citation: str
    source_url: str
    measured_sample_rate: int
    measured_distance_m: float | None


def load_hrtf(name_or_path_or_url: str | Path, sample_rate: int | None = None, license: str | None = None) -> Hrtf:  # noqa: A002
    """An HRTF set at `sample_rate` (its own by default).

    Takes `kemar` (packaged), `fabian` (fetched once), `spherical-head` (computed), the path of a SimpleFreeFieldHRIR
    SOFA file, or its http(s) URL (fetched once). `license` overrides what the reviewed table or the file says. Raises
    HrtfError for a set that cannot be used and SpecError for an unusable rate or licence.
    """
    if sample_rate is not None and not 8000 <= sample_rate <= 192000:
        raise SpecError(f"A sample rate of {sample_rate} Hz is outside 8000 to 192000 Hz; give another.")
    wanted = str(name_or_path_or_url)
    if wanted == SPHERICAL_HEAD:
        return _compute_spherical_head(sample_rate or DEFAULT_RATE, license)
    path, url = _find_file(wanted)
    return _load_file(path, url, sample_rate, license)


def _find_file(wanted: str) -> tuple[Path, str]:
    """The local path, and the URL it came from ("" for a path of the user's own)."""
    if wanted == KEMAR.name:
        return packaged_kemar(), KEMAR.source_url
    if wanted == FABIAN.name:
        return fetch_known(FABIAN), FABIAN.source_url
    if wanted.startswith(("http://", "https://")):
        return fetch_url(wanted), wanted
    if not Path(wanted).exists() and Path(wanted).name == wanted and not wanted.endswith(".sofa"):
        raise HrtfError(
            f"There is no HRTF set named '{wanted}'; give one of {', '.join(hrtf_names())}, "
            "or the path or URL of a SOFA file."
        )
    return Path(wanted), ""


def _load_file(path: Path, url: str, sample_rate: int | None, override: str | None) -> Hrtf:
    read = _read_file(path, url)
    sha256 = sha256_of(path)
    known = KNOWN_SETS.get(sha256)
    rate = sample_rate or read.sample_rate
    origin = _Origin(
        name=known.name if known else _name_of(path, url),
        sha256=sha256,
        license=choose_license(override, known, read.license),
        citation=known.citation if known else read.citation,
        source_url=known.source_url if known else url,
        measured_sample_rate=read.sample_rate,
        measured_distance_m=read.distance_m,
    )
    return _sum_up(read.hrirs_DCK, read.directions_D3, rate, origin)


def _read_file(path: Path, url: str) -> SofaHrirs:
    """A fetched file that cannot be used leaves the cache, so that the next call fetches it again."""
    if not url.startswith(("http://", "https://")) or path == packaged_kemar():
        return read_sofa(path)
    try:
        return read_sofa(path, where=url)
    except HrtfError:
        path.unlink(missing_ok=True)
        raise


def _name_of(path: Path, url: str) -> str:
    """The file's name; a fetched file's carries the digest of its URL in front, which is left out."""
    return path.stem.split("-", 1)[1] if url else path.stem


def _compute_spherical_head(sample_rate: int, override: str | None) -> Hrtf:
    directions_D3 = spherical_head_directions()
    origin = _Origin(
        name=SPHERICAL_HEAD,
        sha256="",
        license=choose_license(override, None, "CC0-1.0"),
        citation=SPHERICAL_HEAD_CITATION,
        source_url="https://doi.org/10.1121/1.423886",
        measured_sample_rate=sample_rate,
        measured_distance_m=None,
    )
    return _sum_up(spherical_head_hrirs(directions_D3, sample_rate), directions_D3, sample_rate, origin)


def _sum_up(
    measured_DCK: NDArray[np.float64], directions_D3: NDArray[np.float64], sample_rate: int, origin: _Origin
) -> Hrtf:
    """Onsets and gain are the measured responses', so that they do not depend on the rate that is asked for.

    They are rounded, so that the threads of a linear algebra library cannot show in a record's last digit.
    """
    solid_angles_D = solid_angles(directions_D3)
    onsets_s_DC = find_onsets(measured_DCK, origin.measured_sample_rate)
    hrirs_DCK = resample_hrirs(measured_DCK, origin.measured_sample_rate, sample_rate)
    info = HrtfInfo(
        name=origin.name,
        sha256=origin.sha256,
        license=origin.license,
        citation=origin.citation,
        source_url=origin.source_url,
        directions=len(directions_D3),
        taps=hrirs_DCK.shape[-1],
        sample_rate=sample_rate,
        measured_sample_rate=origin.measured_sample_rate,
        measured_distance_m=origin.measured_distance_m,
        lowest_elevation_deg=round(float(np.degrees(np.arcsin(np.clip(directions_D3[:, 2].min(), -1.0, 1.0)))), 6),
        latency_s=round(mean_latency(measured_DCK, onsets_s_DC, solid_angles_D), 9),
        diffuse_gain_db=round(diffuse_gain(measured_DCK, solid_angles_D, origin.measured_sample_rate), 6),
    )
    return Hrtf(
        info=info,
        hrirs_DCK=np.ascontiguousarray(hrirs_DCK, dtype=np.float32),
        directions_D3=np.ascontiguousarray(directions_D3),
        solid_angles_D=solid_angles_D,
        onsets_s_DC=onsets_s_DC,
    )
