"""From a draft to the record: options shuffled, a wording chosen, everything that provenance needs."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import twnm_bench
from twnm_bench.facts import World, mirror_world
from twnm_bench.families.base import Draft
from twnm_bench.generate.drawing import rng_of
from twnm_bench.generate.slots import Slot
from twnm_bench.items import PAIR
from twnm_bench.programs import expertise_of, judge_claim, run_program
from twnm_schemas.answers import LETTERS
from twnm_schemas.questions import ASA_LEVELS, ROUTER_NAMES, AudioPlace, Provenance, Question, area_of
from twnm_schemas.scenes import Scene
from twnm_sim.scenes.wording import capitalise

GENERATOR = "questions-1"  # raise it with every change of what is asked of a scene


@cache
def digest_rules() -> str:
    """The name of all code that decides what is asked of a scene: with other rules a run is another run."""
    package = Path(twnm_bench.__file__).parent
    files = [package / f"{name}.py" for name in ("directions", "facts", "labels", "programs")]
    files += sorted((package / "families").glob("*.py"))
    files += [package / "generate" / f"{name}.py" for name in ("drawing", "slots", "writing")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def write_question(slot: Slot, draft: Draft, scene: Scene, world: World, audio: AudioPlace, seed: int) -> Question:
    """The question of a slot about its scene, worded by rules."""
    rng = rng_of(seed, slot, "write")
    order = [int(place) + 1 for place in rng.permutation(len(draft.options) - 1)]
    order.insert(slot.key, 0)
    wording = int(rng.integers(len(draft.wordings)))
    options = [draft.options[place] for place in order]
    area = area_of(slot.variant.task)
    claims = tuple(option.claim for option in options)
    expertise = expertise_of([draft.program, claims[slot.key]])
    return Question(
        id=f"q-{slot.number:06d}",
        task=slot.variant.task,
        area=area,
        asa_level=ASA_LEVELS[area],
        difficulty=slot.variant.difficulty,
        question=capitalise(draft.wordings[wording].format(**draft.slots)),
        choices=tuple(option.text for option in options),
        answer=LETTERS[slot.key],
        answer_index=slot.key,
        answer_class=draft.answer,
        scene_id=scene.scene_id,
        room_id=scene.room_id,
        audio=audio,
        program=draft.program,
        claims=claims,
        trace=trace_of(draft.program, world),
        mirror_index=_mirror_index(claims, world),
        router_label=tuple(float(name in expertise) for name in ROUTER_NAMES),
        tags=(*draft.tags, *_pair_tags(slot)),
        seed=seed,
        provenance=Provenance(
            generator=f"{GENERATOR} twnm {version('twnm')}",
            variant=slot.variant.name,
            template=f"{slot.variant.task}/{slot.variant.name}/{wording}",
            wording="rules",
            model="",
            prompt_sha256="",
            fallback="",
            scene_fingerprint=scene.fingerprint,
        ),
    )


def _pair_tags(slot: Slot) -> tuple[str, ...]:
    """Both questions of a contrast pair are named by its first."""
    if slot.pair >= 0:
        return (f"{PAIR}{slot.pair:06d}",)
    return (f"{PAIR}{slot.number:06d}",) if slot.has_pair else ()


def trace_of(program: str, world: World) -> tuple[str, ...]:
    """The program's steps on the world."""
    steps: list[str] = []
    run_program(program, world, steps)
    return tuple(steps)


def _mirror_index(claims: tuple[str, ...], world: World) -> int | None:
    """Which option is true with left and right exchanged, where exactly one is."""
    mirrored = mirror_world(world)
    verdicts = [judge_claim(claim, mirrored) for claim in claims]
    return verdicts.index(True) if verdicts.count(True) == 1 and None not in verdicts else None
