"""Dry clips: what a catalog knows of each recording, before it is placed in a room."""

from pydantic import Field

from twnm_schemas.base import Strict


class Clip(Strict):
    """One dry recording. Text that is not known is empty, a number that is not known is null.

    `clip_id`: "dataset:original-id". `path`: the file, or the tar that holds it as `member` at byte `offset` (of the
    member's header); "" where the package synthesises the sound from its id. `label`: the most specific class in plain
    words; `labels`: all leaf classes, `audioset_ids` beside them ("" where the source has none), `ancestors`: every
    broader class. `sha256`: of the file's bytes (of the recipe where synthesised). `onset_s` and `offset_s`: between
    them lies what is within 40 dB of the loudest 10 ms; `level_dbfs`: the level of these frames (RMS, full scale 0 dB)
    after mixing to mono. `license` is of the sound, `caption_license` of the words ("" where there are none). `group`
    is hashed to the `split`; `source_split` is what the dataset itself says.
    """

    clip_id: str = Field(min_length=3)
    dataset: str
    path: str
    member: str
    offset: int | None = Field(ge=0)
    duration_s: float = Field(gt=0.0)
    sample_rate: int = Field(gt=0)
    channels: int = Field(ge=1)
    label: str
    labels: tuple[str, ...]
    audioset_ids: tuple[str, ...]
    ancestors: tuple[str, ...]
    caption: str
    caption_license: str
    language: str
    speaker: str
    uploader: str
    freesound_id: str
    video_id: str
    title: str
    source_url: str
    license: str
    dnsmos: float | None
    sha256: str
    onset_s: float = Field(ge=0.0)
    offset_s: float = Field(ge=0.0)
    level_dbfs: float
    source_split: str
    group: str
    split: str


class Attribution(Strict):
    """One row of ATTRIBUTION: whose work is in a scene, where it is from, its terms, and what was done to it."""

    what: str
    title: str
    author: str
    source_url: str
    license: str
    changes: str
