"""Where this package keeps what it can make or fetch again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache folder; the environment variable TWNM_CACHE names another."""
    named = os.environ.get("TWNM_CACHE")
    if named:
        return Path(named).expanduser()
    import pooch

    return Path(pooch.os_cache("twnm"))
