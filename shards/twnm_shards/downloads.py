"""Files fetched by http(s), whole or not at all."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twnm_schemas.errors import MachineError, StoreError


def fetch(url: str, path: Path, sha256: str | None = None) -> None:
    """Make `path` hold what is at `url`. Raises StoreError where it cannot be had or is not what `sha256` says."""
    try:
        retrieve(url, path, sha256)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{url} could not be downloaded ({describe_failure(error)}); check the address and the network"
        ) from error


def retrieve(url: str, path: Path, sha256: str | None = None) -> None:
    """Download whole or not at all (pooch writes to a temporary name first).

    Raises OSError or ValueError as pooch does; `describe_failure` says why in words. Raises MachineError where the
    folder cannot be made.
    """
    import pooch

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MachineError(
            f"The cache folder {path.parent} cannot be made ({error.strerror}); "
            f"set TWNM_CACHE to a folder that can be written."
        ) from error
    with _quiet(pooch.get_logger()):
        pooch.retrieve(url, known_hash=sha256, fname=path.name, path=path.parent)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """pooch announces downloads on stderr; a library does not."""
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def describe_failure(error: BaseException) -> str:
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
