"""Scenes: clips placed in rooms, mixed, measured, and written down.

Read it in the order of the work: `brirs` (the rooms there are), `pool` (the clips there are), `search` and `draw` (from
a `SceneSpec` to a `SceneRecipe`), `mix` (the sound), `heard` (what is measured of it), `compose` (all of it for one
scene). `run` writes scene shards, `stream` gives scenes to trainers on the fly, `rebuild` makes audio again from
recipes.
"""
