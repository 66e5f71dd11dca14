"""What any source of measured responses offers: poses of a listener, the sources around each, and their responses.

Shapes: S sources, C ears (left, right), K taps.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.errors import TwnmError
from twnm_schemas.rooms import Listener, Triple

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Given:
    """What the user says in place of the file; None leaves it to the file."""

    license: str | None = None
    citation: str | None = None
    source_url: str | None = None
    head: str | None = None
    room: str | None = None


@dataclass(frozen=True)
class Placed:
    """A source as one pose has it, in the listener's frame; None is what is not told.

    `position_m` is in the room's frame. `place` says where its set finds the response.
    """

    azimuth_deg: float
    elevation_deg: float
    lateral_deg: float
    distance_m: float | None
    position_m: Triple | None
    place: tuple[int, int]


@dataclass(frozen=True)
class Pose:
    """A listener's place and orientation in a measured room: one sample of a library.

    `size_m` and `listener`, in a frame with a corner of the room at the origin, are None where the room is no shoebox
    whose corners are told.
    """

    room: str
    size_m: Triple | None
    listener: Listener | None
    sources: tuple[Placed, ...]


@dataclass(frozen=True)
class MeasuredSet(ABC):
    """A file or folder of measured responses, opened and found whole; small, so that it goes to workers.

    `name` and `sha256` are of what it was read from; `license` is an SPDX id, `head` "" where unknown. `sample_rate`
    and `taps` (of the longest response) are as stored.
    """

    name: str
    sha256: str
    license: str
    citation: str
    source_url: str
    head: str
    sample_rate: int
    taps: int
    poses: tuple[Pose, ...]

    @abstractmethod
    def read(self, pose: Pose) -> Floats:
        """The responses (S, C, K) of a pose as stored, delays applied."""

    @abstractmethod
    def check_unchanged(self) -> None:
        """Raises what `read` does unless the content is still that of `sha256`."""


def check_response(response_CK: Floats, name: str, error: type[TwnmError]) -> None:
    """Raises `error` with one sentence for a response with NaN or infinity, or a silent ear."""
    if not np.isfinite(response_CK).all():
        bad = int(np.count_nonzero(~np.isfinite(response_CK)))
        raise error(f"{name} holds {bad} samples that are missing, NaN or infinite; use another file.")
    for ear, channel_K in zip(("left", "right"), response_CK, strict=True):
        if not channel_K.any():
            raise error(f"{name} is silent at the {ear} ear; use another file, or leave this response out.")
