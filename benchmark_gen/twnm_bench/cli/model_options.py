"""The options of commands that may talk to a language model, and what they come to."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from twnm_bench.llm.asking import AskSettings
    from twnm_bench.llm.meter import Meter
    from twnm_bench.llm.ports import LanguageModel
    from twnm_bench.llm.templates import Prompts

PANEL = "A language model that words what is true"
Llm = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="An OpenAI-compatible endpoint; its key in TWNM_LLM_KEY or OPENAI_API_KEY.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
Model = Annotated[
    str | None, typer.Option(help="The endpoint's name of the model.", show_default=False, rich_help_panel=PANEL)
]
Concurrency = Annotated[int, typer.Option(min=1, help="Calls at a time, at most.", rich_help_panel=PANEL)]
Temperature = Annotated[float, typer.Option(help="0 to 2.", rich_help_panel=PANEL)]
MaxCost = Annotated[
    float | None,
    typer.Option(help="No call that could take the cost over this.", show_default="none", rich_help_panel=PANEL),
]
PriceIn = Annotated[float, typer.Option(help="Of a million tokens of prompt.", rich_help_panel=PANEL)]
PriceOut = Annotated[float, typer.Option(help="Of a million tokens of reply.", rich_help_panel=PANEL)]
PromptFolder = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Prompts of one's own (jinja2).", show_default="ours", rich_help_panel=PANEL),
]
Preview = Annotated[
    int, typer.Option(min=0, help="Only print so many requests; nothing is called.", rich_help_panel=PANEL)
]


@dataclass(frozen=True)
class Talk:
    """A language model made ready to be asked."""

    model: "LanguageModel"
    settings: "AskSettings"
    meter: "Meter"
    prompts: "Prompts"


def open_talk(
    llm: str | None,
    model: str | None,
    cache: Path,
    *,
    seed: int,
    concurrency: int,
    temperature: float,
    max_cost: float | None,
    prices: tuple[float, float],
    prompts: Path | None,
    max_tokens: int = 1024,
) -> Talk | None:
    """What the options name, None where they (and the environment) name no endpoint. Replies are kept in `cache`.

    `max_tokens`: of one reply.
    """
    from twnm_bench.llm.asking import AskSettings
    from twnm_bench.llm.endpoint import Endpoint, read_endpoint
    from twnm_bench.llm.meter import Meter, Prices
    from twnm_bench.llm.templates import Prompts
    from twnm_schemas.errors import SpecError

    endpoint = read_endpoint(llm, model, concurrency=concurrency)
    if endpoint is None:
        if model is not None or max_cost is not None or prompts is not None:
            raise SpecError("A model, a cost or prompts need an endpoint; give --llm URL or set TWNM_LLM_URL.")
        return None
    return Talk(
        model=Endpoint(endpoint, cache),
        settings=AskSettings(temperature=temperature, seed=seed, max_tokens=max_tokens, cache=cache),
        meter=Meter(Prices(*prices), max_cost),
        prompts=Prompts(prompts),
    )


def say_talk(talk: Talk) -> str:
    """What talking came to, in one line."""
    report = talk.meter.report(talk.model.name)
    fallbacks = ", ".join(f"{reason} {count}" for reason, count in report.fallbacks.items())
    cost = f", cost {report.cost:.4g}" if report.cost else ""
    return (
        f"{report.model}: {report.asks} asked, {report.calls} calls, {report.cached} from the cache, "
        f"{report.repaired} repaired, {report.tokens_in} + {report.tokens_out} tokens{cost}"
        f"{'; kept by rules: ' + fallbacks if fallbacks else ''}"
    )
