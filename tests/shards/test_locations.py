"""From what a person names to the tars behind it."""

import functools
import hashlib
import http.server
import shutil
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from twnm_schemas.errors import MachineError, StoreError
from twnm_schemas.manifests import Manifest, ShardEntry
from twnm_shards.downloads import fetch
from twnm_shards.locations import locate_shards
from twnm_shards.manifests import MANIFEST_NAME, write_manifest
from twnm_shards.tars import END_OF_ARCHIVE

NAMES = tuple(f"brirs-{number:06d}.tar" for number in range(4))


def write_folder(folder: Path, kind: str = "brirs", names: tuple[str, ...] = NAMES) -> Path:
    """A folder of small files that end as tars do, and a manifest that lists them."""
    folder.mkdir(parents=True)
    entries = []
    for name in names:
        content = f"{folder} {name}".encode() + END_OF_ARCHIVE
        (folder / name).write_bytes(content)
        entries.append(ShardEntry(name=name, samples=1, bytes=len(content), sha256=hashlib.sha256(content).hexdigest()))
    write_manifest(
        folder,
        Manifest(
            kind=kind,
            samples=len(names),
            shards=tuple(entries),
            index_sha256="0" * 64,
            rejections=(),
            settings={},
            versions=(),
            seed=0,
            fingerprint="f",
        ),
    )
    (folder / "index.parquet").write_bytes(b"")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "root" / "brirs").parent


def names_of(found: list[Path]) -> list[str]:
    return [path.name for path in found]


def locate(*names: str | Path, cache: Path = Path("nowhere")) -> list[Path]:
    return locate_shards(names, "brirs", cache)


def test_a_root_and_its_folder_hold_what_the_manifest_lists(root: Path) -> None:
    (root / "brirs" / "brirs-000009.tar").touch()  # in no manifest: of another run, or not finished
    for name in (root, str(root), root / "brirs", f"{root}/brirs/", f"file://{root}"):
        assert names_of(locate(name)) == list(NAMES)
    assert all(path.is_absolute() for path in locate(root))


def test_a_folder_with_a_manifest_may_have_any_name(root: Path) -> None:
    (root / "brirs").rename(root / "mine")
    assert names_of(locate(root / "mine")) == list(NAMES)


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("brirs-000002.tar", [2]),
        ("*.tar", [0, 1, 2, 3]),
        ("*", [0, 1, 2, 3]),  # the manifest and the index beside them are no shards
        ("brirs-00000[13].tar", [1, 3]),
        ("brirs-{000001..000003}.tar", [1, 2, 3]),
        ("brirs-{000003,000000}.tar", [3, 0]),  # in the order in which they are named
    ],
)
def test_patterns(root: Path, pattern: str, numbers: list[int]) -> None:
    found = locate(f"{root}/brirs/{pattern}")
    assert names_of(found) == [NAMES[number] for number in numbers]
    assert names_of(locate(f"file://{root}/brirs/{pattern}")) == names_of(found)


def test_patterns_of_folders_and_names_that_look_like_patterns(root: Path, tmp_path: Path) -> None:
    write_folder(tmp_path / "roof" / "brirs")
    assert len(locate(f"{tmp_path}/roo?")) == 8
    odd = tmp_path / "a [b] {c.tar"
    odd.touch()
    assert locate(odd) == [odd]
    spaced = tmp_path / "with space.tar"
    spaced.touch()
    assert locate(f"file://{tmp_path}/with%20space.tar") == [spaced]


def test_each_is_found_once_in_the_order_of_the_names(root: Path) -> None:
    second = root / "brirs" / NAMES[2]
    assert names_of(locate(second, root, second)) == [NAMES[2], NAMES[0], NAMES[1], NAMES[3]]
    (root / "link.tar").symlink_to(second)
    assert len(locate(root / "link.tar", second)) == 1
    assert locate_shards(str(second), "brirs", root) == locate_shards(iter([second]), "brirs", root) == [second]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("gone", "gone is not there: no folder, tar or pattern of that name holds brirs$"),
        ("brirs/*.zip", r"brirs/\*.zip is not there: no folder"),
        (
            "s3://bucket/brirs",
            "^s3://bucket/brirs cannot be read: give a folder, a tar, or a file://, http:// or https",
        ),
        ("empty", "empty holds no brirs folder; give the root or the folder that a run wrote$"),
        ("other", "other holds scenes, not brirs$"),
        ("unfinished", "holds no manifest.json: it is no finished run$"),
        ("lossy", "brirs-000001.tar is in the manifest and not in the folder; see twnm-shards verify$"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(root: Path, name: str, sentence: str) -> None:
    (root / "empty").mkdir()
    write_folder(root / "other", "scenes")
    (root / "unfinished" / "brirs").mkdir(parents=True)
    (write_folder(root / "lossy" / "brirs") / NAMES[1]).unlink()
    with pytest.raises(StoreError, match=sentence):
        locate(name if "://" in name else root / name)


def test_no_name_at_all_is_refused() -> None:
    with pytest.raises(StoreError, match=r"^no brirs are named; give a folder, a tar or a URL$"):
        locate()


class Counting(http.server.SimpleHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *args: object) -> None:
        pass


class Cutting(Counting):
    """Sends half of every tar and hangs up; `tells_length`: whether it said before how long it would be."""

    tells_length: bool

    def do_GET(self) -> None:
        data = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        if self.tells_length:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if self.path.endswith(".tar") else data)


