"""From a room to impulse responses: image sources, heads, losses, tails.

Read `brirs.py` first: it is the whole story. `images.py` lists image sources, `nearest.py` finds the measured
direction of each, `binaural.py` and `ambisonics.py` add them up, `losses.py` applies walls and air, `tail.py` continues
the response with shaped noise, `highpass.py` removes the DC mode.
"""
