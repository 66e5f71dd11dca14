"""Handing a question set to other harnesses."""
