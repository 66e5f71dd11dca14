"""Measured rooms: binaural room impulse responses of others, brought into libraries with the same records.

`run` is the story: the files are opened as `MeasuredSet`s (`sofa`, `folder`), whose poses are the samples; a worker
reads, resamples, trims, measures and encodes one pose (`produce`).
"""

from twnm_sim.measured.run import ImportRequest, plan_import, run_import

__all__ = ["ImportRequest", "plan_import", "run_import"]
