"""`twnm-sim` as a script that dies by itself, so that tests can kill it at every change to a folder."""

import sys
from pathlib import Path

from small_runs import die_before_change

from twnm_sim.cli import main

if __name__ == "__main__":
    number, folder, *words = sys.argv[1:]
    die_before_change(int(number), Path(folder))
    sys.argv = ["twnm-sim", *words]
    main()
