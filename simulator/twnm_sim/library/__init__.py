"""Libraries of rooms: how `twnm-sim render` goes from a spec to shards.

`plan.py` predicts sizes and cuts the work, `produce.py` makes one room in a worker, `run.py` is the run from top to
bottom. What resumes, locks, writes and survives kills is `twnm_shards.jobs`.
"""
