"""The last step of a set: its own audit, and the report that shows what was made."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twnm_bench.audit.pages import say_number, write_audit
from twnm_bench.audit.run import audit_items
from twnm_bench.audit.shelves import look_into_shards
from twnm_bench.audit.verdicts import Audit
from twnm_bench.families import BY_NAME
from twnm_bench.generate.run import QUESTIONS_NAME, Generated, GeneratePlan
from twnm_bench.items import read_items
from twnm_schemas.questions import AREAS, Question
from twnm_schemas.scenes import Scene
from twnm_shards.files import disk_errors, write_bytes
from twnm_shards.flac import decode_flac
from twnm_shards.tars import read_sample

AUDIT_NAME, REPORT_NAME = "audit.json", "report.html"
_HIGH = "high_reverberation"
_PLAYED_RATE = 22050  # of the sounds in the report, which is one file


def review_set(plan: GeneratePlan, made: Generated, questions: Sequence[Question]) -> Audit:
    """Audit the set as it lies on disk and write `audit.json` and `report.html` beside it.

    Raises MachineError on a full disk.
    """
    items = read_items(plan.root / QUESTIONS_NAME)
    shelves = look_into_shards(items, plan.root)
    audit = audit_items(
        items,
        shelves.scenes,
        members=shelves.members,
        quotas={str(task): count for task, count in plan.request.quotas.items()},
    )
    write_audit(audit, plan.root / AUDIT_NAME, items=items)
    page = render_report(plan, made, questions, shelves.scenes or {}, audit)
    with disk_errors(plan.root):
        write_bytes(plan.root / REPORT_NAME, page)
    return audit


def render_report(
    plan: GeneratePlan, made: Generated, questions: Sequence[Question], scenes: Mapping[str, Scene], audit: Audit
) -> bytes:
    """The report as one HTML page that asks for nothing from elsewhere: quotas, rejections, distributions, examples."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("twnm_bench.generate", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return (
        environment.get_template("report.html.j2")
        .render(
            audit=audit,
            made=made,
            questions=questions,
            quotas=list(_count_tasks(plan, questions, scenes)),
            rejections=made.rejections.most_common(),
            distributions=list(_distributions(questions, scenes)),
            answers=list(_count_answers(questions)),
            strata=_count_strata(questions, scenes),
            wording=Counter(q.provenance.wording for q in questions),
            fallbacks=Counter(q.provenance.fallback for q in questions if q.provenance.fallback).most_common(),
            semantic_free=sum(q.router_label[0] == 0.0 for q in questions),
            examples=[_show_example(plan.root, q, scenes[q.scene_id]) for q in _choose_examples(questions)],
            say=say_number,
        )
        .encode()
    )


def _count_tasks(
    plan: GeneratePlan, questions: Sequence[Question], scenes: Mapping[str, Scene]
) -> Iterable[dict[str, Any]]:
    for area, tasks in AREAS.items():
        for task in tasks:
            mine = [question for question in questions if question.task == task]
            if not mine:
                continue
            high = sum(scenes[q.scene_id].room.absorption_class == _HIGH for q in mine)
            yield {
                "area": area,
                "task": task.replace("_", " "),
                "count": len(mine),
                "quota": plan.request.quotas.get(task, 0),
                "hard": sum(q.difficulty == "hard" for q in mine),
                "variants": ", ".join(f"{n.replace('_', ' ')} {c}" for n, c in _count_variants(mine)),
                "places": "/".join(str(sum(q.answer_index == place for q in mine)) for place in range(4)),
                "high": f"{100 * high / len(mine):.0f} %",
                "pairs": len({tag for q in mine for tag in q.tags if tag.startswith("pair:")}),
            }


def _count_variants(questions: Sequence[Question]) -> list[tuple[str, int]]:
    return Counter(question.provenance.variant for question in questions).most_common()


def _count_answers(questions: Sequence[Question]) -> Iterable[dict[str, Any]]:
    """How often each answer is the key, by variant."""
    for (task, name), _ in BY_NAME.items():
        mine = [q for q in questions if q.task == task and q.provenance.variant == name]
        counts = Counter(q.answer_class for q in mine if q.answer_class)
        if counts:
            yield {
                "variant": f"{task.replace('_', ' ')}: {name.replace('_', ' ')}",
                "counts": ", ".join(f"{answer} {count}" for answer, count in counts.most_common()),
            }


