"""The report in a real browser: nothing is fetched, nothing complains, gates and pictures are there."""

import json
import re
import shutil
import subprocess

import pytest
from checked_libraries import render_library

from twnm_sim.check import CheckRequest, check_library

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--enable-logging=stderr"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
PROBE = """<pre id="probe"></pre><script>
addEventListener("load", () => { document.getElementById("probe").textContent = JSON.stringify({
  images: [...document.images].map(i => [i.complete, i.naturalWidth, i.getBoundingClientRect().width]),
  sounds: [...document.querySelectorAll("audio")].map(a => a.getAttribute("src").slice(0, 16)),
  gates: [...document.querySelectorAll("#gates tr[data-gate]")].map(r => [r.dataset.gate, r.dataset.status]),
  fetched: performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith("data:")),
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  result: document.getElementById("result").textContent.trim()}); });
</script></body>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (Debian, Ubuntu: apt install chromium)"),
]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    root = render_library(tmp_path_factory.mktemp("browser") / "data", rooms=2, sources=3)
    return check_library(CheckRequest(root, workers=1))


def browse(page, profile, *options):
    command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", *options, "--dump-dom", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("width", [1280, 600])
def test_the_report_shows_itself_without_a_request(outcome, tmp_path, width):
    written = outcome.html_path.read_text()
    assert "<script" not in written
    page = tmp_path / "report.html"
    page.write_text(written.replace("</body>", PROBE))
    done = browse(page, tmp_path / "profile", f"--window-size={width},900")
    found = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    shown = json.loads(found[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
    assert shown["result"] == "All gates hold"
    assert shown["gates"] == [[v.gate.name, v.status] for v in outcome.report.verdicts]
    assert len(shown["images"]) >= 3
    assert all(complete and natural > 500 and drawn > 200 for complete, natural, drawn in shown["images"])
    assert shown["sounds"] == ["data:audio/flac;"] * 2
    assert shown["fetched"] == []
    assert shown["overflow"] <= 0
    assert "CONSOLE" not in done.stderr
    assert "ERR_" not in done.stderr
