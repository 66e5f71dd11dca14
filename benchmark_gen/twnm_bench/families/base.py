"""What every family shares: how a variant is described, what it makes of a scene, and why it may refuse.

A task has variants, each with scenes of its own kind. `Variant.spec` says which scenes to draw for a wanted answer,
`Variant.ask` makes a `Draft` of one or raises `RejectedError` with the reason's name. Answers are dealt out evenly
before scenes are drawn, so that no answer is likelier than another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from twnm_bench.directions import LEVEL_DEG
from twnm_bench.facts import DIRECTION_DRR_DB, Sound, World, angle_apart, quote, tells_distance
from twnm_bench.labels import Inventory
from twnm_bench.programs import AbsentError, UnclearError, run_program
from twnm_schemas.constraints import Constraint
from twnm_schemas.distributions import Choice, Constant, Distribution, Uniform
from twnm_schemas.questions import Difficulty, Task
from twnm_schemas.scenes import ClipFilter, Interval, Placement, RoomFilter, SceneRecipe, SceneSpec
from twnm_sim.scenes.wording import capitalise, name_sound

ANY = ""  # an answer that is not prescribed
ANY_CLIP = ClipFilter(min_duration_s=0.5)  # the clips of which scenes are drawn where a variant asks for no others
LENGTH_RATIO = 1.5  # of the longest option to the shortest, in characters
WORDINGS = 6  # at least, of every template
_LENGTH_TRIES = 40


class RejectedError(Exception):
    """A scene that a variant cannot ask about; the message is the reason's name."""


@dataclass(frozen=True)
class Option:
    """One choice: its text, and the claim that is true of the scene exactly if it is the key."""

    text: str
    claim: str


@dataclass(frozen=True)
class Draft:
    """A question before it is shuffled: the key is `options[0]`.

    `slots`: what the wordings are filled with. `answer`: the class of the key, by which answers are balanced.
    `swapped`: the events that the scene of a pair has at each other's places; `paired_answer`: the key's class there.
    """

    program: str
    wordings: tuple[str, ...]
    slots: dict[str, str]
    options: tuple[Option, ...]
    answer: str
    tags: tuple[str, ...] = ()
    swapped: tuple[int, int] | None = None
    paired_answer: str = ""


@dataclass(frozen=True)
class View:
    """What a variant sees of a scene: the world, and what labels there are elsewhere."""

    world: World
    inventory: Inventory


Ask = Callable[[View, str, np.random.Generator], Draft]
DrawSpec = Callable[[str, Inventory, np.random.Generator], SceneSpec]
Edit = Callable[[SceneRecipe, Draft], SceneRecipe]


def _any_label(inventory: Inventory, name: str) -> bool:
    return True


@dataclass(frozen=True)
class Variant:
    """One kind of question of a task.

    `answers`: the classes among which questions are dealt evenly; none: the labels there are. `spec`: which scenes to
    draw for an answer. `pair`: edits the scene of a question minimally, so that the same options have another key;
    questions of such a variant come in pairs, and `deal` may say with which answers. `share`: of the task's questions
    at that difficulty. `may_ask`: which answers there can be with the labels and rooms that there are.
    """

    name: str
    task: Task
    difficulty: Difficulty
    answers: tuple[str, ...]
    spec: DrawSpec
    ask: Ask
    pair: Edit | None = None
    share: float = 1.0
    may_ask: Callable[[Inventory, str], bool] = _any_label
    deal: Callable[[int, np.random.Generator], list[str]] | None = None

    @property
    def is_about_labels(self) -> bool:
        """Whether the answers are the labels there are."""
        return not self.answers


def scene_spec(
    sources: int | Sequence[int],
    *,
    constraints: Sequence[Constraint] = (),
    lateral: tuple[float, float] | None = None,
    elevation: tuple[float, float] | None = (-LEVEL_DEG, LEVEL_DEG),
    distance: tuple[float, float] | None = None,
    drr: tuple[float, float] | None = None,
    t_mid: tuple[float, float] | None = None,
    rooms: RoomFilter | None = None,
    clips: ClipFilter | None = None,
    onset: Distribution | None = None,
    min_overlap_s: float = 0.0,
    gain: tuple[float, float] = (-6.0, 6.0),
    include: Sequence[str] = (),
) -> SceneSpec:
    """The scenes that a variant asks for; what is not named is as `SceneSpec` has it."""
    counts = (sources,) if isinstance(sources, int) else tuple(sources)
    return SceneSpec(
        sources=Constant(value=float(counts[0])) if len(counts) == 1 else Choice(values=tuple(map(float, counts))),
        constraints=tuple(constraints),
        placement=Placement(
            lateral_deg=_interval(lateral),
            elevation_deg=_interval(elevation),
            distance_m=_interval(distance),
            drr_db=_interval(drr),
        ),
        rooms=rooms or RoomFilter(t_mid_s=_interval(t_mid)),
        clips=clips or ANY_CLIP,
        onset_s=onset or Uniform(low=0.0, high=1.5),
        min_overlap_s=min_overlap_s,
        gain_db=Uniform(low=gain[0], high=gain[1]),
        include=tuple(include),
    )


