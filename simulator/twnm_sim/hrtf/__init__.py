"""Whose head it is: measured and computed sets of head-related impulse responses (HRIRs), ready for the renderer.

Start with `load.load_hrtf`, the story. `model.Hrtf` is what it returns, `sofa` reads AES69 files, `catalog` knows the
named sets and their terms, `fetch` downloads, `spherical_head` computes, `grid` weighs directions, `measures` sums up.
"""

from twnm_sim.hrtf.load import hrtf_names, load_hrtf
from twnm_sim.hrtf.model import Hrtf

__all__ = ["Hrtf", "hrtf_names", "load_hrtf"]