@contextmanager
def serving(handler: type[Counting], folder: Path) -> Iterator[str]:
    """The URL of a server of the folder; it is gone afterwards."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=folder)) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{httpd.server_port}"
        finally:
            httpd.shutdown()
            thread.join()


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return type("Handler", (Counting,), {"asked": []})


@pytest.fixture
def server(root: Path, handler: type[Counting]) -> Iterator[tuple[str, list[str]]]:
    """The URL of a server of the root, and the paths asked so far."""
    with serving(handler, root) as base:
        yield base, handler.asked


def test_remote_tars_are_fetched_once_and_kept_whole(server, root, tmp_path, capfd) -> None:
    base, asked = server
    cache = tmp_path / "cache"
    first = locate(f"{base}/brirs/{NAMES[1]}", cache=cache)
    assert first == locate(f"{base}/brirs/{NAMES[1]}", cache=cache)
    assert first[0].read_bytes() == (root / "brirs" / NAMES[1]).read_bytes()
    assert len(asked) == 1
    found = locate(f"{base}/brirs/brirs-{{000000..000002}}.tar", cache=cache)
    assert names_of(found) == list(NAMES[:3])
    assert found[1] == first[0]
    assert len(asked) == 3
    assert capfd.readouterr() == ("", "")


def test_a_remote_root_is_what_its_manifest_lists(server, root, tmp_path) -> None:
    base, asked = server
    cache = tmp_path / "cache"
    for url in (base, f"{base}/", f"{base}/brirs", f"{base}/brirs/"):
        found = locate(url, cache=cache)
        assert names_of(found) == list(NAMES)
        assert [path.read_bytes() for path in found] == [(root / "brirs" / name).read_bytes() for name in NAMES]
    assert sum(path.endswith(".tar") for path in asked) == 4
    assert sum(path.endswith("manifest.json") for path in asked) == 4  # what is published may have changed


def test_what_is_published_anew_is_fetched_anew(server, root, tmp_path) -> None:
    base, _ = server
    cache = tmp_path / "cache"
    before = locate(base, cache=cache)
    shutil.rmtree(root / "brirs")
    write_folder(tmp_path / "anew" / "brirs", names=NAMES[:2])
    shutil.move(tmp_path / "anew" / "brirs", root / "brirs")
    after = locate(base, cache=cache)
    assert names_of(after) == list(NAMES[:2])
    assert after[0] != before[0]
    assert after[0].read_bytes() == (root / "brirs" / NAMES[0]).read_bytes()


def test_a_tar_that_is_not_what_its_manifest_says_is_refused_and_not_kept(server, root, tmp_path) -> None:
    base, _ = server
    (root / "brirs" / NAMES[0]).write_bytes(b"cut")
    with pytest.raises(StoreError, match=rf"^{base}/brirs/{NAMES[0]} could not be downloaded \(.*; check the address"):
        locate(base, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*.tar"))


@pytest.mark.parametrize("path", ["gone.tar", "gone", "brirs/gone-{0..1}.tar"])
def test_what_a_server_does_not_have_is_said_in_a_sentence(server, tmp_path, path) -> None:
    base, _ = server
    with pytest.raises(StoreError, match=r"^http://127.*gone.* could not be downloaded \(404.*\); check the address"):
        locate(f"{base}/{path}", cache=tmp_path / "cache")


def test_a_server_that_is_not_there_is_said_in_a_sentence(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with http.server.HTTPServer(("127.0.0.1", 0), Counting) as httpd:
        url = f"http://127.0.0.1:{httpd.server_port}/x.tar"
    with pytest.raises(StoreError, match=rf"^{url} could not be downloaded \(no connection to the server\); check"):
        fetch(url, tmp_path / "x.tar", Path.stat)


def test_a_cache_that_cannot_be_made_is_said_in_a_sentence(server, tmp_path) -> None:
    base, _ = server
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match=r"^The cache folder .*file.* cannot be made \(.*\); set TWNM_CACHE"):
        locate(f"{base}/brirs/{NAMES[0]}", cache=tmp_path / "file")


LOCATE_OFTEN = """
import sys
from pathlib import Path
from twnm_shards.locations import locate_shards
for _ in range(20):
    print([path.name for path in locate_shards(sys.argv[1], "brirs", Path(sys.argv[2]))])
