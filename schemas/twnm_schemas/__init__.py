"""The vocabulary of the project: every record, unit, frame, licence and rule about valid values.

Standard library and pydantic only; no numpy, no file I/O. Start with `geometry` (frames and angles), then `rooms`
(what is drawn), `render` (how it is rendered) and `records` (what is stored). `errors` draws the one error tree.
"""

from twnm_schemas.acoustics import Acoustics, BandAcoustics, BroadbandAcoustics
from twnm_schemas.answers import Answer, parse_answer, write_answer
from twnm_schemas.base import NameValue, Strict, name_values
from twnm_schemas.errors import (
    AudioError,
    GeometryError,
    HrtfError,
    LicenseError,
    LockedError,
    MachineError,
    MismatchError,
    MissingExtraError,
    SpecError,
    StoreError,
    TwnmError,
)
from twnm_schemas.fingerprints import canonical_json, fingerprint
from twnm_schemas.geometry import CONVENTIONS, OCTAVE_CENTRES_HZ, SURFACES
from twnm_schemas.licences import combine_licenses, may_publish, parse_license
from twnm_schemas.manifests import Count, Manifest, ShardEntry
from twnm_schemas.records import Conventions, HrtfInfo, RoomRecord, Scale, SourcePosition
from twnm_schemas.render import Atmosphere, RenderSpec
from twnm_schemas.rooms import Listener, Room, RoomSpec
from twnm_schemas.seeds import seed_for

__all__ = [
    "CONVENTIONS",
    "OCTAVE_CENTRES_HZ",
    "SURFACES",
    "Acoustics",
    "Answer",
    "Atmosphere",
    "AudioError",
    "BandAcoustics",
    "BroadbandAcoustics",
    "Conventions",
    "Count",
    "GeometryError",
    "HrtfError",
    "HrtfInfo",
    "LicenseError",
    "Listener",
    "LockedError",
    "MachineError",
    "Manifest",
    "MismatchError",
    "MissingExtraError",
    "NameValue",
    "RenderSpec",
    "Room",
    "RoomRecord",
    "RoomSpec",
    "Scale",
    "ShardEntry",
    "SourcePosition",
    "SpecError",
    "StoreError",
    "Strict",
    "TwnmError",
    "canonical_json",
    "combine_licenses",
    "fingerprint",
    "may_publish",
    "name_values",
    "parse_answer",
    "parse_license",
    "seed_for",
    "write_answer",
]
