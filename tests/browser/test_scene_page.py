"""A scene's page in a real browser: its table can be read on a wide and on a narrow screen."""

import json
import re
import shutil
import subprocess

import pytest
from scene_runs import SPEC, ask, make_world

from twnm_schemas.distributions import Constant
from twnm_sim.plots.scene_page import plot_scene
from twnm_sim.scenes.run import plan_scenes, run_scenes

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
PROBE = """<script>
addEventListener("load", () => {
  const lines = cell => {
    const range = document.createRange();
    range.selectNodeContents(cell.firstChild);
    return range.getClientRects().length;
  };
  const table = document.querySelector(".events"), frame = table.parentElement;
  const room = document.documentElement.clientWidth;
  const names = [...table.querySelectorAll("tbody td:nth-child(2)")];
  const hidden = frame.scrollWidth - frame.clientWidth;
  frame.scrollLeft = 200;  // the players, which are drawn late, are then where the keys are
  const keys = [...table.querySelectorAll("tbody .key")].map(k => k.getBoundingClientRect());
  parent.postMessage(JSON.stringify({
    room, hidden,
    overflow: document.documentElement.scrollWidth - room,
    names: names.map(n => n.firstChild.textContent),
    lines: [...names, ...table.querySelectorAll("tbody td.number")].map(lines),
    players: [...table.querySelectorAll("audio")].map(a => a.getBoundingClientRect().width),
    keys: keys.map(k => document.elementFromPoint(k.x + k.width / 2, k.y + k.height / 2).closest(".key") !== null),
  }), "*");
});
</script></body>"""
FRAME = """<body style="margin: 0"><pre id="probe"></pre><script>
addEventListener("message", event => { document.getElementById("probe").textContent = event.data; });
</script><iframe src="page.html" style="border: 0; width: WIDTHpx; height: 1600px"></iframe></body>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (Debian, Ubuntu: apt install chromium)"),
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The page of a scene of two sounds with stems."""
    out = tmp_path_factory.mktemp("page") / "data"
    spec = SPEC.model_copy(update={"sources": Constant(value=2.0), "stems": True})
    run_scenes(plan_scenes(ask(make_world(tmp_path_factory), out, scenes=1, spec=spec, splits=("train",))))
    return plot_scene(out, "scene-000000", out / "page.html").read_text()


@pytest.mark.parametrize("width", [1000, 400])
def test_the_table_of_sounds_can_be_read(written, tmp_path, width):
    assert "<script" not in written
    (tmp_path / "page.html").write_text(written.replace("</body>", PROBE))
    outer = tmp_path / "outer.html"
    outer.write_text(FRAME.replace("WIDTH", str(width)))
    options = (f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1200,1800", "--virtual-time-budget=10000")
    done = subprocess.run(
        [CHROMIUM, *QUIET, *options, "--dump-dom", outer.as_uri()], capture_output=True, text=True, timeout=120
    )
    found = re.search(r'<pre id="probe">(.+?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    shown = json.loads(found[1])
    assert shown["room"] in (width, width - 15)  # less where there is a bar to scroll by
    assert shown["overflow"] <= 0
    assert (shown["hidden"] > 0) == (width == 400)
    assert len(shown["names"]) == 2
    assert set(shown["lines"]) == {1}
    assert len(shown["players"]) == 2
    assert min(shown["players"]) >= 180.0
    assert shown["keys"] == [True, True]  # which row it is stays in sight when the table is moved