"""


def test_processes_that_fetch_the_same_at_once_do_not_disturb_each_other(server, tmp_path) -> None:
    base, asked = server
    command = [sys.executable, "-c", LOCATE_OFTEN, base, str(tmp_path / "cache")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for process in running:
        assert process.communicate() == (f"{list(NAMES)}\n" * 20, "")
    assert sum(path.endswith(MANIFEST_NAME) for path in asked) == 80
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert sorted(names_of(kept)) == [*NAMES, MANIFEST_NAME]  # and nothing half done


def test_without_its_server_what_was_fetched_will_do(root, handler, tmp_path) -> None:
    with serving(handler, root) as base, warnings.catch_warnings():
        warnings.simplefilter("error")
        before = locate(base, cache=tmp_path / "cache")
    with pytest.warns(UserWarning, match=rf"^{base}/brirs/{MANIFEST_NAME} cannot be reached; what was fetched"):
        assert locate(base, cache=tmp_path / "cache") == before
    before[2].unlink()
    with (
        pytest.warns(UserWarning, match="cannot be reached"),
        pytest.raises(StoreError, match=rf"^{base}/brirs/{NAMES[2]} could not .* \(no conn"),
    ):
        locate(base, cache=tmp_path / "cache")
    with pytest.raises(StoreError, match=rf"^{base}/brirs/{MANIFEST_NAME} could not be downloaded \(no connection"):
        locate(base, cache=tmp_path / "other cache")


@pytest.mark.parametrize(("status", "kept"), [(503, True), (404, False), (403, False)])
def test_only_a_server_that_says_nothing_of_a_manifest_leaves_the_kept_one(
    root, handler, tmp_path, status, kept
) -> None:
    with serving(handler, root) as base:
        before = locate(base, cache=tmp_path / "cache")
        handler.do_GET = lambda self: self.send_error(status)
        if kept:
            with pytest.warns(UserWarning, match="cannot be reached"):
                assert locate(base, cache=tmp_path / "cache") == before
        else:
            with pytest.raises(StoreError, match=rf"{MANIFEST_NAME} could not be downloaded \({status}"):
                locate(base, cache=tmp_path / "cache")


def test_a_page_in_a_manifest_s_place_does_not_replace_it(root, handler, tmp_path) -> None:
    manifest = root / "brirs" / MANIFEST_NAME
    good = manifest.read_bytes()
    with serving(handler, root) as base:
        before = locate(base, cache=tmp_path / "cache")
        manifest.write_text("<html>Please sign in</html>")
        with pytest.raises(StoreError, match=rf"^{base}/brirs/{MANIFEST_NAME} is not a valid manifest: the whole: "):
            locate(base, cache=tmp_path / "cache")
    assert [path.read_bytes() for path in (tmp_path / "cache").rglob(MANIFEST_NAME)] == [good]
    with pytest.warns(UserWarning, match="cannot be reached"):
        assert locate(base, cache=tmp_path / "cache") == before


@pytest.mark.parametrize(
    ("tells_length", "sentence"),
    [
        (True, r"could not be downloaded \(the connection broke off\); check the address and the network$"),
        (False, r"is no whole tar: the end-of-archive mark is missing; try again$"),
    ],
)
def test_a_tar_that_is_cut_on_its_way_is_not_taken_for_whole(
    root, handler, tmp_path, monkeypatch, tells_length, sentence
) -> None:
    cutting = type("Handler", (Cutting,), {"asked": [], "tells_length": tells_length})
    whole = root / "brirs" / NAMES[0]
    whole.write_bytes(bytes(range(256)) * 40 + END_OF_ARCHIVE)
    with serving(cutting, root) as base:
        with pytest.raises(StoreError, match=rf"^{base}/brirs/{NAMES[0]} {sentence}"):
            locate(f"{base}/brirs/{NAMES[0]}", cache=tmp_path / "cache")
        assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
        monkeypatch.setattr(cutting, "do_GET", http.server.SimpleHTTPRequestHandler.do_GET)
        assert locate(f"{base}/brirs/{NAMES[0]}", cache=tmp_path / "cache")[0].read_bytes() == whole.read_bytes()


def test_a_tar_that_is_cut_differs_from_its_manifest(root, handler, tmp_path) -> None:
    cutting = type("Handler", (Cutting,), {"asked": [], "tells_length": False})
    with (
        serving(cutting, root) as base,
        pytest.raises(StoreError, match=r"000000.tar could not be downloaded \(.*hash"),
    ):
        locate(base, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*.tar"))
