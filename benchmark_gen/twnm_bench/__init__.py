"""The benchmark room: decides what is true of a scene, asks about it, audits the questions and scores the answers.

A functional program over the Scene record decides every answer (`facts`, `programs`, `families`); a language model may
only word it (`llm`). `generate` makes a set, `teaching` makes training text, `audit` judges any set, `run` puts a model
through one, `score` says how it did, `exports` hands the set to other harnesses, `cli` is the command `twnm-bench`.
This room may use `twnm_schemas`, `twnm_shards` and `twnm_sim`, and meets the trainer only through shards on disk and
the answer grammar.
"""
