"""`twnm-bench generate`, from top to bottom: open, deal the slots, find or pick scenes, write the shards, ask, write.

The shards come first, by `run_job`: resumable, the same bytes for any number of workers. The questions follow from
the records in them, so that a run that is stopped anywhere goes on, and nothing is ever asked of anything but a record.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import JsonValue

from twnm_bench.families.base import Draft, RejectedError, View
from twnm_bench.generate.drawing import SPLIT, ask_of_pair, ask_slot
from twnm_bench.generate.picking import Candidate, Picked, pick_scenes, read_candidates
from twnm_bench.generate.produce import (
    CopyTask,
    DrawTask,
    gather_inventory,
    make_copy_producer,
    make_draw_producer,
    partner_of,
)
from twnm_bench.generate.slots import DIFFICULTIES, Slot, deal_slots
from twnm_bench.generate.writing import GENERATOR, digest_rules, write_question
from twnm_bench.labels import Inventory, inventory_of_scenes
from twnm_schemas.base import name_values
from twnm_schemas.errors import SpecError, StoreError
from twnm_schemas.fingerprints import fingerprint
from twnm_schemas.questions import AudioPlace, Question, Task
from twnm_schemas.splits import SPLITS
from twnm_shards.folders import Mode
from twnm_shards.jobs import Job, Progress, run_job
from twnm_shards.locations import locate_shards
from twnm_shards.manifests import read_index
from twnm_shards.space import require_space
from twnm_sim.caches import cache_folder
from twnm_sim.library.plan import parse_shard_size
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.credits import write_attribution
from twnm_sim.scenes.draw import COMPOSER
from twnm_sim.scenes.maker import scene_versions
from twnm_sim.scenes.records import iter_credits
from twnm_sim.scenes.roots import Gathered, OnScan, gather_clips, holding

KIND = "benchmark"
QUESTIONS_NAME = "questions.jsonl"
_SCENE_BYTES = 720_000  # a scene of 5 s at 44.1 kHz, measured on the package's sounds
_PER_UNIT = 8  # scenes: a few seconds of work


@dataclass(frozen=True)
class GenerateRequest:
    """What a user asks.

    `quotas`: questions of each task. `library`: where responses are, to draw scenes with, as `open_brirs` takes it; or
    `scenes`: shards of scenes to ask about. `clips` as `scan_clips` takes them. `license`: SPDX id of clips whose own
    licence is not known.
    """

    quotas: Mapping[Task, int]
    out: Path
    library: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    clips: tuple[str, ...] = ("builtin",)
    difficulty: str = "core"
    seed: int = 0
    profile: str = "open"
    license: str | None = None
    shard_size: str = "1GB"
    workers: int = 1
    mode: Mode = "continue"


@dataclass(frozen=True)
class GeneratePlan:
    """A request made ready: the slots and the job that makes their scenes.

    `picked`: which given scene serves which slot; empty where scenes are drawn. `passed_over`: why given scenes did not
    serve.
    """

    request: GenerateRequest
    root: Path
    slots: tuple[Slot, ...]
    inventory: Inventory
    job: Job
    task: DrawTask | CopyTask
    picked: tuple[Picked, ...] = ()
    passed_over: Counter[str] = field(default_factory=Counter)
    clips: Gathered | None = None

    @property
    def folder(self) -> Path:
        """Where the shards lie."""
        return self.root / SPLIT


@dataclass(frozen=True)
class Generated:
    """What a run made: the questions, why draws were rejected, where it lies."""

    questions: tuple[Question, ...]
    rejections: Counter[str]
    root: Path
    scenes: int
    bytes: int
    wall_s: float


def root_of(out: Path) -> Path:
    """DIR/benchmark of DIR, and of DIR/benchmark itself."""
    return out if out.name == KIND else out / KIND


def plan_generate(request: GenerateRequest, on_scan: OnScan | None = None) -> GeneratePlan:
    """Open what is named and deal the slots; nothing is composed yet.

    Raises TwnmError for what cannot be opened, for labels or rooms that are too few, for scenes too few for a quota.
    """
    if request.difficulty not in DIFFICULTIES:
        raise SpecError(f"--difficulty {request.difficulty} is not one of {', '.join(DIFFICULTIES)}.")
    if not 0 <= request.seed < 2**63:
        raise SpecError(f"The seed {request.seed} is out of range; give 0 to 2^63 - 1.")
    return _plan_picking(request) if request.scenes else _plan_drawing(request, on_scan)


def _plan_drawing(request: GenerateRequest, on_scan: OnScan | None) -> GeneratePlan:
    root = root_of(request.out)
    library = open_brirs(request.library)
    removed = SPLITS if request.mode == "overwrite" else ()
    clips = gather_clips(root, request.clips, removed, request.workers, on_scan, request.license)
    inventory = gather_inventory(library, clips.catalog, SPLIT, request.profile)
    if not len(inventory) or not inventory.kinds:
        what = "clips" if not len(inventory) else "rooms"
        raise SpecError(
            f"There are no {what} of the {SPLIT} split, which a benchmark is made of: "
            + ("add clips." if what == "clips" else f"run twnm-sim render --split {SPLIT} --rooms 120 --out DIR.")
        )
    strata = tuple(sorted({absorption for _, absorption in inventory.kinds if absorption not in ("", "custom")}))
    slots = deal_slots(request.quotas, request.difficulty, inventory, strata, request.seed)
    digests = (library.digest, clips.catalog.digest)
    task = DrawTask(
        shards=tuple(library.shards),
        catalog=clips.path,
        digests=digests,
        profile=request.profile,
        quotas=tuple(request.quotas.items()),
        difficulty=request.difficulty,
        strata=strata,
        split=SPLIT,
        seed=request.seed,
    )
    settings: dict[str, JsonValue] = {"brirs": digests[0], "clips": digests[1], "license_profile": request.profile}
    job = _plan_job(request, len(slots), settings)
    require_space(root / SPLIT, job, _SCENE_BYTES * len(slots), "The run", "give another --out or a smaller --n.")
    return GeneratePlan(request, root, slots, inventory, job, task, clips=clips)


def _plan_picking(request: GenerateRequest) -> GeneratePlan:
    candidates = read_candidates(locate_shards(request.scenes, "scenes", cache_folder() / "shards"))
    inventory = inventory_of_scenes([candidate.scene for candidate in candidates])
    slots = deal_slots(request.quotas, request.difficulty, inventory, (), request.seed)
    slots = tuple(_unpair(slot) for slot in slots)
    picked, passed_over = pick_scenes(slots, candidates, inventory, request.seed)
    used = {pick.candidate.scene.scene_id: pick.candidate for pick in picked}
    ordered = [used[name] for name in sorted(used)]
    places = tuple((candidate.kept.shard, candidate.kept.offset) for candidate in ordered)
    settings: dict[str, JsonValue] = {"scenes": fingerprint([(c.scene.scene_id, c.scene.fingerprint) for c in ordered])}
    job = _plan_job(request, len(ordered), settings)
    return GeneratePlan(
        request, root_of(request.out), slots, inventory, job, CopyTask(places), tuple(picked), passed_over
    )


def _unpair(slot: Slot) -> Slot:
    """Given scenes are not edited, so there are no pairs of them."""
    return replace(slot, pair=-1, has_pair=False)


def _plan_job(request: GenerateRequest, samples: int, settings: dict[str, JsonValue]) -> Job:
    kind, size = parse_shard_size(request.shard_size)
    per_shard = max(1, int(size) if kind == "samples" else round(size / _SCENE_BYTES))
    quotas: dict[str, JsonValue] = dict(request.quotas.items())
    settings = {
        **settings,
        "quotas": quotas,
        "difficulty": request.difficulty,
        "generator": GENERATOR,
        "rules": digest_rules(),
    }
    return Job(
        kind="benchmark",
        samples=samples,
        samples_per_shard=min(per_shard, samples),
        samples_per_unit=min(_PER_UNIT, per_shard),
        settings=settings,
        fingerprint=fingerprint({**settings, "composer": COMPOSER, "seed": request.seed}),
        seed=request.seed,
        versions=name_values({**{v.name: v.value for v in scene_versions()}, "generator": GENERATOR}),
    )


def run_generate(plan: GeneratePlan, on_progress: Callable[[int], None] | None = None) -> Generated:
    """Make what is missing of the shards, ask the questions, and write whose work is in the scenes.

    The question file itself is written by whoever has the last word on the wording (`outputs.write_questions`).
    """
    begun = time.monotonic()
    with holding(plan.root):
        if plan.clips is not None:
            plan.clips.write()

    def tell(progress: Progress) -> None:
        if on_progress:
            on_progress(progress.samples_done)

    make = make_draw_producer if isinstance(plan.task, DrawTask) else make_copy_producer
    manifest = run_job(
        plan.job,
        plan.folder,
        make,
        (plan.task,),
        workers=plan.request.workers,
        mode=plan.request.mode,
        on_progress=tell,
    )
    with holding(plan.root):
        write_attribution(plan.root, iter_credits(plan.folder))
    rejections = Counter({count.reason: count.count for count in manifest.rejections}) + plan.passed_over
    return Generated(
        questions=tuple(ask_questions(plan)),
        rejections=rejections,
        root=plan.root,
        scenes=manifest.samples,
        bytes=sum(shard.bytes for shard in manifest.shards),
        wall_s=time.monotonic() - begun,
    )


def ask_questions(plan: GeneratePlan) -> list[Question]:
    """The questions, worded by rules, from the records in the finished shards."""
    shards = {str(row["key"]): str(row["shard"]) for row in read_index(plan.folder, ("key", "shard"))}
    found = read_candidates([plan.folder / name for name in sorted(set(shards.values()))])
    stored = {candidate.scene.scene_id: candidate for candidate in found}
    if plan.picked:
        named = ((pick, stored[pick.candidate.scene.scene_id]) for pick in plan.picked)
        return [_write(plan, pick.slot, pick.draft, candidate, shards) for pick, candidate in named]
    in_order = [stored[name] for name in sorted(stored)]
    return [_ask(plan, slot, in_order, shards) for slot in plan.slots]


def _ask(plan: GeneratePlan, slot: Slot, stored: Sequence[Candidate], shards: Mapping[str, str]) -> Question:
    """The slot's question again, from its stored record alone."""
    candidate = stored[slot.number]
    partner = partner_of(slot, plan.slots)
    try:
        if slot.pair >= 0 and partner is not None:
            first = ask_slot(partner, View(stored[partner.number].world, plan.inventory), plan.request.seed)
            draft = ask_of_pair(first, candidate.world)
        else:
            draft = ask_slot(slot, View(candidate.world, plan.inventory), plan.request.seed)
    except RejectedError as reason:
        raise StoreError(
            f"{candidate.kept.shard} {candidate.scene.scene_id} does not answer its question any more ({reason}): "
            "another version made it; start over with --overwrite."
        ) from None
    return _write(plan, slot, draft, candidate, shards)


def _write(plan: GeneratePlan, slot: Slot, draft: Draft, candidate: Candidate, shards: Mapping[str, str]) -> Question:
    name = candidate.scene.scene_id
    audio = AudioPlace(shard=f"{SPLIT}/{shards[name]}", key=name, member="flac")
    return write_question(slot, draft, candidate.scene, candidate.world, audio, plan.request.seed)
