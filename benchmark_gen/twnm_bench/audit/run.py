"""An audit, from top to bottom: read the set without hearing it, then judge gate after gate."""

from collections.abc import Mapping, Sequence

from threadpoolctl import threadpool_limits

from twnm_bench.audit.answers import judge_answers, judge_quotas
from twnm_bench.audit.chance import Try, weigh_guesses
from twnm_bench.audit.duplicates import judge_exact, judge_near, judge_per_scene
from twnm_bench.audit.keys import (
    count_positions,
    count_tasks,
    judge_lengths,
    judge_longest,
    judge_positions,
    judge_text,
)
from twnm_bench.audit.readers import LONGEST, TAUGHT, UNTAUGHT, Reader, try_reader, try_taught, try_untaught
from twnm_bench.audit.splits import Training, judge_disjoint, judge_own_split
from twnm_bench.audit.storage import Members, judge_audio, judge_licences
from twnm_bench.audit.truth import judge_truth
from twnm_bench.audit.verdicts import Audit
from twnm_bench.items import Item
from twnm_schemas.errors import SpecError
from twnm_schemas.scenes import Scene

LANGUAGE_MODEL = "language model"


def audit_items(
    items: Sequence[Item],
    scenes: Mapping[str, Scene] | None = None,
    *,
    members: Members | None = None,
    training: Training | None = None,
    quotas: Mapping[str, int] | None = None,
    reader: Reader | None = None,
) -> Audit:
    """Every gate of a released set over these items.

    `scenes`: records by the items' scene_id; `members`: what the shards hold (`shelves.look_into_shards` finds both);
    `training`: what training scenes let be heard (`splits.gather_training`); `reader`: a language model that is asked
    with the text alone. What needs something that is not given is "not checked". The same items give the same audit.
    Raises SpecError without items, MissingExtraError without scikit-learn or datasketch.
    """
    if not items:
        raise SpecError("There are no questions to audit.")
    tries = read_without_hearing(items, reader)
    positions = count_positions(items)
    guesses = weigh_guesses(tries)
    verdicts = (
        judge_positions(items, positions),
        judge_longest(weigh_guesses({LONGEST: tries[LONGEST]}), tries[LONGEST]),
        judge_lengths(items),
        judge_text(guesses, tries),
        judge_truth(items, scenes),
        judge_answers(items),
        judge_exact(items),
        judge_near(items, scenes),
        judge_per_scene(items),
        judge_own_split(items, scenes),
        judge_disjoint(items, scenes, training),
        judge_quotas(items, quotas or {}),
        judge_audio(items, members),
        judge_licences(items, scenes),
    )
    return Audit(
        passed=all(verdict.status != "fail" for verdict in verdicts),
        questions=len(items),
        tasks=count_tasks(items),
        verdicts=verdicts,
        positions=positions,
        guesses=tuple(guesses),
    )


def read_without_hearing(items: Sequence[Item], reader: Reader | None = None) -> dict[str, list[Try]]:
    """What every text-only baseline picks, by its name."""
    tries = {name: try_untaught(items, rank) for name, rank in UNTAUGHT.items()}
    with threadpool_limits(1):  # the models are small: several threads take three times as long, and round differently
        tries |= {name: try_taught(items, learn) for name, learn in TAUGHT.items()}
    if reader is not None:
        tries[LANGUAGE_MODEL] = try_reader(items, reader)
    return tries
