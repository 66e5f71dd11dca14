"""An OpenAI-compatible endpoint that takes audio: chat completions with an `input_audio` part.

The parts are those of the OpenAI API reference, "Create chat completion" (content parts `input_audio` with `data` in
base64 and `format`, and `text`). Both ears go in one stereo WAV. Too many requests, server errors and timeouts are
tried again by the `openai` client, which heeds Retry-After.

Shapes: C ears, T samples.
"""

import base64
import io
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

import soundfile

from twnm_bench.llm.endpoint import EndpointSettings
from twnm_bench.llm.ladder import Ladder
from twnm_bench.llm.trouble import Trouble, judge_error, judge_status
from twnm_bench.run.heard import Answers, Audio, Heard
from twnm_schemas.errors import MachineError, MissingExtraError, SpecError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_NO_KEY = "none"  # the client insists on one; servers of one's own mostly ask for none
_KEPT = "answers so far are kept"


@dataclass(frozen=True)
class Manner:
    """How a model is to answer: its temperature, and the most tokens of one reply."""

    temperature: float = 0.0
    max_tokens: int = 1024


def encode_wav(audio_CT: Audio, sample_rate: int) -> bytes:
    """A 16-bit WAV of the audio (C, T) at face value; samples beyond full scale are clipped."""
    stream = io.BytesIO()
    soundfile.write(stream, audio_CT.T, sample_rate, subtype="PCM_16", format="WAV")
    return stream.getvalue()


def content_of(heard: Heard) -> list[dict[str, Any]]:
    """The parts of the message: the audio, where there is any, then the text."""
    text = {"type": "text", "text": heard.prompt}
    if heard.audio_CT is None:
        return [text]
    data = base64.b64encode(encode_wav(heard.audio_CT, heard.sample_rate)).decode()
    return [{"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}, text]


class EndpointAnswers(Answers):
    """Answers of one model behind an endpoint. Raises MissingExtraError where `openai` is not installed."""

    def __init__(self, settings: EndpointSettings, manner: Manner | None = None) -> None:
        if find_spec("openai") is None:
            raise MissingExtraError(
                "An endpoint is asked with the package 'openai', which is not installed: pip install 'twnm[bench]'."
            )
        self._settings, self._manner = settings, manner or Manner()
        self._ladder = Ladder(settings.place, None)
        self._client: AsyncOpenAI | None = None

    async def answer(self, heard: Heard) -> str:
        """The reply as it came; "" where the model said nothing.

        Raises SpecError for a wrong key, an unknown model, an address that is none and a question that is refused;
        MachineError where the endpoint fails every time it is tried.
        """
        content = content_of(heard)
        while True:
            arguments = self._write_arguments()
            outcome = await self._post(content, arguments)
            if isinstance(outcome, str):
                return outcome
            self._ladder.do_without(outcome.parameter)
            if self._write_arguments() == arguments:  # there is nothing to ask differently
                self._stop(outcome, heard.id)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _write_arguments(self) -> dict[str, Any]:
        """What the endpoint is told besides model and messages, less what it has shown not to take."""
        habits = self._ladder.habits
        warmth = {} if "temperature" in habits.left_out else {"temperature": self._manner.temperature}
        return {**warmth, habits.token_parameter: self._manner.max_tokens}

    async def _post(self, content: list[dict[str, Any]], arguments: dict[str, Any]) -> str | Trouble:
        import openai

        messages: Any = [{"role": "user", "content": content}]
        try:
            reply = await self._open_client().chat.completions.create(
                model=self._settings.model, messages=messages, **arguments
            )
        except openai.APIStatusError as error:
            return judge_status(error.status_code, error.response.text, error.response.headers)
        except openai.APIConnectionError as error:
            return judge_error(error)
        except (openai.OpenAIError, ValueError):  # a body that is not the JSON it says it is
            return Trouble("stop_url", "rejected", "its reply is no chat completion")
        return _read_text(reply)

    def _open_client(self) -> "AsyncOpenAI":
        from openai import AsyncOpenAI

        if self._client is None:
            settings = self._settings
            self._client = AsyncOpenAI(
                base_url=settings.url,
                api_key=settings.key or _NO_KEY,
                max_retries=settings.tries - 1,
                timeout=settings.timeout_s,
            )
        return self._client

    def _stop(self, trouble: Trouble, question_id: str) -> NoReturn:
        """Raise what ends the run, as one sentence without the key in it."""
        place, model, tries = self._settings.place, self._settings.model, self._settings.tries
        said = trouble.said.replace(self._settings.key, "[key]") if self._settings.key else trouble.said
        sentences = {
            "stop_key": f"{place} refuses the key ({said}); set TWNM_LLM_KEY or OPENAI_API_KEY to one that it takes",
            "stop_model": f"{place} knows no model {model} ({said}); give --model one that it serves",
            "stop_url": f"{place} serves no chat completions ({said}); the address usually ends in /v1: correct --llm",
            "stop_credit": f"{place} has no credit left for this key ({said}); add some and run it again",
            "stop_unreachable": f"{place} cannot be reached ({said}); start the endpoint or correct --llm",
            "retry": f"{place} failed {tries} times in a row ({said}); run it again later, or with less --concurrency",
        }
        act = trouble.at_last if trouble.act == "step_down" else trouble.act
        refused = f"{place} refuses question {question_id} ({said}); does the model {model} take audio?"
        error = MachineError if act == "retry" else SpecError
        raise error(f"{sentences.get(act, refused)}; {_KEPT}.")


def _read_text(reply: Any) -> str | Trouble:
    choices = getattr(reply, "choices", None)
    message = getattr(choices[0], "message", None) if choices else None
    if message is None:
        return Trouble("stop_url", "rejected", "its reply is no chat completion")
    return message.content if isinstance(message.content, str) else ""
