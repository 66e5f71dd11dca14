"""From specs to a catalog: list, look into each file, judge, split.

What is refused is counted by name. Before a file is looked into: `bad_text` (a name or a text that cannot be written),
`duplicate_id` (an id named before), and, if a licence profile is asked, `license_unknown` and `license_refused`. By its
audio: the reasons of `probe`. After: `duplicate_audio` (the same bytes as a clip before it) and `split_clash`
(`splits`). In every case the first in the order of the specs stays, but rows of a catalog made before come before all
others.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from twnm_schemas.clips import Clip
from twnm_schemas.errors import SpecError, StoreError
from twnm_schemas.licences import UNKNOWN, parse_license, profile_allows
from twnm_schemas.splits import SPLITS
from twnm_shards.files import check_writable
from twnm_sim.clips.adapters.registry import CATALOG, list_spec
from twnm_sim.clips.catalog import Catalog, read_catalog, write_catalog
from twnm_sim.clips.listing import ClipSpec, Found, Probed
from twnm_sim.clips.probe import Limits
from twnm_sim.clips.probing import Place, Refused, forget, probe_places
from twnm_sim.clips.specs import parse_spec
from twnm_sim.clips.splits import Seat, seat_clips

HOLD_OUT = "hold_out"  # an option of every kind of clips
_FOUND_FIELDS = tuple(f.name for f in fields(Found) if f.name not in ("probed", "held_out"))
_PROBED_FIELDS = tuple(f.name for f in fields(Probed))


@dataclass(frozen=True)
class Refusal:
    """A clip that is not in the catalog, why, and in a sentence."""

    clip_id: str
    reason: str
    sentence: str


@dataclass(frozen=True)
class Listed:
    """What the specs name, in their order: a Clip where a catalog made before tells all, else what is found."""

    entries: tuple[Found | Clip, ...]
    refusals: tuple[Refusal, ...]
    specs: tuple[str, ...]

    @property
    def files(self) -> int:
        """How many files are to be looked into."""
        return len(_unprobed(self.entries))


@dataclass
class _Known:
    """Each entry with what is known of its audio by now."""

    entries: list[Found | Clip]
    probed: list[Probed | Clip]
    refusals: list[Refusal] = field(default_factory=list)


def scan_clips(
    specs: Sequence[str] | str,
    out: Path | None = None,
    *,
    workers: int | None = None,
    license: str | None = None,  # noqa: A002 - the record's own word
    profile: str | None = None,
    limits: Limits | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Catalog:
    """The catalog of all clips that the specs name (`KIND:PLACE?OPTION=VALUE`, a path, or a catalog made before).

    It is written to `out` if given; a scan that was killed goes on when it is called again. `license`: SPDX id of clips
    whose licence is not known. `profile`: leave out clips that this licence profile does not take. Any number of
    `workers` (by cores if None) gives the same bytes.

    Raises SpecError for specs that cannot be used and where no clip is left, StoreError for a dataset folder that is
    not what its adapter expects, LockedError, MachineError.
    """
    specs = [specs] if isinstance(specs, str) else specs
    if out is None and len(specs) == 1 and not (license or profile) and _is_catalog(specs[0]):
        return read_catalog(Path(parse_spec(specs[0]).place))
    listed = list_specs(specs, license, profile)
    return scan_listed(listed, out, workers=workers, limits=limits, on_progress=on_progress)[0]


def _is_catalog(text: str) -> bool:
    return parse_spec(text).kind == CATALOG


def list_specs(specs: Sequence[str], default_license: str | None = None, profile: str | None = None) -> Listed:
    """What the specs name, without a look at the audio; the arguments are those of `scan_clips`."""
    if profile is not None:
        profile_allows(profile, UNKNOWN)  # raises for one that is not known, before anything is listed
    entries: list[Found | Clip] = []
    refusals: list[Refusal] = []
    parsed = [parse_spec(text) for text in specs]
    for spec in parsed:
        entries += _list_entries(spec, default_license)
    kept = _drop_repeated([entry for entry in entries if _is_text(entry, refusals)], refusals)
    if profile is not None:
        kept = [entry for entry in kept if _is_licensed(entry, profile, refusals)]
    return Listed(tuple(kept), tuple(refusals), tuple(specs))


def _list_entries(spec: ClipSpec, default_license: str | None) -> Iterator[Found | Clip]:
    default = _read_license(spec.options.get("license") or default_license)
    if spec.kind == CATALOG:
        yield from read_catalog(Path(spec.place)).clips
        return
    held_out = _read_held_out(spec)
    for found in _list_found(replace(spec, options={k: v for k, v in spec.options.items() if k != HOLD_OUT})):
        path = os.path.abspath(found.path) if found.path else ""
        spdx = default if found.license == UNKNOWN else found.license
        of_words = (found.caption_license or spdx) if found.caption else ""
        yield replace(found, path=path, license=spdx, caption_license=of_words, held_out=held_out)


def _read_held_out(spec: ClipSpec) -> str:
    """The split for which a whole dataset is kept, whatever its groups hash to. Raises SpecError for none there is."""
    split = spec.options.get(HOLD_OUT, "")
    if split and split not in SPLITS:
        raise SpecError(f"The clips '{spec.text}' cannot be held out for '{split}'; there are {', '.join(SPLITS)}.")
    return split


def _list_found(spec: ClipSpec) -> Iterator[Found]:
    try:
        yield from list_spec(spec)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise StoreError(f"{error.filename or spec.place} cannot be read: {reason}.") from error


def _is_text(entry: Found | Clip, refusals: list[Refusal]) -> bool:
    """Whether all that is said of it can be written: names of files may hold any bytes, JSON halves of characters."""
    if isinstance(entry, Clip):
        return True
    said = "".join(str(getattr(entry, name)) for name in _FOUND_FIELDS)
    if "\0" not in said and said == said.encode("utf-8", "replace").decode():
        return True
    name = entry.clip_id.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    sentence = f"{name} has a name or a text with bytes that are no characters; rename it."
    refusals.append(Refusal(name, "bad_text", sentence))
    return False


def _read_license(text: str | None) -> str:
    if not text:
        return UNKNOWN
    spdx = parse_license(text)
    if spdx == UNKNOWN and text != UNKNOWN:
        raise SpecError(f"The licence '{text}' is not known; give its SPDX id, as in CC-BY-4.0 or GPL-2.0-or-later.")
    return spdx


def _drop_repeated(entries: Sequence[Found | Clip], refusals: list[Refusal]) -> list[Found | Clip]:
    """The first entry of each id; those of a catalog made before are the first wherever they stand."""
    owner: dict[str, int] = {}
    for place in _in_order_of_right(entries):
        owner.setdefault(entries[place].clip_id, place)
    kept = []
    for place, entry in enumerate(entries):
        if owner[entry.clip_id] == place:
            kept.append(entry)
        else:
            refusals.append(Refusal(entry.clip_id, "duplicate_id", f"{entry.clip_id} is named more than once."))
    return kept


def _in_order_of_right(entries: Sequence[object]) -> list[int]:
    return sorted(range(len(entries)), key=lambda place: not isinstance(entries[place], Clip))


def _is_licensed(entry: Found | Clip, profile: str, refusals: list[Refusal]) -> bool:
    if profile_allows(profile, entry.license):
        return True
    reason = "license_unknown" if entry.license == UNKNOWN else "license_refused"
    sentence = f"{entry.clip_id} is under {entry.license}, which the profile {profile} does not take."
    refusals.append(Refusal(entry.clip_id, reason, sentence))
    return False


def scan_listed(
    listed: Listed,
    out: Path | None = None,
    *,
    workers: int | None = None,
    limits: Limits | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> tuple[Catalog, tuple[Refusal, ...]]:
    """Look into the files, judge and split; the catalog and, one by one, what was refused. As `scan_clips`."""
    folder = out.with_name(f"{out.name}.scan") if out else None
    if out:
        check_writable(out.absolute().parent)
    known = _probe(listed, limits or Limits(), folder, workers or _count_cores(), on_progress)
    known = _drop_same_audio(known)
    clips, clashes = _seat(known)
    refusals = (*listed.refusals, *known.refusals, *clashes)
    rejections = Counter(refusal.reason for refusal in refusals)
    if not clips:
        raise SpecError(f"No clip of {', '.join(listed.specs)} can be used{_say_counts(rejections)}.")
    catalog = Catalog(tuple(clips), dict(sorted(rejections.items())), listed.specs)
    if out and folder:
        write_catalog(out, catalog.clips, catalog.rejections, catalog.specs)
        forget(folder)
    return catalog, refusals


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _say_counts(rejections: Counter[str]) -> str:
    counts = ", ".join(f"{count} {reason}" for reason, count in sorted(rejections.items()))
    return f" ({counts})" if counts else ": none is there"


def _unprobed(entries: Sequence[Found | Clip]) -> list[int]:
    return [place for place, entry in enumerate(entries) if isinstance(entry, Found) and entry.probed is None]


def _probe(
    listed: Listed, limits: Limits, folder: Path | None, workers: int, on_progress: Callable[[int], None] | None
) -> _Known:
    todo = _unprobed(listed.entries)
    files = [Place(entry.path, entry.member, entry.offset) for entry in map(listed.entries.__getitem__, todo)]
    outcomes = dict(
        zip(
            todo,
            probe_places(files, limits, folder=folder, workers=workers, on_progress=on_progress),
            strict=True,
        )
    )
    known = _Known([], [])
    for place, entry in enumerate(listed.entries):
        probed = outcomes.get(place) or (entry.probed if isinstance(entry, Found) else entry)
        if isinstance(probed, Refused):
            known.refusals.append(Refusal(entry.clip_id, probed.reason, probed.sentence))
        elif probed is not None:
            known.entries.append(entry)
            known.probed.append(probed)
    return known


def _drop_same_audio(known: _Known) -> _Known:
    owner: dict[str, int] = {}
    for place in _in_order_of_right(known.entries):
        owner.setdefault(known.probed[place].sha256, place)
    kept = _Known([], [], known.refusals)
    for place, (entry, probed) in enumerate(zip(known.entries, known.probed, strict=True)):
        first = owner[probed.sha256]
        if first == place:
            kept.entries.append(entry)
            kept.probed.append(probed)
        else:
            sentence = f"{entry.clip_id} holds the same bytes as {known.entries[first].clip_id}."
            kept.refusals.append(Refusal(entry.clip_id, "duplicate_audio", sentence))
    return kept


def _seat(known: _Known) -> tuple[list[Clip], list[Refusal]]:
    made_before = {
        place: Seat(entry.group, entry.split) for place, entry in enumerate(known.entries) if isinstance(entry, Clip)
    }
    held_out = {
        place: entry.held_out
        for place, entry in enumerate(known.entries)
        if isinstance(entry, Found) and entry.held_out
    }
    seats = seat_clips(known.entries, [probed.sha256 for probed in known.probed], made_before, held_out)
    clips, clashes = [], []
    for entry, probed, seat in zip(known.entries, known.probed, seats, strict=True):
        if seat is None:
            sentence = f"Something of {entry.clip_id} (uploader, source, speaker) is already in another split."
            clashes.append(Refusal(entry.clip_id, "split_clash", sentence))
        else:
            clips.append(_make_clip(entry, probed, seat))
    return clips, clashes


def _make_clip(entry: Found | Clip, probed: Probed | Clip, seat: Seat) -> Clip:
    if isinstance(entry, Clip):
        return entry
    told = {name: getattr(entry, name) for name in _FOUND_FIELDS}
    heard = {name: getattr(probed, name) for name in _PROBED_FIELDS}
    return Clip(**told, **heard, group=seat.group, split=seat.split)
