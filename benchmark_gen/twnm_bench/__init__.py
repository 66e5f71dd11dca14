"""The benchmark room: decides what is true of a scene, asks about it, audits the questions and scores the answers.

A functional program over the Scene record decides every answer; a language model may only word it. This room may use
`twnm_schemas`, `twnm_shards` and `twnm_sim`, and meets the trainer only through shards on disk and the answer grammar.
For now the package holds nothing but this docstring: no generator, no audit and no scorer is written yet.
"""
