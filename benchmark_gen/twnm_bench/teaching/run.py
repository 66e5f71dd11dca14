"""`twnm-bench qa` and `twnm-bench teach`, from top to bottom: find scenes, make the texts, write shards, sum up."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from twnm_bench.llm.ports import Ask, Reply
from twnm_bench.teaching.avoiding import find_benchmarks, read_avoided
from twnm_bench.teaching.chat import write_chat
from twnm_bench.teaching.items import ItemMaker
from twnm_bench.teaching.packing import Packed, make_text_producer, pack, plan_job
from twnm_bench.teaching.qa import AskModel, QaMaker
from twnm_bench.teaching.sources import TRAIN, Source, Sources, gather_sources, place_audio
from twnm_schemas.errors import StoreError
from twnm_schemas.questions import AudioPlace
from twnm_schemas.scenes import Scene
from twnm_schemas.teaching import QaSample, TeachSample
from twnm_shards.folders import Mode
from twnm_shards.jobs import Job, remove_runs, run_job
from twnm_shards.manifests import Cell

Kind = Literal["sft1", "sft2"]
_MODELS: dict[Kind, type[QaSample] | type[TeachSample]] = {"sft1": QaSample, "sft2": TeachSample}


@dataclass(frozen=True)
class TeachRequest:
    """What a user asks of a run. `kind`: "sft1" open pairs, "sft2" reasoned choices. `scenes`: folders and tars.

    `benchmarks`: question files to keep off, else that of OUT/benchmark. `copies`: audio is copied beside the text, or
    only referred to. `prompts`: a folder of a person's own.
    """

    kind: Kind
    scenes: tuple[Path, ...]
    out: Path
    benchmarks: tuple[Path, ...] = ()
    per_scene: tuple[int, int] = (1, 2)
    seed: int = 0
    copies: bool = True
    chat: bool = False
    workers: int = 1
    per_shard: int = 0
    mode: Mode = "continue"
    prompts: Path | None = None

    @property
    def folder(self) -> Path:
        """Where the shards go."""
        return self.out / self.kind / TRAIN


@dataclass(frozen=True)
class TeachPlan:
    """A request made ready: every text is made and checked, nothing is written. `refused`: scenes, by reason."""

    request: TeachRequest
    packed: tuple[Packed, ...]
    job: Job
    scenes: int
    refused: Counter[str]
    benchmarks: tuple[Path, ...]
    tally: Counter[str]
    blind: int


@dataclass(frozen=True)
class TeachSummary:
    """What a run made; `chat` is the path of the chat lines, where they were asked for."""

    plan: TeachPlan
    samples: int
    bytes: int
    chat: Path | None


def plan_teaching(request: TeachRequest, ask: AskModel | None = None) -> TeachPlan:
    """Find the scenes and make every text; `ask` hands requests to a language model, where one is named.

    Raises StoreError where there are no train scenes that may be taught, or nothing can be asked about them.
    """
    benchmarks = tuple(find_benchmarks(request.benchmarks, request.out))
    sources = gather_sources(request.scenes, read_avoided(benchmarks))
    packed, tally, blind = _make_texts(request, sources, ask)
    if not packed:
        first = next(iter(tally.most_common(1)), ("no scene", 0))
        raise StoreError(
            f"Nothing can be asked about the {len(sources.scenes)} train scenes (most often: {first[0]}); compose "
            "scenes of more sounds in more rooms."
        )
    job = plan_job(request.kind, packed, _describe(request, len(packed)), request.seed, request.per_shard)
    return TeachPlan(request, packed, job, len(sources.scenes), sources.refused, benchmarks, tally, blind)


class _ListedError(Exception):
    """Carries the requests out of a run that is only to show them."""

    def __init__(self, asks: Sequence[Ask]) -> None:
        super().__init__("listed")
        self.asks = list(asks)


def list_asks(request: TeachRequest) -> list[Ask]:
    """What a language model would be asked; nothing is asked or written. Raises as `plan_teaching`."""

    def listen(asks: Sequence[Ask]) -> list[Reply]:
        raise _ListedError(asks)

    try:
        plan_teaching(request, listen)
    except _ListedError as found:
        return found.asks
    return []


def _describe(request: TeachRequest, samples: int) -> dict[str, JsonValue]:
    """What tells one run from another, besides the texts themselves, which the fingerprint names."""
    return {
        "split": TRAIN,
        "per_scene": list(request.per_scene),
        "audio": "copy" if request.copies else "reference",
        "samples": samples,
    }


def _make_texts(
    request: TeachRequest, sources: Sources, ask: AskModel | None
) -> tuple[tuple[Packed, ...], Counter[str], int]:
    def place(source: Source, scene: Scene, key: str) -> AudioPlace:
        return place_audio(source, scene, key, None if request.copies else request.folder)

    if request.kind == "sft1":
        pairs = QaMaker(sources, request.per_scene, request.seed, place, request.prompts)
        made = pairs.make(ask)
        packed = tuple(_pack_pair(one.sample, one.source, request.copies) for one in made)
        return packed, pairs.tally, sum(one.sample.router_label[0] == 0.0 for one in made)
    items = ItemMaker(sources, request.per_scene, request.seed, place, request.prompts)
    taught = items.make(ask)
    packed = tuple(_pack_item(one.sample, one.source, request.copies) for one in taught)
    return packed, items.tally, sum(one.sample.router_label[0] == 0.0 for one in taught)


def _pack_pair(sample: QaSample, source: Source, copies: bool) -> Packed:
    row: dict[str, Cell] = {
        "scene_id": sample.scene_id,
        "room_id": sample.room_id,
        "kind": sample.qa_kind,
        "semantic": sample.router_label[0],
        "wording": sample.provenance.wording,
        "license": sample.license,
    }
    return pack(sample.id, sample.model_dump_json(), row, source, copies=copies)


def _pack_item(sample: TeachSample, source: Source, copies: bool) -> Packed:
    row: dict[str, Cell] = {
        "scene_id": sample.scene_id,
        "room_id": sample.room_id,
        "task": sample.task,
        "difficulty": sample.difficulty,
        "letter": sample.letter,
        "wording": sample.provenance.wording,
        "license": sample.license,
    }
    return pack(sample.id, sample.model_dump_json(), row, source, copies=copies)


def run_teaching(plan: TeachPlan, on_progress: Callable[[int], None] | None = None) -> TeachSummary:
    """Write what is missing of the shards, and the chat lines where they are asked for."""
    request = plan.request
    if request.mode == "overwrite":
        remove_runs([request.folder], request.kind)
    tell = on_progress or (lambda done: None)
    manifest = run_job(
        plan.job,
        request.folder,
        make_text_producer,
        (plan.packed,),
        workers=request.workers,
        mode="resume" if request.mode == "resume" else "continue",
        on_progress=lambda progress: tell(progress.samples_done),
    )
    chat = write_chat(request.folder, _MODELS[request.kind], lambda done: None) if request.chat else None
    return TeachSummary(plan, manifest.samples, sum(shard.bytes for shard in manifest.shards), chat)
