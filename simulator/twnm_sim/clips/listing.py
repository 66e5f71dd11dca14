"""What an adapter says of a clip, and how a person names a dataset.

An adapter is a function `list_clips(spec: ClipSpec) -> Iterator[Found]`. It reads the dataset's own tables and names
what is there; it opens no audio. `probe` then looks into each file.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from twnm_schemas.licences import UNKNOWN


@dataclass(frozen=True)
class ClipSpec:
    """`KIND:PLACE?OPTION=VALUE&...` taken apart, e.g. `folder:sounds?license=CC0-1.0`. `text` is as it was given."""

    text: str
    kind: str
    place: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Probed:
    """What only the audio tells, as in `twnm_schemas.Clip`."""

    duration_s: float
    sample_rate: int
    channels: int
    sha256: str
    onset_s: float
    offset_s: float
    level_dbfs: float


@dataclass(frozen=True)
class Found:
    """What a dataset says of one clip; the fields are those of `twnm_schemas.Clip`, empty where it does not say.

    `path`: the file, or the tar that holds it as `member` at byte `offset`. `probed`: what the audio would tell, where
    the adapter knows it without (sounds that are synthesised). `caption_license`: only where the words have other terms
    than the sound. `held_out`: the split that the person who scans keeps the whole dataset for, "" where its groups
    decide.
    """

    clip_id: str
    dataset: str
    path: str = ""
    member: str = ""
    offset: int | None = None
    label: str = ""
    labels: tuple[str, ...] = ()
    audioset_ids: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()
    caption: str = ""
    caption_license: str = ""
    language: str = ""
    speaker: str = ""
    uploader: str = ""
    freesound_id: str = ""
    video_id: str = ""
    title: str = ""
    source_url: str = ""
    license: str = UNKNOWN
    dnsmos: float | None = None
    source_split: str = ""
    held_out: str = ""
    probed: Probed | None = None


Adapter = Callable[[ClipSpec], Iterator[Found]]
