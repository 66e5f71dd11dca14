"""The compiled loops never reach outside their arrays: the same code with every index checked."""

import os
import subprocess
import sys

RENDER_ALL = """
import numpy as np
from twnm_schemas import Listener, Room
from twnm_sim import load_hrtf, measure_brir, render_brirs

hrtf = load_hrtf("kemar", 44100)
rng = np.random.default_rng(0)
banded = [[0.3, 0.2, 0.15, 0.1, 0.1, 0.15, 0.2]] * 6
for tail in ("images", "diffuse"):
    for output in ("binaural", "foa", "mono"):
        for absorption in (0.3, banded, 1.0, 0.05):
            for size in ((3.0, 4.0, 2.5), (12.0, 9.0, 4.0)):
                listener = Listener(position_m=tuple(rng.uniform(0.4, 0.8, 3) * size), yaw_deg=30.0, roll_deg=-40.0)
                sources = [tuple(rng.uniform(0.1, 0.3, 3) * size), tuple(0.999 * np.array(size))]
                for duration_s in (0.06, 0.4):
                    brirs = render_brirs(
                        Room(size_m=size, absorption=absorption), listener, sources, hrtf,
                        tail=tail, output=output, duration_s=duration_s,
                    )
                    measure_brir(brirs[0], 44100)
print("inside")
"""


def test_no_loop_leaves_its_arrays(tmp_path):
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "TWNM_CACHE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", RENDER_ALL], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "inside\n"
