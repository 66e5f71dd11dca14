"""Compiled numeric loops: numba with a fixed order of summation, cached in the user's cache folder.

`fastmath` stays off: results must repeat byte for byte. The compiled code is cached so that workers load instead of
compiling; where the cache folder cannot be written everything still runs, compiled anew in each process, and one
warning says so.
"""

import os
import warnings
from collections.abc import Callable
from typing import Any

import numba

from twnm_sim.caches import cache_folder


def _prepare_cache() -> bool:
    folder = cache_folder() / "numba"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if writable:
        numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]  # set through numba's own registry
    else:
        warnings.warn(
            f"The cache folder {folder} cannot be written, so loops are compiled anew in every process (about half a "
            "minute); set TWNM_CACHE to a folder that can.",
            stacklevel=2,
        )
    return writable


_CACHED = _prepare_cache()


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`numba.njit` with the house's settings."""
    return numba.njit(cache=_CACHED, fastmath=False, nogil=True, error_model="numpy")(function)
