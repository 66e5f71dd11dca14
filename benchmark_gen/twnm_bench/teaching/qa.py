"""Open question-answer pairs: which kinds each scene gets, worded by rule or by a language model, all of them checked.

Every fourth pair is of a kind that names no sound, so that at least a fifth of them ask for no recognition. Among the
others the kind that was asked least often is next. What a language model writes is held against the scene; what does
not pass, after one repair turn, is replaced by the rule-worded pair of that place.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from twnm_bench.claims.check import check_text
from twnm_bench.facts import World, read_world
from twnm_bench.llm.ports import Ask, Reply
from twnm_bench.llm.templates import Prompts
from twnm_bench.teaching import kinds_of_amounts, kinds_of_places
from twnm_bench.teaching.kinds import QaKind, Talk
from twnm_bench.teaching.llm_wording import Pair, Pairs, ask_pairs, label_of_text
from twnm_bench.teaching.phrases import fill
from twnm_bench.teaching.sources import Source, Sources, describe_origin
from twnm_schemas.errors import SpecError
from twnm_schemas.questions import AudioPlace, Provenance
from twnm_schemas.scenes import Scene
from twnm_schemas.teaching import QaSample
from twnm_shards.rng import rng_for

KINDS = (*kinds_of_places.KINDS, *kinds_of_amounts.KINDS)
BLIND_EVERY = 4
AskModel = Callable[[Sequence[Ask]], list[Reply]]
PlaceAudio = Callable[[Source, Scene, str], AudioPlace]


@dataclass(frozen=True)
class Worded:
    """A pair as it will be taught, before it has a name."""

    instruction: str
    answer: str
    kind: str
    label: tuple[float, ...]
    programs: tuple[str, ...]
    template: str
    is_blind: bool


@dataclass(frozen=True)
class Made:
    """A sample with the scene that it is of."""

    sample: QaSample
    source: Source


def read_range(text: str) -> tuple[int, int]:
    """ "2" or "1-2". Raises SpecError for anything else."""
    low, _, high = text.partition("-")
    if not (low.isdecimal() and (high or low).isdecimal() and 1 <= int(low) <= int(high or low) <= 8):
        raise SpecError(f"--per-scene {text} is not usable; give a number from 1 to 8, or a range as in 1-2.")
    return int(low), int(high or low)


class QaMaker:
    """Makes the pairs of a run; `tally` counts what happened: kinds, rejections, fallbacks."""

    def __init__(
        self, sources: Sources, per_scene: tuple[int, int], seed: int, place: PlaceAudio, prompts: Path | None = None
    ) -> None:
        self._sources, self._per_scene, self._seed, self._place = sources, per_scene, seed, place
        self._prompts = prompts
        self.tally: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()

    def make(self, ask: AskModel | None = None) -> list[Made]:
        """All pairs, in the order of the scenes; `ask` words those that name sounds, where it is given.

        Raises StoreError for a scene that no longer reads.
        """
        planned = [(source, worded) for source in self._sources.scenes for worded in self._word_scene(source)]
        replies = self._ask_model(planned, ask) if ask else {}
        made = []
        for number, (source, worded) in enumerate(planned):
            made.append(Made(self._finish(number, source, worded, replies.get(number)), source))
        return made

    # ---------------------------------------------------------------- by rule

    def _word_scene(self, source: Source) -> Iterator[Worded]:
        scene = source.read()
        world = read_world(scene)
        rng = rng_for(self._seed, "qa", scene.scene_id, scene.fingerprint)
        low, high = self._per_scene
        used: set[str] = set()
        for _ in range(int(rng.integers(low, high + 1))):
            is_blind = self._asked.total() % BLIND_EVERY == 0
            worded = self._word_one(world, is_blind, used, rng) or self._word_one(world, not is_blind, used, rng)
            if worded is None:
                self.tally["no_pair"] += 1
                continue
            used.add(worded.kind)
            self._asked[worded.kind] += 1
            yield worded

    def _word_one(self, world: World, is_blind: bool, used: set[str], rng: np.random.Generator) -> Worded | None:
        """A pair of the kind that was asked least often and can be asked here."""
        kinds = [kind for kind in KINDS if kind.is_blind == is_blind and kind.name not in used]
        order = {kind.name: place for place, kind in enumerate(kinds)}
        for kind in sorted(kinds, key=lambda kind: (self._asked[kind.name], order[kind.name])):
            talk = kind.find(world, self._sources.inventory, rng)
            if talk is not None and (worded := self._fill(kind, talk, world, rng)):
                return worded
        return None

    def _fill(self, kind: QaKind, talk: Talk, world: World, rng: np.random.Generator) -> Worded | None:
        """The pair in a wording whose every claim is true."""
        question = int(rng.integers(len(kind.questions)))
        for place in rng.permutation(len(kind.answers)):
            answer = fill(kind.answers[int(place)], talk.slots)
            false = check_text(answer, world, self._sources.inventory.names)
            if not false:
                instruction = fill(kind.questions[question], talk.slots)
                template = f"{kind.name}/{question}/{int(place)}"
                return Worded(instruction, answer, kind.name, talk.label(), talk.programs, template, kind.is_blind)
            self.tally[f"wording_{false[0].reason}"] += 1
        return None

    # ---------------------------------------------------------------- by a language model

    def _ask_model(self, planned: list[tuple[Source, Worded]], ask: AskModel) -> dict[int, tuple[Reply, Pair | None]]:
        """For each pair that names sounds what the model made of it."""
        wanted: dict[Source, list[int]] = {}
        for number, (source, worded) in enumerate(planned):
            if not worded.is_blind:
                wanted.setdefault(source, []).append(number)
        prompts, inventory = Prompts(self._prompts), self._sources.inventory
        asks = [ask_pairs(source.read(), len(numbers), inventory, prompts) for source, numbers in wanted.items()]
        told: dict[int, tuple[Reply, Pair | None]] = {}
        for numbers, reply in zip(wanted.values(), ask(asks), strict=True):
            pairs = reply.value.pairs if isinstance(reply.value, Pairs) else ()
            for place, number in enumerate(numbers):
                told[number] = (reply, pairs[place] if place < len(pairs) else None)
        return told

    def _finish(self, number: int, source: Source, worded: Worded, told: tuple[Reply, Pair | None] | None) -> QaSample:
        scene = source.read()
        name = f"qa-{number:06d}"
        reply, pair = told or (None, None)
        by_model = reply is not None and pair is not None
        fallback = "" if by_model or reply is None else reply.reason or "pairs_too_few"
        self.tally["worded_by_llm" if by_model else "worded_by_rules"] += 1
        if fallback:
            self.tally[f"fallback_{fallback}"] += 1
        if reply is not None and reply.repaired:
            self.tally["repaired"] += 1
        label, programs = worded.label, worded.programs
        if pair is not None:
            label, programs = label_of_text(pair, read_world(scene), self._sources.inventory), ()
        self.tally[f"kind_{'llm' if pair else worded.kind}"] += 1
        return QaSample(
            id=name,
            scene_id=scene.scene_id,
            room_id=scene.room_id,
            split="train",
            instruction=pair.instruction if pair else worded.instruction,
            answer=pair.answer if pair else worded.answer,
            qa_kind="llm" if pair else worded.kind,
            router_label=label,
            router_source="text" if pair else "programs",
            audio=self._place(source, scene, name),
            programs=programs,
            provenance=Provenance(
                generator=version("twnm"),
                variant=worded.kind,
                template="open_qa" if pair else worded.template,
                wording="llm" if by_model else "rules",
                model=reply.model if reply is not None and by_model else "",
                prompt_sha256=reply.prompt_sha256 if reply is not None and by_model else "",
                fallback=fallback,
                scene_fingerprint=scene.fingerprint,
            ),
            seed=self._seed,
            license=scene.license,
            attribution=scene.attribution,
            scene=describe_origin(scene),
        )
