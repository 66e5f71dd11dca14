"""Files fetched by http(s), whole or not at all."""

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from twnm_schemas.errors import MachineError, StoreError

GATEWAY_FAILURES = (502, 503, 504)
Check = Callable[[Path], object]


def fetch(url: str, path: Path, check: Check, sha256: str | None = None) -> None:
    """Make `path` hold what is at `url`, if `check`, called with where it arrived, raises nothing.

    `path` is replaced in one step: other processes may fetch and read it at the same time. Raises StoreError where it
    cannot be had or is not what `sha256` says, and what `check` raises; then `path` is as it was.
    """
    try:
        _replace(url, path, check, sha256)
    except (OSError, ValueError) as error:
        raise _say_failure(url, error) from error


def fetch_newest(url: str, path: Path, check: Check) -> None:
    """As `fetch`; where the server cannot be reached, what was fetched before will do, and a warning says so."""
    try:
        _replace(url, path, check, None)
    except (OSError, ValueError) as error:
        if not (_is_unreachable(error) and path.is_file()):
            raise _say_failure(url, error) from error
        warnings.warn(f"{url} cannot be reached; what was fetched from it before is used.", stacklevel=2)


def _replace(url: str, path: Path, check: Check, sha256: str | None) -> None:
    _make_folder(path.parent)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as place:
        arrived = Path(place) / path.name
        retrieve(url, arrived, sha256)
        check(arrived)
        arrived.replace(path)


def _say_failure(url: str, error: BaseException) -> StoreError:
    return StoreError(f"{url} could not be downloaded ({describe_failure(error)}); check the address and the network")


def _is_unreachable(error: BaseException) -> bool:
    """Whether the server, or a gateway in its place, said nothing of the file itself."""
    import requests

    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return error.response.status_code in GATEWAY_FAILURES
    return isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.Timeout)


def retrieve(url: str, path: Path, sha256: str | None = None) -> None:
    """Download whole or not at all (pooch writes to a temporary name first).

    Raises OSError or ValueError as pooch does; `describe_failure` says why in words. Raises MachineError where the
    folder cannot be made.
    """
    import pooch

    _make_folder(path.parent)
    with _quiet(pooch.get_logger()):
        pooch.retrieve(url, known_hash=sha256, fname=path.name, path=path.parent)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MachineError(
            f"The cache folder {folder} cannot be made ({error.strerror}); "
            f"set TWNM_CACHE to a folder that can be written."
        ) from error


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
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    return describe_error(error)


def describe_error(error: BaseException) -> str:
    """Another library's error in a few words for a sentence of ours: its first line, without a full stop."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(". ")
