"""Counts, sizes and times in words."""


def say_count(number: int, noun: str) -> str:
    """1 room, 2 rooms."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def say_bytes(size: float) -> str:
    """1.50 GB, 20.0 MB."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def say_time(seconds: float) -> str:
    """5 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{max(seconds, 1.0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
