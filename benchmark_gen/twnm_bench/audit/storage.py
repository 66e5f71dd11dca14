"""What is stored beside the questions: the audio of each, and the terms it may be published under."""

from collections.abc import Mapping, Sequence
from typing import Any

from twnm_bench.audit.verdicts import Verdict, judge, leave_open, say_count
from twnm_bench.items import Item
from twnm_schemas.scenes import Scene
from twnm_sim.scenes.credits import UNPUBLISHABLE

Members = frozenset[tuple[str, str]]  # the shard as questions name it, and the member's name


def place_of(item: Item) -> tuple[str, str, str] | None:
    """Shard, key and member of an item's audio as our own files say it; None for a foreign file."""
    audio: Any = item.raw.get("audio")
    if not isinstance(audio, dict):
        return None
    shard, key, member = (str(audio.get(name) or "") for name in ("shard", "key", "member"))
    return (shard, key, member) if shard and key and member else None


def judge_audio(items: Sequence[Item], members: Members | None) -> Verdict:
    """Every item's audio is in its shard under its name; it is not decoded."""
    name, title = "audio", "Every question has its audio"
    places = {item.id: place_of(item) for item in items}
    if not any(places.values()):
        return leave_open(name, title, "The questions name no audio in shards.")
    if members is None:
        return leave_open(name, title, "The shards that the questions name were not looked into.")
    missing = [item_id for item_id, place in places.items() if place is None or not _is_there(place, members)]
    return judge(
        name,
        title,
        f"{say_count(len(missing), 'question')} without audio: {_say_place(missing[0], places[missing[0]])}."
        if missing
        else "",
        f"The audio of all {say_count(len(items), 'question')} is in the shards.",
        {"missing": len(missing)},
        missing,
    )


def _is_there(place: tuple[str, str, str], members: Members) -> bool:
    """`member` is what follows the key, as in "flac", or the whole name."""
    shard, key, member = place
    return (shard, f"{key}.{member}") in members or (member.startswith(f"{key}.") and (shard, member) in members)


def _say_place(item_id: str, place: tuple[str, str, str] | None) -> str:
    return (
        f"{item_id} names none" if place is None else f"there is no {place[1]}.{place[2]} in {place[0]} for {item_id}"
    )


def judge_licences(items: Sequence[Item], scenes: Mapping[str, Scene] | None) -> Verdict:
    """Every item's audio has terms that it may be published under: its scene's, or those that the item tells."""
    name, title = "licences", "Every question's audio has a licence"
    terms = {item.id: _find_terms(item, scenes or {}) for item in items}
    if not any(terms.values()):
        return leave_open(name, title, "Neither scenes nor questions tell a licence; give --scenes.")
    without = [item_id for item_id, spdx in terms.items() if spdx in ("", UNPUBLISHABLE)]
    kinds = sorted(set(terms.values()) - {"", UNPUBLISHABLE})
    return judge(
        name,
        title,
        f"{say_count(len(without), 'question')} without a licence to publish its audio, {without[0]} first."
        if without
        else "",
        f"Every question's audio has a licence: {', '.join(kinds)}.",
        {"kinds": len(kinds), "without": len(without)},
        without,
    )


def _find_terms(item: Item, scenes: Mapping[str, Scene]) -> str:
    scene = scenes.get(item.scene_id)
    return scene.license if scene else str(item.raw.get("license") or item.raw.get("licence") or "")
