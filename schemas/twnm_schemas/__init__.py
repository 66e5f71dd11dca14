"""The vocabulary of the project: every record, unit, frame, licence and rule about valid values.

Standard library and pydantic only; no numpy, no file I/O. Start with `geometry` (frames and angles), then `rooms`
(what is drawn), `render` (how it is rendered), `records` (what is stored), `clips` and `scenes` (what sounds in a
room), `questions` (what is asked about it). `errors` draws the one error tree.

The names below load their module when first asked for, so that `from twnm_schemas.errors import TwnmError` costs a
command line nothing: pydantic alone takes longer to import than a `--help` may.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twnm_schemas.acoustics import Acoustics, BandAcoustics, BroadbandAcoustics
    from twnm_schemas.answers import Answer, parse_answer, write_answer
    from twnm_schemas.base import NameValue, Strict, name_values
    from twnm_schemas.clips import Attribution, Clip
    from twnm_schemas.constraints import parse_constraint, say_constraint
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
    from twnm_schemas.questions import AudioPlace, Prediction, Provenance, Question
    from twnm_schemas.records import Conventions, HrtfInfo, RoomRecord, Scale, SourcePosition
    from twnm_schemas.render import Atmosphere, RenderSpec
    from twnm_schemas.rooms import Listener, Room, RoomSpec
    from twnm_schemas.scenes import (
        AmbienceRecipe,
        AmbienceSpec,
        AudioMember,
        ClipFilter,
        Event,
        EventRecipe,
        Interval,
        Loudness,
        Overlap,
        Placement,
        RoomFilter,
        Scene,
        SceneAcoustics,
        SceneRecipe,
        SceneRoom,
        SceneSpec,
        TrajectoryPoint,
    )
    from twnm_schemas.seeds import seed_for
    from twnm_schemas.splits import split_of
    from twnm_schemas.teaching import QaSample, TaughtClip, TaughtRoom, TaughtScene, TeachSample

_HOMES = {  # module: the public names that live there
    "acoustics": ("Acoustics", "BandAcoustics", "BroadbandAcoustics"),
    "answers": ("Answer", "parse_answer", "write_answer"),
    "base": ("NameValue", "Strict", "name_values"),
    "clips": ("Attribution", "Clip"),
    "constraints": ("parse_constraint", "say_constraint"),
    "errors": (
        "AudioError",
        "GeometryError",
        "HrtfError",
        "LicenseError",
        "LockedError",
        "MachineError",
        "MismatchError",
        "MissingExtraError",
        "SpecError",
        "StoreError",
        "TwnmError",
    ),
    "fingerprints": ("canonical_json", "fingerprint"),
    "geometry": ("CONVENTIONS", "OCTAVE_CENTRES_HZ", "SURFACES"),
    "licences": ("combine_licenses", "may_publish", "parse_license"),
    "manifests": ("Count", "Manifest", "ShardEntry"),
    "questions": ("AudioPlace", "Prediction", "Provenance", "Question"),
    "records": ("Conventions", "HrtfInfo", "RoomRecord", "Scale", "SourcePosition"),
    "render": ("Atmosphere", "RenderSpec"),
    "rooms": ("Listener", "Room", "RoomSpec"),
    "scenes": (
        "AmbienceRecipe",
        "AmbienceSpec",
        "AudioMember",
        "ClipFilter",
        "Event",
        "EventRecipe",
        "Interval",
        "Loudness",
        "Overlap",
        "Placement",
        "RoomFilter",
        "Scene",
        "SceneAcoustics",
        "SceneRecipe",
        "SceneRoom",
        "SceneSpec",
        "TrajectoryPoint",
    ),
    "seeds": ("seed_for",),
    "splits": ("split_of",),
    "teaching": ("QaSample", "TaughtClip", "TaughtRoom", "TaughtScene", "TeachSample"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "CONVENTIONS",
    "OCTAVE_CENTRES_HZ",
    "SURFACES",
    "Acoustics",
    "AmbienceRecipe",
    "AmbienceSpec",
    "Answer",
    "Atmosphere",
    "Attribution",
    "AudioError",
    "AudioMember",
    "AudioPlace",
    "BandAcoustics",
    "BroadbandAcoustics",
    "Clip",
    "ClipFilter",
    "Conventions",
    "Count",
    "Event",
    "EventRecipe",
    "GeometryError",
    "HrtfError",
    "HrtfInfo",
    "Interval",
    "LicenseError",
    "Listener",
    "LockedError",
    "Loudness",
    "MachineError",
    "Manifest",
    "MismatchError",
    "MissingExtraError",
    "NameValue",
    "Overlap",
    "Placement",
    "Prediction",
    "Provenance",
    "QaSample",
    "Question",
    "RenderSpec",
    "Room",
    "RoomFilter",
    "RoomRecord",
    "RoomSpec",
    "Scale",
    "Scene",
    "SceneAcoustics",
    "SceneRecipe",
    "SceneRoom",
    "SceneSpec",
    "ShardEntry",
    "SourcePosition",
    "SpecError",
    "StoreError",
    "Strict",
    "TaughtClip",
    "TaughtRoom",
    "TaughtScene",
    "TeachSample",
    "TrajectoryPoint",
    "TwnmError",
    "canonical_json",
    "combine_licenses",
    "fingerprint",
    "may_publish",
    "name_values",
    "parse_answer",
    "parse_constraint",
    "parse_license",
    "say_constraint",
    "seed_for",
    "split_of",
    "write_answer",
]

if not TYPE_CHECKING:  # a type checker must see the imports above, and refuse a name that is not among them

    def __getattr__(name: str) -> Any:
        """Load a public name from its module on first use (PEP 562)."""
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
