"""A server of chat completions on this machine that fails in the ways that servers do, and tells what it was asked."""

import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    number: int  # from 0, in the order in which they came
    body: dict[str, Any]
    authorization: str
    path: str

    @property
    def rung(self) -> str:
        """The form of structured output that was asked for."""
        return str(self.body.get("response_format", {}).get("type", "text"))

    @property
    def prompt(self) -> str:
        """The first turn of the user."""
        return str(next(turn["content"] for turn in self.body["messages"] if turn["role"] == "user"))

    @property
    def turns(self) -> list[str]:
        """Who speaks, in order, and in each turn what."""
        return [turn["content"] for turn in self.body["messages"] if turn["role"] != "system"]


@dataclass(frozen=True)
class Answer:
    """What to do with a request; without arguments, a whole and valid completion of no text."""

    text: str = ""
    status: int = 200
    finish: str = "stop"
    error: dict[str, Any] | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    usage: tuple[int, int] | None = (10, 5)
    delay_s: float = 0.0
    cut_after: int | None = None  # bytes of the body, of which all are promised
    drip_s: float = 0.0  # a pause after each byte of the body
    reset: bool = False  # the connection is torn down without a word

    def body(self) -> bytes:
        if self.error is not None:
            return json.dumps({"error": self.error}).encode()
        choice = {"index": 0, "finish_reason": self.finish, "message": {"role": "assistant", "content": self.text}}
        completion: dict[str, Any] = {"id": "x", "object": "chat.completion", "created": 0, "choices": [choice]}
        if self.usage:
            completion["usage"] = {"prompt_tokens": self.usage[0], "completion_tokens": self.usage[1]}
        return json.dumps(completion).encode()


Script = Callable[[Asked], Answer]


def in_turn(*answers: Answer) -> Script:
    """These answers in the order of the requests, the last for all that follow."""
    return lambda asked: answers[min(asked.number, len(answers) - 1)]


class FaultyEndpoint:
    """Serves while the block lasts. `asked` holds the requests, `most_at_a_time` how many were under way at most."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.most_at_a_time = 0
        self.at_a_time: list[int] = []  # how many were under way, itself included, when each request came
        self._busy = 0
        self._lock = threading.Lock()
        self.leaving = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def rungs(self) -> list[str]:
        return [asked.rung for asked in self.asked]

    def __enter__(self) -> "FaultyEndpoint":
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leaving.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, body: dict[str, Any], authorization: str, path: str) -> Answer:
        with self._lock:
            asked = Asked(len(self.asked), body, authorization, path)
            self.asked.append(asked)
            self._busy += 1
            self.at_a_time.append(self._busy)
            self.most_at_a_time = max(self.most_at_a_time, self._busy)
        answer = self.script(asked)
        self.leaving.wait(answer.delay_s)
        with self._lock:
            self._busy -= 1
        return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


def _handler_for(endpoint: FaultyEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length))
            answer = endpoint.take(body, self.headers.get("Authorization", ""), self.path)
            if answer.reset:
                self._tear_down()
                return
            content = answer.body()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self._write(content[: answer.cut_after], answer.drip_s)
            if answer.cut_after is not None:
                self.close_connection = True

        def _write(self, content: bytes, drip_s: float) -> None:
            for start in range(len(content)) if drip_s else ():
                self.wfile.write(content[start : start + 1])
                self.wfile.flush()
                if endpoint.leaving.wait(drip_s):
                    return
            self.wfile.write(b"" if drip_s else content)
            self.wfile.flush()

        def _tear_down(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing is logged."""

    return Handler
