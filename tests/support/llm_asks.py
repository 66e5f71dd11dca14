"""Small asks, and settings that do not keep a test waiting."""

from typing import Any

from faulty_endpoint import FaultyEndpoint

from twnm_bench.llm.endpoint import EndpointSettings
from twnm_bench.llm.ports import Ask
from twnm_schemas.base import Strict

KEY = "sk-0123456789abcdef"


class Wording(Strict):
    """A reply of one field."""

    question: str


def make_asks(n: int, **settings: Any) -> list[Ask]:
    """Asks with prompts "prompt 0", "prompt 1", ..."""
    return [Ask(f"ask {number}", f"prompt {number}", Wording, **settings) for number in range(n)]


def settings_for(server: FaultyEndpoint, **settings: Any) -> EndpointSettings:
    """Short waits, three tries, four at a time."""
    quick: dict[str, Any] = {
        "model": "stub",
        "key": KEY,
        "concurrency": 4,
        "timeout_s": 20.0,
        "tries": 3,
        "backoff_s": 0.005,
    }
    return EndpointSettings(url=server.url, **{**quick, **settings})


def read_words(replies: list[Any]) -> list[str | None]:
    """The question of each reply, None where it fell back."""
    return [reply.value.question if reply.value else None for reply in replies]
