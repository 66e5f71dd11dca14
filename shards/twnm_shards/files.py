"""How anything reaches a disk: whole or not at all, and with a plain sentence when the disk will not have it."""

import errno
import hashlib
import itertools
import json
import os
import re
import shutil
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from twnm_schemas.errors import MachineError, StoreError

GO_ON = "what is finished stays, and the same command goes on from there (with --resume in place of --overwrite)"
_CHUNK = 1 << 20
_SERIAL = itertools.count()
_PARTIAL = re.compile(r"(?P<name>.+)\.\d+-\d+\.partial")
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FAILED = {errno.EIO, errno.EROFS, errno.ENODEV, errno.ESTALE}


@contextmanager
def appearing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content appears at `path` at once, synced, when the block ends; a failure leaves nothing.

    The partial name carries the process id, so that two writers never share one.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}-{next(_SERIAL)}.partial")
    try:
        with partial.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def partial_of(name: str) -> str | None:
    """The name that a partial file would have got, or None for a name that `appearing` does not give."""
    match = _PARTIAL.fullmatch(name)
    return match["name"] if match else None


def sweep_partials(folder: Path, names: Container[str]) -> None:
    """Remove what killed runs left half-written of these files in the folder."""
    for entry in folder.glob("*.partial"):
        if partial_of(entry.name) in names:
            entry.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Make `path` hold `data`, whole or not at all."""
    with appearing(path) as stream:
        stream.write(data)


def write_json(path: Path, value: object) -> None:
    """Make `path` hold `value` as JSON: keys sorted, indented by one, a newline at the end, never NaN."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: object) -> bytes:
    """What `write_json` writes."""
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def copy_into(stream: BinaryIO, path: Path) -> Iterator[bytes]:
    """Append the file at `path` to `stream`, giving each chunk as it goes by (for a checksum)."""
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            stream.write(chunk)
            yield chunk


def free_bytes(folder: Path) -> int:
    """What may still be written where `folder` is or will be."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def check_writable(folder: Path) -> None:
    """Make the folder if need be and prove that a file can be made in it.

    Raises StoreError where it cannot (no right to, read-only mount, a file in the way), MachineError on a full disk.
    """
    probe = folder / f"writable.{os.getpid()}-{next(_SERIAL)}.partial"
    with disk_errors(folder, read_only_is=StoreError):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink(missing_ok=True)  # another run's sweep may have been quicker
        except (PermissionError, FileExistsError, NotADirectoryError) as error:
            raise StoreError(
                f"{folder} cannot be written ({_reason(error)}); give the folder write permission or choose another"
            ) from error


@contextmanager
def disk_errors(folder: Path, read_only_is: type[StoreError] | type[MachineError] = MachineError) -> Iterator[None]:
    """Turn a full or failing disk inside the block into one plain sentence that names `folder`.

    Raises MachineError for a full disk or quota and for a disk that fails; one that is read-only raises
    `read_only_is`. Other errors pass.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise MachineError(f"no space is left for {folder}: free some; {GO_ON}") from error
        if error.errno == errno.EROFS and read_only_is is StoreError:
            raise StoreError(f"{folder} lies on a read-only file system; choose another folder") from error
        if error.errno in _FAILED:
            raise MachineError(f"the disk of {folder} fails ({_reason(error)}): see to it; {GO_ON}") from error
        raise


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
