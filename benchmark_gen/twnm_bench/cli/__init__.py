"""The command `twnm-bench`. Each module is one command; heavy imports stay inside the functions."""

from twnm_bench.cli.app import app, main

__all__ = ["app", "main"]
