"""The command `twnm-sim`. Each command parses, calls and prints; the work is in the library's own modules.

Heavy imports live inside the commands, so that every `--help` answers at once.
"""

from twnm_sim.cli.app import app, main

__all__ = ["app", "main"]
