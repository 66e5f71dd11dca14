"""Fetches SOFA files once and keeps them in the user's cache folder."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from twnm_schemas import HrtfError, MachineError
from twnm_sim.caches import cache_folder
from twnm_sim.hrtf.catalog import KnownSet


def fetch_known(known: KnownSet) -> Path:
    """The path of a named set's file, downloaded the first time.

    Raises HrtfError where it cannot be fetched, with the manual way, or where the cached file is another one.
    """
    path = cache_folder() / "hrtf" / known.file_name
    if not path.is_file():
        _download_known(known, path)
    if hash_file(path) != known.sha256:
        raise HrtfError(
            f"{path} is not the published {known.file_name} (its SHA-256 differs from {known.sha256}); "
            "delete it and try again."
        )
    return path


def _download_known(known: KnownSet, path: Path) -> None:
    try:
        _retrieve(known.download_url, path)
    except (OSError, ValueError) as error:
        raise HrtfError(
            f"The HRTF set '{known.name}' could not be downloaded from {known.download_url} "
            f"({_describe_failure(error)}); "
            f"get {known.file_name} ({known.size:,} bytes) from {known.source_url} and put it at {path}, "
            "or use --hrtf kemar, which needs no download."
        ) from error


def fetch_url(url: str) -> Path:
    """The path of the file at an http(s) URL, downloaded the first time and kept by its URL.

    Raises HrtfError where the server does not give it.
    """
    name = PurePosixPath(unquote(urlsplit(url).path)).stem or "file"
    path = cache_folder() / "hrtf" / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{name[:80]}.sofa"
    if not path.is_file():
        try:
            _retrieve(url, path)
        except (OSError, ValueError) as error:
            raise HrtfError(
                f"{url} could not be downloaded ({_describe_failure(error)}); "
                "check the address and the network, or download it yourself and give its path."
            ) from error
    return path


def _retrieve(url: str, path: Path) -> None:
    """Downloads whole or not at all: pooch writes to a temporary name first."""
    import pooch

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MachineError(
            f"The cache folder {path.parent} cannot be made ({error.strerror}); "
            f"set TWNM_CACHE to a folder that can be written."
        ) from error
    with _quiet(pooch.get_logger()):
        pooch.retrieve(url, known_hash=None, fname=path.name, path=path.parent)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """pooch announces downloads on stderr; a library does not."""
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _describe_failure(error: BaseException) -> str:
    """Why a download failed: a missing network in our words, all else in the library's."""
    import requests

    if isinstance(error, requests.exceptions.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "no connection to the server"
    return describe_error(error)


def describe_error(error: BaseException) -> str:
    """Another library's error in a few words for a sentence of ours: its first line, without a full stop."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(". ")


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
