"""Test modules and the workers they spawn import the small real runs beside them by name."""

import sys
from pathlib import Path

for folder in (Path(__file__).parent, Path(__file__).parent.parent / "shards"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
