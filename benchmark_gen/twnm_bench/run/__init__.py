"""Putting a model through a question set: endpoints, callables, baselines, controls."""
