"""`twnm-sim check`: does a finished library sound as its records and the theory say?

`run.check_library` is the story: every record (`records`), the audio of some rooms (`rooms`, which asks `direct`,
`early`, `remeasure` and `tails`), the table of gates (`gates`), and the report (`report`, `pages`).
"""

from twnm_sim.check.run import CheckRequest, check_library

__all__ = ["CheckRequest", "check_library"]
