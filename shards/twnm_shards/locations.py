"""Where shards are: from what a person names (folders, tars, patterns, URLs) to tars on this machine.

A name may be a root (./data) or a kind's folder, a tar, a pattern with `*` or `{000000..000003}`, a `file://` URL, or
an http(s) URL of a tar or of a folder that has a manifest. Remote tars are fetched once, whole, and kept; a manifest is
fetched anew each time its server can be reached.
"""

import glob
import hashlib
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from twnm_schemas.errors import StoreError
from twnm_schemas.manifests import Manifest
from twnm_shards.downloads import fetch, fetch_newest
from twnm_shards.manifests import MANIFEST_NAME, read_manifest
from twnm_shards.tars import END_OF_ARCHIVE


def locate_shards(names: str | Path | Iterable[str | Path], kind: str, cache: Path) -> list[Path]:
    """The tars of `kind` behind the names, in their order, each once; remote ones are fetched into `cache`.

    Raises StoreError, naming it, for a name behind which there is nothing.
    """
    given = [names] if isinstance(names, str | Path) else list(names)
    if not given:
        raise StoreError(f"no {kind} are named; give a folder, a tar or a URL")
    found = (path for name in given for path in _locate(str(name), kind, cache))
    return list(dict.fromkeys(path.resolve() for path in found))


def _locate(name: str, kind: str, cache: Path) -> list[Path]:
    scheme = urlsplit(name).scheme
    if scheme in ("http", "https"):
        return _fetch_remote(name, kind, cache)
    if scheme == "file":
        name = unquote(urlsplit(name).path)
    elif "://" in name:
        raise StoreError(f"{name} cannot be read: give a folder, a tar, or a file://, http:// or https:// URL")
    return [path for part in _expand_braces(name) for path in _locate_local(part, kind)]


def _expand_braces(name: str) -> list[str]:
    import braceexpand

    try:
        return list(braceexpand.braceexpand(name))
    except ValueError:  # a brace that is not closed is part of the name
        return [name]


def _locate_local(name: str, kind: str) -> list[Path]:
    if Path(name).is_file():
        return [Path(name)]
    if Path(name).is_dir():
        return _tars_of_folder(Path(name), kind)
    matches = sorted(glob.glob(name, recursive=True)) if glob.has_magic(name) else []
    matches = [match for match in matches if match.endswith(".tar") or Path(match).is_dir()]  # no manifest, no index
    found = [path for match in matches for path in _locate_local(match, kind)]
    if not found:
        raise StoreError(f"{name} is not there: no folder, tar or pattern of that name holds {kind}")
    return found


def _tars_of_folder(folder: Path, kind: str) -> list[Path]:
    place = folder if folder.resolve().name == kind or (folder / MANIFEST_NAME).exists() else folder / kind
    if not place.is_dir():
        raise StoreError(f"{folder} holds no {kind} folder; give the root or the folder that a run wrote")
    manifest = read_manifest(place)
    if manifest.kind != kind:
        raise StoreError(f"{place} holds {manifest.kind}, not {kind}")
    return [_present(place / entry.name) for entry in manifest.shards]


def _present(path: Path) -> Path:
    if not path.is_file():
        raise StoreError(f"{path} is in the manifest and not in the folder; see twnm-shards verify")
    return path


def _fetch_remote(url: str, kind: str, cache: Path) -> list[Path]:
    if urlsplit(url).path.endswith(".tar"):
        return [_fetch_tar(one, cache, None) for one in _expand_braces(url)]
    base = url.rstrip("/") + "/"
    if not base.endswith(f"/{kind}/"):
        base += f"{kind}/"
    manifest = _fetch_manifest(urljoin(base, MANIFEST_NAME), cache)
    return [_fetch_tar(urljoin(base, entry.name), cache, entry.sha256) for entry in manifest.shards]


def _fetch_manifest(url: str, cache: Path) -> Manifest:
    """What is published now, or, where the server cannot be reached, what was published last."""
    folder = cache / hashlib.sha256(url.encode()).hexdigest()[:16]
    fetch_newest(url, folder / MANIFEST_NAME, lambda arrived: _check_manifest(arrived, url))
    return read_manifest(folder)


def _check_manifest(arrived: Path, url: str) -> None:
    try:
        read_manifest(arrived.parent)
    except StoreError as error:
        raise StoreError(str(error).replace(str(arrived), url)) from None


def _fetch_tar(url: str, cache: Path, sha256: str | None) -> Path:
    name = Path(unquote(urlsplit(url).path)).name
    path = cache / hashlib.sha256(f"{url} {sha256}".encode()).hexdigest()[:16] / name
    if not path.is_file():
        fetch(url, path, lambda arrived: _check_end(arrived, url), sha256)
    return path


def _check_end(arrived: Path, url: str) -> None:
    """A server that tells no length may have cut it, and no manifest says what it should be."""
    with arrived.open("rb") as stream:
        stream.seek(max(0, arrived.stat().st_size - len(END_OF_ARCHIVE)))
        if stream.read() != END_OF_ARCHIVE:
            raise StoreError(f"{url} is no whole tar: the end-of-archive mark is missing; try again")
