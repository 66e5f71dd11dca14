"""A Python function of the user's own that answers: `package.module:function`.

It is called as `function(audio_TC, sample_rate, prompt)` and returns text. `audio_TC` is float32 (T, 2), the left ear
first, or None where there is nothing to hear.
"""

import importlib
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twnm_bench.run.heard import Answers, Heard
from twnm_schemas.errors import SpecError

Function = Callable[[NDArray[np.float32] | None, int, str], str]


def load_function(name: str) -> Function:
    """The function behind `package.module:function`; modules in the current folder are found too.

    Raises SpecError where module or function are not there, the module cannot be imported, or it is no function.
    """
    module_name, _, path = name.partition(":")
    if not module_name or not path:
        raise SpecError(f"--callable {name} is not of the form package.module:function.")
    found: Any = _import_module(name, module_name)
    for part in path.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise SpecError(f"--callable {name}: the module {module_name} has no {path}.")
    if not callable(found):
        raise SpecError(f"--callable {name}: {path} is no function but {type(found).__name__}.")
    function: Function = found
    return function


def _import_module(name: str, module_name: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise SpecError(
            f"--callable {name}: there is no module {error.name}; run from the folder it is in, or install it."
        ) from error
    except Exception as error:  # whatever a foreign module does while it is imported
        raise SpecError(f"--callable {name} cannot be imported: {_say(error)}.") from error


@dataclass(frozen=True)
class FunctionAnswers(Answers):
    """Answers of a function. What it raises ends the run with a sentence that says where; it should return text."""

    name: str
    function: Function

    async def answer(self, heard: Heard) -> str:
        """What the function returns. Raises SpecError where it fails or returns no text."""
        audio_TC = None if heard.audio_CT is None else np.ascontiguousarray(heard.audio_CT.T)
        try:
            reply = self.function(audio_TC, heard.sample_rate, heard.prompt)
        except Exception as error:  # whatever a foreign function does
            raise SpecError(f"{self.name} failed on question {heard.id}: {_say(error)}.") from error
        if not isinstance(reply, str):
            raise SpecError(
                f"{self.name} returned {type(reply).__name__} for question {heard.id}; it should return text."
            )
        return reply


def _say(error: Exception) -> str:
    """An error of foreign code: its kind, its first line, and where it was raised."""
    words = str(error).splitlines()
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {words[0].rstrip('.')}" if words else type(error).__name__
    return f"{what} ({Path(last.filename).name} line {last.lineno})"
