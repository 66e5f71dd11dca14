"""Replies that are paid for, kept by content in one file that only grows, so that a killed run asks for none twice.

`replies.jsonl` holds one reply a line. A line is written by one call under a lock of the file and is whole or, where a
machine died in it, the last; a torn last line is skipped by readers and cut off by the next writer. No key of an
endpoint comes near this file.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twnm_bench.llm.ports import Completion, Finish
from twnm_schemas.errors import MachineError, StoreError
from twnm_shards.files import check_writable, disk_errors

CACHE_NAME = "replies.jsonl"
_SYNC_EVERY = 64


@dataclass(frozen=True)
class Kept:
    """A reply that was paid for."""

    text: str
    finish: Finish
    tokens_in: int | None
    tokens_out: int | None
    max_tokens: int  # the limit under which it came

    @property
    def completion(self) -> Completion:
        """The reply as the model gave it."""
        return Completion(self.text, self.finish, self.tokens_in, self.tokens_out)


class ReplyCache:
    """Replies by key: of one folder, or of this process alone where there is none.

    Raises StoreError for a folder that cannot be written or a file that cannot be read.
    """

    def __init__(self, folder: Path | None) -> None:
        self.skipped = 0  # lines that are no reply
        self._kept: dict[str, Kept] = {}
        self._descriptor: int | None = None
        self._unsynced = 0
        if folder is not None:
            self._path = folder / CACHE_NAME
            self._open(folder)

    def __len__(self) -> int:
        return len(self._kept)

    def _open(self, folder: Path) -> None:
        check_writable(folder)
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            with os.fdopen(os.dup(self._descriptor), "rb") as stream:
                stream.seek(0)
                for line in stream:
                    self._take(line)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be opened ({error.strerror}); choose another cache.") from error

    def _take(self, line: bytes) -> None:
        entry = _read_line(line)
        if entry is None:
            self.skipped += 1
        else:
            self._kept[entry[0]] = entry[1]

    def find(self, key: str, max_tokens: int) -> Kept | None:
        """The reply to a call; one that was cut under a lower limit than `max_tokens` does not count."""
        kept = self._kept.get(key)
        return None if kept is None or (kept.finish == "length" and kept.max_tokens < max_tokens) else kept

    def keep(self, key: str, model: str, completion: Completion, max_tokens: int) -> None:
        """Keep a reply, on disk before this returns. Raises MachineError for a full or failing disk."""
        kept = Kept(completion.text, completion.finish, completion.tokens_in, completion.tokens_out, max_tokens)
        self._kept[key] = kept
        if self._descriptor is not None:
            line = json.dumps({"key": key, "model": model, **vars(kept)}, sort_keys=True) + "\n"
            with disk_errors(self._path.parent):
                self._append(self._descriptor, line.encode())

    def _append(self, descriptor: int, line: bytes) -> None:
        with _locked(descriptor):
            end = _cut_torn_line(descriptor)
            if os.write(descriptor, line) != len(line):
                os.ftruncate(descriptor, end)
                raise MachineError(f"No space is left for {self._path}; free some and run the same command again.")
        self._unsynced += 1
        if self._unsynced >= _SYNC_EVERY:
            self._sync()

    def _sync(self) -> None:
        if self._descriptor is not None and self._unsynced:
            os.fsync(self._descriptor)
            self._unsynced = 0

    def close(self) -> None:
        """Sync and close the file."""
        if self._descriptor is not None:
            self._sync()
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _cut_torn_line(descriptor: int) -> int:
    """Cut off what follows the last newline; under the lock it can only be of a writer that died. Returns the size."""
    end = os.fstat(descriptor).st_size
    if end == 0 or os.pread(descriptor, 1, end - 1) == b"\n":
        return end
    start = 0
    for place in range(end, 0, -(1 << 16)):
        first = max(0, place - (1 << 16))
        newline = os.pread(descriptor, place - first, first).rfind(b"\n")
        if newline >= 0:
            start = first + newline + 1
            break
    os.ftruncate(descriptor, start)
    return start


def _read_line(line: bytes) -> tuple[str, Kept] | None:
    """The key and the reply of a line, or None for a torn or foreign one."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry: dict[str, Any] = json.loads(line)
        kept = Kept(*(entry[name] for name in ("text", "finish", "tokens_in", "tokens_out", "max_tokens")))
        whole = isinstance(entry["key"], str) and isinstance(kept.text, str) and isinstance(kept.max_tokens, int)
        return (entry["key"], kept) if whole and kept.finish in {"stop", "length", "refused"} else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
