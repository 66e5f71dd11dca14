"""How a model did: accuracy with intervals, comparisons, consistency."""
