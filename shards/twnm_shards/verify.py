"""Is a folder of shards whole? Every damaged, missing, truncated, duplicated or foreign shard or member, by name.

`verify_folder` reads from the top: the manifest, the shards it promises, the samples in them, the index over them,
and whatever else lies in the folder. `contents` judges what is inside a sample.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, get_args

from twnm_schemas.errors import StoreError
from twnm_schemas.manifests import Kind, Manifest, ShardEntry
from twnm_shards.contents import judge_sample
from twnm_shards.files import partial_of, sha256_of
from twnm_shards.folders import belongs_to
from twnm_shards.locks import LOCK_NAME, is_locked
from twnm_shards.manifests import INDEX_NAME, MANIFEST_NAME, read_index, read_manifest
from twnm_shards.problems import Problem, ProblemName
from twnm_shards.tars import MAX_SAMPLE_BYTES, Member, iter_members, read_data
from twnm_shards.units import UNITS_NAME

OnBytes = Callable[[int], None]


@dataclass
class _Seen:
    """What the shards turned out to hold: where each key was first met, in order."""

    places: dict[str, tuple[str, int]] = field(default_factory=dict)


def find_folders(root: Path) -> list[Path]:
    """The folders of shards at `root`: itself, or those of the layout below it (brirs, scenes/train, ...).

    `root` may be a kind's folder too (./data/scenes).

    Raises StoreError if there are none.
    """
    if not root.is_dir():
        raise StoreError(f"{root} is not a folder; give the folder that a run wrote (./data or ./data/brirs)")
    kinds = [root] if root.resolve().name in get_args(Kind) else [root / kind for kind in get_args(Kind)]
    splits = [split for kind in kinds if kind.is_dir() for split in sorted(kind.iterdir()) if split.is_dir()]
    found = [folder for folder in dict.fromkeys((root, *kinds, *splits)) if _looks_like_ours(folder)]
    if not found:
        raise StoreError(f"{root} holds no shards: neither a {MANIFEST_NAME} nor a folder like brirs/ that has one")
    return found


def _looks_like_ours(folder: Path) -> bool:
    if not folder.is_dir() or folder.name == UNITS_NAME:
        return False
    names = {entry.name for entry in folder.iterdir()}
    tars = any(belongs_to(name, kind) and name.endswith(".tar") for name in names for kind in get_args(Kind))
    return tars or bool(names & {MANIFEST_NAME, INDEX_NAME, UNITS_NAME})


def verify_folder(path: Path, deep: bool = True, on_bytes: OnBytes | None = None) -> list[Problem]:
    """Everything wrong in `path`, a root (./data) or one kind's folder; an empty list if it is whole.

    `deep` decodes every FLAC to its end and validates every record; without it sizes, checksums, the structure of
    the tars and the index are checked. `on_bytes` hears how many bytes of shards are done. Raises StoreError if there
    is nothing to verify.
    """
    progress = _count(on_bytes)
    return [problem for folder in find_folders(path) for problem in _problems(folder, deep, progress)]


def shard_bytes(path: Path) -> int:
    """How many bytes of shards `verify_folder` will read."""
    tars = (tar for folder in find_folders(path) for tar in folder.glob("*.tar"))
    return sum(tar.stat().st_size for tar in tars if tar.is_file())


def _count(on_bytes: OnBytes | None) -> OnBytes:
    done = 0

    def add(size: int) -> None:
        nonlocal done
        done += size
        if on_bytes:
            on_bytes(done)

    return add


def _problems(folder: Path, deep: bool, progress: OnBytes) -> Iterator[Problem]:
    unfinished = list(_unfinished(folder))
    yield from unfinished
    try:
        manifest = read_manifest(folder)
    except StoreError as error:
        there = (folder / MANIFEST_NAME).exists()
        if unfinished and not there:
            return  # the manifest comes last: that it is missing is the same cause
        yield Problem(str(folder / MANIFEST_NAME), "", "", "damaged" if there else "missing", str(error))
        return
    seen = _Seen()
    for entry in manifest.shards:
        if not belongs_to(entry.name, manifest.kind) or not entry.name.endswith(".tar"):
            sentence = f"{folder / MANIFEST_NAME} names {entry.name!r}, which is no name of a shard"
            yield Problem(str(folder / MANIFEST_NAME), "", "", "invalid", sentence)
            continue
        yield from _judge_shard(folder / entry.name, entry, manifest.kind, deep, seen)
        progress(entry.bytes)
    yield from _judge_counts(folder, manifest)
    yield from _judge_index(folder, manifest, seen)
    yield from _foreign(folder, manifest)


def _unfinished(folder: Path) -> Iterator[Problem]:
    if is_locked(folder):
        yield Problem(str(folder / LOCK_NAME), "", "", "unfinished", f"a run is at work in {folder} now")
    elif (folder / UNITS_NAME).exists():
        sentence = f"{folder} is not finished: the run was stopped; run the same command again"
        yield Problem(str(folder / UNITS_NAME), "", "", "unfinished", sentence)


def _judge_shard(path: Path, entry: ShardEntry, kind: str, deep: bool, seen: _Seen) -> Iterator[Problem]:
    if not path.exists():
        yield Problem(str(path), "", "", "missing", f"{path} is in the manifest and not in the folder")
        return
    if not path.is_file():
        yield Problem(str(path), "", "", "damaged", f"{path} is no regular file")
        return
    try:
        yield from _judge_tar(path, entry, kind, deep, seen)
    except OSError as error:
        yield Problem(str(path), "", "", "damaged", f"{path} cannot be read: {error.strerror or error}")


def _judge_tar(path: Path, entry: ShardEntry, kind: str, deep: bool, seen: _Seen) -> Iterator[Problem]:
    size = path.stat().st_size
    if size != entry.bytes:
        name: ProblemName = "truncated" if size < entry.bytes else "damaged"
        yield Problem(str(path), "", "", name, f"{path} has {size} bytes where its manifest says {entry.bytes}")
    elif sha256_of(path) != entry.sha256:
        yield Problem(str(path), "", "", "damaged", f"{path} has another SHA-256 than its manifest says")
    before = len(seen.places)
    with path.open("rb") as stream:
        yield from _judge_members(path, stream, kind, deep, seen)
    found = len(seen.places) - before
    if found != entry.samples:
        sentence = f"{path} holds {found} samples of its own where its manifest says {entry.samples}"
        yield Problem(str(path), "", "", "miscounted", sentence)


def _judge_members(path: Path, stream: BinaryIO, kind: str, deep: bool, seen: _Seen) -> Iterator[Problem]:
    for run in _runs(iter_members(stream)):
        first = run[0]
        if first.fault:
            name: ProblemName = "truncated" if first.truncated else "damaged" if not first.name else "foreign"
            sentence = f"{path}: {first.name or f'byte {first.offset}'} {first.fault}"
            yield Problem(str(path), first.key, first.name, name, sentence)
            continue
        yield from _judge_place(path, first, seen)
        yield from _judge_twice(path, run)
        size = sum(member.size for member in run)
        if size > MAX_SAMPLE_BYTES:
            sentence = f"{path} holds {first.key} of {size} bytes; no sample has more than {MAX_SAMPLE_BYTES}"
            yield Problem(str(path), first.key, "", "invalid", sentence)
        elif deep:
            members = {member.ext: read_data(stream, member) for member in run}
            yield from judge_sample(str(path), kind, first.key, members)


def _runs(members: Iterator[Member]) -> Iterator[list[Member]]:
    """Members of one key that follow each other; a fault stands alone and does not part those around it."""
    run: list[Member] = []
    for member in members:
        if member.fault:
            yield [member]
        elif run and member.key != run[0].key:
            yield run
            run = [member]
        else:
            run.append(member)
    if run:
        yield run


def _judge_place(path: Path, first: Member, seen: _Seen) -> Iterator[Problem]:
    if first.key in seen.places:
        earlier, offset = seen.places[first.key]
        sentence = f"{path} holds {first.key} at byte {first.offset}, and so does {earlier} at byte {offset}"
        yield Problem(str(path), first.key, "", "duplicated", sentence)
        return
    latest = next(reversed(seen.places), "")
    if first.key < latest:
        yield Problem(str(path), first.key, "", "disordered", f"{path} holds {first.key} after {latest}")
    seen.places[first.key] = (path.name, first.offset)


def _judge_twice(path: Path, run: list[Member]) -> Iterator[Problem]:
    names = [member.name for member in run]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(str(path), run[0].key, name, "duplicated", f"{path} holds the member {name} more than once")


def _judge_counts(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    path = str(folder / MANIFEST_NAME)
    total = sum(entry.samples for entry in manifest.shards)
    if total != manifest.samples:
        sentence = f"{path} says {manifest.samples} samples and its shards say {total}"
        yield Problem(path, "", "", "miscounted", sentence)
    names = [entry.name for entry in manifest.shards]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(path, "", "", "duplicated", f"{path} names {name} more than once")


def _judge_index(folder: Path, manifest: Manifest, seen: _Seen) -> Iterator[Problem]:
    path = folder / INDEX_NAME
    try:
        rows = read_index(folder)
    except StoreError as error:
        yield Problem(str(path), "", "", "damaged" if path.exists() else "missing", str(error))
        return
    if sha256_of(path) != manifest.index_sha256:
        yield Problem(str(path), "", "", "damaged", f"{path} has another SHA-256 than its manifest says")
    listed = {str(row.get("key")): (row.get("shard"), row.get("offset")) for row in rows}
    if len(listed) != len(rows):
        yield Problem(str(path), "", "", "duplicated", f"{path} lists a key more than once")
    for key in sorted(listed.keys() | seen.places.keys()):
        if key not in seen.places:
            shard, offset = listed[key]
            sentence = f"{path} lists {key} in {shard} at byte {offset}, where it is not"
            yield Problem(str(folder / str(shard)), key, "", "missing", sentence)
        elif key not in listed:
            sentence = f"{seen.places[key][0]} holds {key}, which {path} does not list"
            yield Problem(str(folder / seen.places[key][0]), key, "", "foreign", sentence)
        elif listed[key] != seen.places[key]:
            sentence = f"{path} puts {key} at {listed[key]} and it is at {seen.places[key]}"
            yield Problem(str(path), key, "", "mismatched", sentence)


def _foreign(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    promised = {entry.name for entry in manifest.shards} | {MANIFEST_NAME, INDEX_NAME, UNITS_NAME, LOCK_NAME}
    for entry in sorted(folder.iterdir()):
        if entry.name in promised:
            continue
        if partial_of(entry.name):
            sentence = f"{entry} was half-written when a run was killed; it may be deleted"
            yield Problem(str(entry), "", "", "leftover", sentence)
        else:
            yield Problem(str(entry), "", "", "foreign", f"{entry} is not in the manifest")
