"""Whether exactly one option is true: every claim is run through the program on the item's scene."""

from collections.abc import Mapping, Sequence

from twnm_bench.audit.verdicts import Verdict, judge, leave_open, say_count, say_some
from twnm_bench.items import Item
from twnm_bench.programs import judge_claims
from twnm_schemas.errors import TwnmError
from twnm_schemas.scenes import Scene

NAME, TITLE = "one_true_option", "Exactly one option is true, and it is the key"


def judge_truth(items: Sequence[Item], scenes: Mapping[str, Scene] | None) -> Verdict:
    """Of each item's claims the key's is true of its scene and all others are false.

    What the scene does not tell clearly is neither. An item without claims or without a record of its scene fails
    where others have them: it cannot be proven.
    """
    claiming = [item for item in items if item.claims]
    if not claiming:
        return leave_open(NAME, TITLE, "The questions carry no claims that a program could run.")
    if scenes is None:
        return leave_open(NAME, TITLE, "There are no records of the scenes to run the claims on; give --scenes.")
    faults = {item.id: fault for item in items if (fault := _find_fault(item, scenes))}
    first = next(iter(faults.items()), ("", ""))
    return judge(
        NAME,
        TITLE,
        f"{say_count(len(faults), 'question')} cannot be proven ({say_some(faults)}): in {first[0]} {first[1]}."
        if faults
        else "",
        f"All {say_count(sum(len(item.claims) for item in claiming), 'claim')} were run on their scenes: of each "
        "question the key alone is true.",
        {"claims": sum(len(item.claims) for item in claiming), "unproven": len(faults)},
        faults,
    )


def _find_fault(item: Item, scenes: Mapping[str, Scene]) -> str:
    """What is wrong with an item's claims, or nothing."""
    if len(item.claims) != len(item.choices):
        return f"{len(item.claims)} claims stand for {len(item.choices)} options"
    if item.scene_id not in scenes:
        return f"there is no record of its scene {item.scene_id or '(none is named)'}"
    try:
        true = judge_claims(item.claims, scenes[item.scene_id])
    except TwnmError as error:
        return f"a claim cannot be run: {str(error).rstrip('.')}"
    if true[item.key] is not True:
        return "the key is false" if true[item.key] is False else "the scene does not tell whether the key is true"
    others = [place for place, value in enumerate(true) if place != item.key and value is not False]
    if not others:
        return ""
    option = item.choices[others[0]]
    if true[others[0]]:
        return f"the option {option!r} is true as well"
    return f"the scene does not tell whether the option {option!r} is false"
