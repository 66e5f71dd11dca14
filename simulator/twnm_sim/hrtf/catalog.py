"""The named HRTF sets: where they come from, under which terms, whom to cite."""

from dataclasses import dataclass
from pathlib import Path

from twnm_schemas import SpecError, parse_license
from twnm_schemas.licences import MIT_KEMAR, UNKNOWN

SPHERICAL_HEAD = "spherical-head"


@dataclass(frozen=True)
class KnownSet:
    """A reviewed file. Its checksum, not its name, says which terms hold; they override its own licence field."""

    name: str
    file_name: str
    sha256: str
    size: int
    license: str
    citation: str
    source_url: str
    download_url: str


KEMAR = KnownSet(
    name="kemar",
    file_name="MIT_KEMAR_normal_pinna.sofa",
    sha256="2768ac841213a7ae11d1ea7fd0f25a69b39216102dc5dd913ea6ba0f0dc57e28",
    size=1_173_158,
    license=MIT_KEMAR,
    citation=(
        "W. G. Gardner and K. D. Martin, HRTF measurements of a KEMAR, "
        "Journal of the Acoustical Society of America 97(6), 3907-3908, 1995 (MIT Media Laboratory)"
    ),
    source_url="https://sound.media.mit.edu/resources/KEMAR.html",
    download_url="",
)
FABIAN = KnownSet(
    name="fabian",
    file_name="FABIAN_HRIR_measured_HATO_0.sofa",
    sha256="83ebbcd9a09d17679b95d201c9775438c0bb1199d565c3fc7a25448a905cdc3c",
    size=43_296_979,
    license="CC-BY-4.0",
    citation=(
        "F. Brinkmann et al., The FABIAN head-related transfer function data base, TU Berlin, 2017, "
        "doi 10.14279/depositonce-5718.5; F. Brinkmann et al., A high resolution and full-spherical head-related "
        "transfer function database for different head-above-torso orientations, "
        "Journal of the Audio Engineering Society 65(10), 841-848, 2017"
    ),
    source_url="https://doi.org/10.14279/depositonce-5718.5",
    download_url="https://github.com/pyfar/files/raw/main/education/VAR_TUB/FABIAN_HRIR_measured_HATO_0.sofa",
)
KNOWN_SETS = {known.sha256: known for known in (KEMAR, FABIAN)}
SPHERICAL_HEAD_CITATION = (
    "R. O. Duda and W. L. Martens, Range dependence of the response of a spherical head model, "
    "Journal of the Acoustical Society of America 104(5), 3048-3058, 1998"
)


def hrtf_names() -> tuple[str, ...]:
    """The names that `load_hrtf` takes besides paths and URLs."""
    return KEMAR.name, FABIAN.name, SPHERICAL_HEAD


def packaged_kemar() -> Path:
    """The KEMAR file that ships with the package."""
    return Path(__file__).with_name("data") / KEMAR.file_name


def choose_license(override: str | None, known: KnownSet | None, field: str) -> str:
    """An SPDX id: the override, else the reviewed table's, else the file's own field as far as it can be read.

    Raises SpecError for an override that is neither a licence we can read nor a `LicenseRef-...` of the user's own.
    """
    if override is not None:
        return _read_override(override)
    return known.license if known else parse_license(field)


def _read_override(text: str) -> str:
    if text.startswith("LicenseRef-"):
        return text
    spdx = parse_license(text)
    if spdx == UNKNOWN:
        raise SpecError(f"'{text}' is no licence that can be read; give an SPDX id such as CC-BY-4.0.")
    return spdx