def _count_strata(questions: Sequence[Question], scenes: Mapping[str, Scene]) -> list[tuple[str, str, int]]:
    """Questions by size and absorption of the room."""
    rooms = [scenes[q.scene_id].room for q in questions]
    counts = Counter((room.size_category or "unknown", room.absorption_class or "unknown") for room in rooms)
    return [(size, absorption.replace("_", " "), count) for (size, absorption), count in sorted(counts.items())]


_MEASURED: tuple[tuple[str, str, Callable[[Scene], list[float | None]]], ...] = (
    ("Sounds in a scene", "", lambda s: [float(len(s.events))]),
    ("Reverberation time (t_mid)", "s", lambda s: [s.room.acoustics.t_mid_s]),
    ("Distance", "m", lambda s: [e.distance_m for e in s.events]),
    ("Direct-to-reverberant ratio", "dB", lambda s: [e.acoustics.broadband.drr_db for e in s.events]),
    ("Lateral angle", "degrees", lambda s: [e.lateral_deg for e in s.events]),
    ("Elevation", "degrees", lambda s: [e.elevation_deg for e in s.events]),
    ("Event over all else", "dB", lambda s: [e.snr_db for e in s.events]),
)
_BINS = 20


def _distributions(questions: Sequence[Question], scenes: Mapping[str, Scene]) -> Iterable[dict[str, Any]]:
    used = [scenes[name] for name in dict.fromkeys(q.scene_id for q in questions)]
    for title, unit, measure in _MEASURED:
        values = np.array([v for scene in used for v in measure(scene) if v is not None])
        if not values.size:
            continue
        counts, edges = np.histogram(values, _BINS)
        low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
        yield {
            "title": title,
            "unit": unit,
            "bars": [round(100.0 * count / counts.max(), 1) for count in counts],
            "low": f"{edges[0]:.3g}",
            "high": f"{edges[-1]:.3g}",
            "quantiles": f"5 % {low:.3g}, median {middle:.3g}, 95 % {high:.3g}",
        }


def _choose_examples(questions: Sequence[Question]) -> list[Question]:
    """One of every variant, in the order of the tasks."""
    first: dict[tuple[str, str], Question] = {}
    for question in questions:
        first.setdefault((question.task, question.provenance.variant), question)
    return [first[key] for key in BY_NAME if key in first]


def _show_example(root: Path, question: Question, scene: Scene) -> dict[str, Any]:
    from twnm_sim.plots.canvas import data_uri

    return {
        "question": question,
        "task": question.task.replace("_", " "),
        "variant": question.provenance.variant.replace("_", " "),
        "map": data_uri("image/svg+xml", _draw_map(scene)),
        "sound": data_uri("audio/flac", _small_sound(root, question)),
        "told": f"{len(scene.events)} sound{'s' * (len(scene.events) > 1)}",
    }


def _draw_map(scene: Scene) -> bytes:
    from twnm_sim.plots.canvas import drawing, new_figure, save_figure
    from twnm_sim.plots.places import draw_plan, plan_scene

    width_in, height_in = 4.6, 3.2
    with drawing():
        figure = new_figure(width_in, height_in)
        figure.set_layout_engine("none")
        draw_plan(figure.add_axes((0.0, 0.0, 1.0, 1.0)), scene, plan_scene(scene), width_in, height_in)
        return save_figure(figure, "svg")


def _small_sound(root: Path, question: Question) -> bytes:
    """The question's audio at a lower rate and 16 bits, to be heard in the page."""
    import io

    import soundfile
    import soxr

    data = _read_member(root / question.audio.shard, question.audio.key, question.audio.member)
    audio_CT, rate = decode_flac(data)
    small_TC = soxr.resample(audio_CT.T, rate, _PLAYED_RATE)
    stream = io.BytesIO()
    soundfile.write(stream, np.clip(small_TC, -1.0, 1.0), _PLAYED_RATE, format="FLAC", subtype="PCM_16")
    return stream.getvalue()


def _read_member(shard: Path, key: str, ext: str) -> bytes:
    from twnm_shards.manifests import read_index

    offsets = {
        str(row["key"]): int(row["offset"] or 0)
        for row in read_index(shard.parent, ("key", "shard", "offset"))
        if row["shard"] == shard.name
    }
    return read_sample(shard, offsets[key]).members[ext]
