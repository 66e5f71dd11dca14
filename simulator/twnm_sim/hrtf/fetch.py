"""Fetches SOFA files once and keeps them in the user's cache folder."""

import hashlib
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from twnm_schemas import HrtfError
from twnm_shards.downloads import describe_failure, retrieve
from twnm_shards.files import sha256_of
from twnm_sim.caches import cache_folder
from twnm_sim.hrtf.catalog import KnownSet


def fetch_known(known: KnownSet) -> Path:
    """The path of a named set's file, downloaded the first time.

    Raises HrtfError where it cannot be fetched, with the manual way, or where the cached file is another one.
    """
    path = cache_folder() / "hrtf" / known.file_name
    if not path.is_file():
        _download_known(known, path)
    if sha256_of(path) != known.sha256:
        raise HrtfError(
            f"{path} is not the published {known.file_name} (its SHA-256 differs from {known.sha256}); "
            "delete it and try again."
        )
    return path


def _download_known(known: KnownSet, path: Path) -> None:
    try:
        retrieve(known.download_url, path)
    except (OSError, ValueError) as error:
        raise HrtfError(
            f"The HRTF set '{known.name}' could not be downloaded from {known.download_url} "
            f"({describe_failure(error)}); "
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
            retrieve(url, path)
        except (OSError, ValueError) as error:
            raise HrtfError(
                f"{url} could not be downloaded ({describe_failure(error)}); "
                "check the address and the network, or download it yourself and give its path."
            ) from error
    return path
