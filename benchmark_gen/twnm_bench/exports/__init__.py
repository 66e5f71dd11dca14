"""A question set for other harnesses: Hugging Face rows, an lmms-eval task, an inspect_ai task; start at `run.py`."""
