"""Whether a question set is fair: gates, text-only baselines, a report."""