def _interval(bounds: tuple[float, float] | None) -> Interval | None:
    return None if bounds is None else Interval(low=bounds[0], high=bounds[1])


def labels_of(view: View) -> list[str]:
    """The names in the scene. Raises RejectedError where one is heard twice or is not audible."""
    names = [sound.name for sound in view.world.sounds]
    if len(set(names)) < len(names):
        raise RejectedError("label_twice")
    require(all(sound.is_audible for sound in view.world.sounds), "sound_not_audible")
    return names


def require(holds: bool, reason: str) -> None:
    """Raises RejectedError, with the reason's name, unless it holds."""
    if not holds:
        raise RejectedError(reason)


def decide(program: str, world: World) -> object:
    """The value of a program. Raises RejectedError where the scene does not tell."""
    try:
        return run_program(program, world)
    except UnclearError as reason:
        raise RejectedError(str(reason)) from None
    except AbsentError:
        raise RejectedError("not_in_scene") from None


def require_direction(sounds: Sequence[Sound]) -> None:
    """Raises RejectedError where a sound's direction drowns in reverberation."""
    require(all(s.drr_db is not None and s.drr_db >= DIRECTION_DRR_DB for s in sounds), "direction_drowned")


def require_apart(world: World, degrees: float) -> None:
    """Raises RejectedError where two sounds are not so far apart in direction."""
    for place, first in enumerate(world.sounds):
        for second in world.sounds[:place]:
            require(angle_apart(first, second) >= degrees - 1e-6, "directions_alike")


def classes_heard(world: World) -> frozenset[str]:
    """Every class of the sounds in the scene, in lower case."""
    return frozenset[str]().union(*(sound.classes for sound in world.sounds))


def require_distance(sounds: Sequence[Sound], world: World) -> None:
    """Raises RejectedError where distances cannot be heard: gains are random, so only the room tells them."""
    require(world.t_mid_s is not None, "too_dry_for_distance")
    require(all(map(tells_distance, sounds)), "distance_not_heard")


def swap_places(recipe: SceneRecipe, draft: Draft) -> SceneRecipe:
    """The scene of a pair: two sounds at each other's places, all else as it was."""
    assert draft.swapped is not None
    events = list(recipe.events)
    first, second = draft.swapped
    for at, other in ((first, second), (second, first)):
        events[at] = recipe.events[at].model_copy(update={"source_index": recipe.events[other].source_index})
    return recipe.model_copy(update={"events": tuple(events)})


def say_sound(name: str) -> str:
    """ "the sound of a church bell"."""
    return f"the sound of {name_sound(name).indefinite}"


def say_the(name: str) -> tuple[str, str]:
    """A sound that was named, and its verb: "the rain", "is"; "the sound of birds chirping", "is"."""
    said = name_sound(name)
    if said.is_plural:
        return f"the {name}", "are"
    is_doing = "ing" in name and " " in name and not said.is_countable
    return f"the sound of {said.indefinite}" if is_doing or " or " in name else f"the {name}", "is"


def label_option(name: str) -> str:
    """A label as an option."""
    return capitalise(say_sound(name))


def matched_lengths(
    rng: np.random.Generator,
    fixed: Sequence[str],
    others: Sequence[str],
    count: int,
    say: Callable[[str], str] = label_option,
) -> list[str]:
    """`count` of the others such that all labels are options of about one length.

    Raises RejectedError where there are too few, or none are found in some tries.
    """
    require(len(others) >= count, "labels_too_few")
    for _ in range(_LENGTH_TRIES):
        chosen = shuffle(rng, others)[:count]
        lengths = [len(say(name)) for name in (*fixed, *chosen)]
        if max(lengths) <= LENGTH_RATIO * min(lengths):
            return chosen
    raise RejectedError("option_lengths")


def require_lengths(options: Sequence[Option]) -> None:
    """Raises RejectedError where the longest option is over 1.5 times the shortest."""
    lengths = [len(option.text) for option in options]
    require(max(lengths) <= LENGTH_RATIO * min(lengths), "option_lengths")


def sound_of(name: str, world: World) -> Sound:
    """The one sound of that name. Raises RejectedError where there are none or several."""
    found = world.named(name)
    require(len(found) == 1, "label_twice" if found else "not_in_scene")
    return found[0]


def equals(program: str, value: object) -> str:
    """The claim that a program has a value."""
    return f"equals({program}, {value if isinstance(value, int | float) else quote(str(value))})"


def choose(rng: np.random.Generator, values: Sequence[str]) -> str:
    """One of them, evenly."""
    return values[int(rng.integers(len(values)))]


def shuffle(rng: np.random.Generator, values: Sequence[str]) -> list[str]:
    """All of them in a random order."""
    return [values[int(place)] for place in rng.permutation(len(values))]
