"""Knows files: WebDataset tars, FLAC, manifests, units of work, markers, locks, checks. It makes no sound.

Start with `jobs` (how a folder of shards comes to be, resumably), then `tars` and `manifests` (what lies in it) and
`verify` (whether it is whole). `files` is how anything reaches a disk; `flac` the codec; `rng` the seed in numpy.
Nothing is imported here: take names from the modules, so that a command line pays only for what it uses.
"""

__all__ = ["command_line", "files", "flac", "jobs", "manifests", "progress", "rng", "tars", "verify"]
