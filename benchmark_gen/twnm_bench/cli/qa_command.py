"""`twnm-bench qa`."""

from pathlib import Path
from typing import Annotated

import typer

from twnm_bench.cli.model_options import (
    Concurrency,
    Llm,
    MaxCost,
    Model,
    Preview,
    PriceIn,
    PriceOut,
    PromptFolder,
    Temperature,
)
from twnm_bench.cli.teaching_options import (
    WHAT,
    Audio,
    AudioChoice,
    Benchmark,
    FormatChoice,
    Scenes,
    Seed,
    ShardSize,
    read_request,
    run_and_report,
)
from twnm_sim.cli.run_options import PANEL, Overwrite, Resume, Workers, choose_mode


def qa(
    scenes: Scenes,
    benchmark: Benchmark = None,
    per_scene: Annotated[str, typer.Option(help="Pairs of a scene: 2, or 1-2.", rich_help_panel=WHAT)] = "1-2",
    seed: Seed = 0,
    llm: Llm = None,
    model: Model = None,
    temperature: Temperature = 0.7,
    concurrency: Concurrency = 32,
    max_cost: MaxCost = None,
    price_in: PriceIn = 0.0,
    price_out: PriceOut = 0.0,
    prompts: PromptFolder = None,
    preview: Preview = 0,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Root folder; shards go to DIR/sft1/train.", rich_help_panel=PANEL)
    ] = Path("data"),
    audio: Audio = AudioChoice.copy,
    format: Annotated[  # noqa: A002 - the option's name
        FormatChoice, typer.Option(help="chat: also DIR/sft1/train.jsonl for trainers.", rich_help_panel=PANEL)
    ] = FormatChoice.shards,
    shard_size: ShardSize = 4096,
    workers: Workers = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Write open question-answer pairs with router labels about train scenes (SFT 1.0).

    Every answer is held against its scene, whoever worded it. Without --llm all pairs are worded by rule. Run the same
    command again after any interruption: it finishes what is missing, byte for byte.
    """
    request = read_request(
        "sft1",
        scenes,
        benchmark,
        out,
        per_scene,
        seed,
        audio,
        format,
        shard_size,
        workers,
        choose_mode(resume, overwrite),
        prompts,
    )
    talk = {
        "concurrency": concurrency,
        "temperature": temperature,
        "max_cost": max_cost,
        "prices": (price_in, price_out),
        "prompts": prompts,
    }
    run_and_report(request, llm, model, talk, preview)
