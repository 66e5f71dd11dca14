"""Downloads against a real local server: fetched once, checked, never half kept."""

import functools
import http.server
import shutil
import socket
import threading
from dataclasses import replace

import pytest

from twnm_schemas import HrtfError
from twnm_sim.hrtf import load_hrtf
from twnm_sim.hrtf.catalog import FABIAN, KEMAR, packaged_kemar
from twnm_sim.hrtf.fetch import cache_folder, fetch_known, fetch_url


class Counting(http.server.SimpleHTTPRequestHandler):
    asked: list[str]

    def do_GET(self):
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """(base URL, folder it serves, paths asked so far), with an empty cache."""
    monkeypatch.setenv("TWNM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "served"
    folder.mkdir()
    handler = type("Handler", (Counting,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=folder)) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}", folder, handler.asked
        httpd.shutdown()
        thread.join()


@pytest.fixture
def closed_url():
    """The URL of a port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    return f"http://127.0.0.1:{port}/set.sofa"


def test_a_sofa_by_url_is_fetched_once(server, capfd):
    base, folder, asked = server
    shutil.copy(packaged_kemar(), folder / "some head.sofa")
    url = f"{base}/some%20head.sofa?version=2"
    first, second = load_hrtf(url), load_hrtf(url)
    assert len(asked) == 1
    assert first.info == second.info
    assert first.info.name == "kemar"  # known by its checksum, wherever it came from
    assert "".join(capfd.readouterr()) == ""


def test_the_cache_is_by_url_not_by_name(server):
    base, folder, asked = server
    for version in ("a", "b"):
        (folder / version).mkdir()
        (folder / version / "set.sofa").write_text(version)
    assert fetch_url(f"{base}/a/set.sofa").read_text() == "a"
    assert fetch_url(f"{base}/b/set.sofa").read_text() == "b"
    assert len(asked) == 2


def test_what_the_server_does_not_have_is_refused_in_one_sentence(server):
    base, _, _ = server
    with pytest.raises(HrtfError, match=r"could not be downloaded .*404"):
        load_hrtf(f"{base}/absent.sofa")
    assert not any(path.is_file() for path in cache_folder().rglob("*"))


def test_a_page_in_place_of_a_sofa_is_refused_by_its_url_and_not_kept(server):
    base, folder, _ = server
    (folder / "page.sofa").write_text("<html>Please sign in</html>")
    with pytest.raises(HrtfError, match=r"http://127.*page.sofa cannot be read as a SOFA file"):
        load_hrtf(f"{base}/page.sofa")
    assert not any(path.is_file() for path in cache_folder().rglob("*"))


def test_a_closed_network_is_told(server, closed_url):
    with pytest.raises(HrtfError, match="could not be downloaded"):
        load_hrtf(closed_url)


def test_a_named_set_is_fetched_once_and_its_checksum_verified(server):
    base, folder, asked = server
    shutil.copy(packaged_kemar(), folder / "set.sofa")
    known = replace(KEMAR, download_url=f"{base}/set.sofa")
    path = fetch_known(known)
    assert path == cache_folder() / "hrtf" / KEMAR.file_name
    assert fetch_known(known) == path
    assert len(asked) == 1


def test_a_named_set_that_arrives_changed_is_refused(server):
    base, folder, _ = server
    (folder / "set.sofa").write_bytes(packaged_kemar().read_bytes()[:-1] + b"x")
    with pytest.raises(HrtfError, match=r"is not the published MIT_KEMAR_normal_pinna\.sofa"):
        fetch_known(replace(KEMAR, download_url=f"{base}/set.sofa"))


def test_a_named_set_without_a_network_tells_the_manual_way(server, closed_url):
    with pytest.raises(HrtfError) as caught:
        fetch_known(replace(FABIAN, download_url=closed_url))
    sentence = str(caught.value)
    assert str(cache_folder() / "hrtf" / "FABIAN_HRIR_measured_HATO_0.sofa") in sentence
    assert "43,296,979 bytes" in sentence
    assert "depositonce-5718.5" in sentence
    assert "\n" not in sentence


def test_a_wrong_file_put_in_place_by_hand_is_refused(server):
    path = cache_folder() / "hrtf" / FABIAN.file_name
    path.parent.mkdir(parents=True)
    shutil.copy(packaged_kemar(), path)
    with pytest.raises(HrtfError, match=r"FABIAN_HRIR_measured_HATO_0.sofa is not the published .*delete it"):
        load_hrtf("fabian")


def test_the_cache_folder_can_be_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TWNM_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("TWNM_CACHE")
    assert cache_folder().name == "twnm"
