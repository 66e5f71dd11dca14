"""Talking to a language model: it may word what is true and never decides it."""
