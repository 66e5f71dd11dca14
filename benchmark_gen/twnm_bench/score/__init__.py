"""How a model did: accuracy with intervals, comparisons, consistency.

`run.score_files` reads questions and predictions and returns a `result.Score`; `statistics` holds the formulas, `tally`
and `compare` apply them to judged answers, `tables` and `plot` show a score.
"""

from twnm_bench.score.result import Score
from twnm_bench.score.run import ScoreRequest, score_files

__all__ = ["Score", "ScoreRequest", "score_files"]
