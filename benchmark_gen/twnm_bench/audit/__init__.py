"""Whether a question set is fair: gates, text-only baselines, a report.

`run.audit_items` judges items gate by gate, `shelves` reads what lies beside a question file, `pages.write_audit`
writes the report. `readers` are what may be guessed without hearing, `chance` says when that is too much.
"""
