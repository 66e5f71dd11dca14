"""The training room: whatever needs a gradient or a checkpoint (encoders, fusion, the training stages, inference).

This room may use `twnm_schemas`, `twnm_shards` and `twnm_sim`, and never `twnm_bench`: it reads shards from disk and
runs the benchmark as a command. torch belongs here alone, behind the `train` extra.
For now the package holds nothing but this docstring: no encoder, no stage and no inference is written yet.
"""
