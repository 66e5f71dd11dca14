"""Choice questions with reasoned answers: what the families can ask of scenes that are already there.

Each scene is asked by the variants that were used least, with every answer that a variant knows. Keys are dealt evenly
over the four places, task by task. A question enters only if exactly one option is true, its rationale says nothing
false, and the whole reads back through the answer grammar with the key.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from twnm_bench.facts import World, read_world
from twnm_bench.families import VARIANTS
from twnm_bench.families.base import Draft, RejectedError, Variant, View
from twnm_bench.llm.ports import Ask, Reply
from twnm_bench.llm.templates import Prompts
from twnm_bench.programs import AbsentError, UnclearError, expertise_of, judge_claim, run_program
from twnm_bench.teaching.llm_wording import Thought, ask_rationale, find_fault
from twnm_bench.teaching.qa import AskModel, PlaceAudio
from twnm_bench.teaching.rationale import Thinking, think
from twnm_bench.teaching.sources import Source, Sources, describe_origin
from twnm_schemas.answers import LETTERS, parse_answer, write_answer
from twnm_schemas.questions import ROUTER_NAMES, Provenance
from twnm_schemas.scenes import Scene
from twnm_schemas.teaching import TeachSample
from twnm_shards.rng import rng_for
from twnm_sim.scenes.wording import capitalise

RATIONALE_TRIES = 4


@dataclass(frozen=True)
class Item:
    """A question of a scene with its rationale, choices as they are shown."""

    source: Source
    variant: Variant
    draft: Draft
    question: str
    template: int
    choices: tuple[str, ...]
    claims: tuple[str, ...]
    key: int
    thinking: Thinking


@dataclass(frozen=True)
class MadeItem:
    """A sample with the scene that it is of."""

    sample: TeachSample
    source: Source


class ItemMaker:
    """Makes the choice questions of a run; `tally` counts tasks, rejections and fallbacks."""

    def __init__(
        self, sources: Sources, per_scene: tuple[int, int], seed: int, place: PlaceAudio, prompts: Path | None = None
    ) -> None:
        self._sources, self._per_scene, self._seed, self._place = sources, per_scene, seed, place
        self._prompts = prompts
        self._asked: Counter[tuple[str, str]] = Counter()
        self._tasks: Counter[str] = Counter()
        self._keys: dict[str, list[int]] = {}
        self.tally: Counter[str] = Counter()

    def make(self, ask: AskModel | None = None) -> list[MadeItem]:
        """All questions, in the order of the scenes; `ask` says their rationales in other words, where it is given."""
        items = [item for source in self._sources.scenes for item in self._ask_scene(source)]
        replies: list[Reply | None] = [None] * len(items)
        if ask:
            prompts = Prompts(self._prompts)
            replies = list(ask([self._reword(number, item, prompts) for number, item in enumerate(items)]))
        return [
            MadeItem(self._finish(number, item, reply), item.source)
            for number, (item, reply) in enumerate(zip(items, replies, strict=True))
        ]

    # ---------------------------------------------------------------- asking

    def _ask_scene(self, source: Source) -> Iterator[Item]:
        scene = source.read()
        view = View(read_world(scene), self._sources.inventory)
        rng = rng_for(self._seed, "teach", scene.scene_id, scene.fingerprint)
        low, high = self._per_scene
        wanted, used = int(rng.integers(low, high + 1)), set[str]()
        order = [VARIANTS[int(place)] for place in rng.permutation(len(VARIANTS))]
        for variant in sorted(order, key=lambda v: (self._tasks[v.task], self._asked[v.task, v.name])):
            if len(used) == wanted:
                return
            if variant.task in used:
                continue
            item = self._ask_variant(source, variant, view, rng)
            if item is not None:
                used.add(variant.task)
                self._asked[variant.task, variant.name] += 1
                self._tasks[variant.task] += 1
                yield item
        if not used:
            self.tally["scene_without_question"] += 1

    def _ask_variant(self, source: Source, variant: Variant, view: View, rng: np.random.Generator) -> Item | None:
        """The variant's question about a scene, with the first answer for which it can be asked and explained."""
        for answer in self._answers(variant, view, rng):
            try:
                draft = variant.ask(view, answer, rng)
            except RejectedError as reason:
                self.tally[f"rejected_{reason}"] += 1
                continue
            if not _has_one_truth(draft, view.world):
                self.tally["rejected_not_one_truth"] += 1
                continue
            item = self._explain(source, variant, draft, view.world, rng)
            if item is not None:
                return item
        return None

    def _answers(self, variant: Variant, view: View, rng: np.random.Generator) -> list[str]:
        """Every answer for which a variant may be asked, in a random order."""
        known: Sequence[str] = variant.answers
        if variant.is_about_labels:
            heard = [sound.name for sound in view.world.sounds]
            known = view.inventory.absent(heard) if "missing" in variant.name else heard
        allowed = [answer for answer in known if variant.may_ask(view.inventory, answer)]
        return [allowed[int(place)] for place in rng.permutation(len(allowed))][:12]

    def _explain(
        self, source: Source, variant: Variant, draft: Draft, world: World, rng: np.random.Generator
    ) -> Item | None:
        key = self._next_key(variant.task)
        order = [int(place) for place in rng.permutation(len(draft.options) - 1) + 1]
        order.insert(key, 0)
        choices = tuple(draft.options[place].text for place in order)
        for _ in range(RATIONALE_TRIES):
            thinking = think(draft, choices, world, rng)
            fault = find_fault(thinking.text, choices, choices[key], world, thinking.imagined, self._sources.inventory)
            if not fault:
                break
        else:
            self.tally[f"rationale_{variant.task}"] += 1
            self._keys[variant.task].append(key)
            return None
        template = int(rng.integers(len(draft.wordings)))
        question = capitalise(draft.wordings[template].format(**draft.slots))
        claims = tuple(draft.options[place].claim for place in order)
        return Item(source, variant, draft, question, template, choices, claims, key, thinking)

    def _next_key(self, task: str) -> int:
        """The places of keys, dealt four and four for each task."""
        if not self._keys.get(task):
            rounds = self._tasks[task] // len(LETTERS)
            order = rng_for(self._seed, "teach", "keys", task, rounds).permutation(len(LETTERS))
            self._keys[task] = [int(place) for place in order]
        return self._keys[task].pop()

    # ---------------------------------------------------------------- wording and packing

    def _reword(self, number: int, item: Item, prompts: Prompts) -> Ask:
        world = read_world(item.source.read())
        return ask_rationale(
            f"teach-{number:06d}",
            item.question,
            item.choices,
            item.choices[item.key],
            item.thinking.steps,
            world,
            item.thinking.imagined,
            self._sources.inventory,
            prompts,
        )

    def _finish(self, number: int, item: Item, reply: Reply | None) -> TeachSample:
        scene = item.source.read()
        said = reply.value if reply is not None and isinstance(reply.value, Thought) else None
        text = (said.think if said else item.thinking.text).strip()
        answer = write_answer(text, LETTERS[item.key])
        parsed = parse_answer(answer)
        assert parsed is not None
        assert (parsed.choice, parsed.think) == (LETTERS[item.key], text)
        self._count(item, reply, said is not None)
        return self._record(number, item, scene, text, answer, reply if said else None, reply)

    def _count(self, item: Item, reply: Reply | None, by_model: bool) -> None:
        self.tally["worded_by_llm" if by_model else "worded_by_rules"] += 1
        self.tally[f"task_{item.variant.task}"] += 1
        if reply is not None and reply.reason:
            self.tally[f"fallback_{reply.reason}"] += 1
        if reply is not None and reply.repaired:
            self.tally["repaired"] += 1

    def _record(
        self, number: int, item: Item, scene: Scene, text: str, answer: str, by: Reply | None, reply: Reply | None
    ) -> TeachSample:
        name = f"teach-{number:06d}"
        draft, variant = item.draft, item.variant
        asked = expertise_of((draft.program, *item.claims))
        return TeachSample(
            id=name,
            scene_id=scene.scene_id,
            room_id=scene.room_id,
            split="train",
            task=variant.task,
            difficulty=variant.difficulty,
            instruction=item.question,
            choices=item.choices,
            think=text,
            answer=answer,
            letter=LETTERS[item.key],
            key=item.key,
            answer_class=draft.answer,
            program=draft.program,
            claims=item.claims,
            trace=tuple(_trace(draft.program, read_world(scene))),
            router_label=tuple(1.0 if one in asked else 0.0 for one in ROUTER_NAMES),
            router_source="programs",
            tags=draft.tags,
            audio=self._place(item.source, scene, name),
            provenance=Provenance(
                generator=version("twnm"),
                variant=variant.name,
                template=f"{variant.name}/{item.template}",
                wording="llm" if by else "rules",
                model=by.model if by else "",
                prompt_sha256=by.prompt_sha256 if by else "",
                fallback="" if by or reply is None else reply.reason,
                scene_fingerprint=scene.fingerprint,
            ),
            seed=self._seed,
            license=scene.license,
            attribution=scene.attribution,
            scene=describe_origin(scene),
        )


def _has_one_truth(draft: Draft, world: World) -> bool:
    """Whether exactly the key is true."""
    return [judge_claim(option.claim, world) for option in draft.options] == [True, *[False] * (len(draft.options) - 1)]


def _trace(program: str, world: World) -> list[str]:
    steps: list[str] = []
    with suppress(AbsentError, UnclearError):  # the steps up to there are told all the same
        run_program(program, world, steps)
    return steps
