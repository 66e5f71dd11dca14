"""Audio made again from recipes: the form in which scenes travel whose clips may not.

Each scene is composed from the clips and rooms at hand and compared with what its record says: the same bit for bit
(`identical`), within -90 dB (`equivalent`, as on another processor or with other versions), `different`, or `unknown`
where the record promises nothing to compare with. A clip is known by its id or, as where its folder now has another
name, by its content. Every clip that is missing or has other content is named beforehand, and the scenes that need it
are left out. A rebuilt scene keeps its record, the ids in it too, but for what is said of the audio.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from pydantic import JsonValue

from twnm_schemas.clips import Clip
from twnm_schemas.errors import AudioError, SpecError, StoreError
from twnm_schemas.fingerprints import fingerprint
from twnm_schemas.scenes import Scene, SceneRecipe
from twnm_shards.folders import Mode
from twnm_shards.jobs import Job, Progress, run_job
from twnm_shards.manifests import Cell, read_index, read_manifest
from twnm_shards.units import Produce, Produced
from twnm_sim.clips.audio import verify_clip
from twnm_sim.clips.catalog import Catalog, read_catalog
from twnm_sim.scenes.brirs import BrirLibrary, open_brirs
from twnm_sim.scenes.caches import ClipReader
from twnm_sim.scenes.compose import compose_recipe, find_clip
from twnm_sim.scenes.draw import COMPOSER
from twnm_sim.scenes.finding import KIND, find_scene_folders, root_of
from twnm_sim.scenes.labels import Context
from twnm_sim.scenes.maker import scene_versions
from twnm_sim.scenes.records import Kept, iter_records, read_record
from twnm_sim.scenes.roots import credit_scenes, holding
from twnm_sim.scenes.sketch import difference_db
from twnm_sim.scenes.store import pack_scene

EQUIVALENT_DB = -90.0
IDENTICAL, EQUIVALENT, DIFFERENT, UNKNOWN = "identical", "equivalent", "different", "unknown"
_SCENES_PER_UNIT = 32
_SAID_MISSING = 20


@dataclass(frozen=True)
class RebuildTask:
    """What a worker needs to rebuild any scene of one folder."""

    records: tuple[Kept, ...]
    shards: tuple[Path, ...]
    catalog: Path


@dataclass
class RebuildPlan:
    """What can be rebuilt, folder by folder, and what stands in the way of the rest.

    `digest`: of the catalog; `missing`: each clip or room that is missing or differs, with a sentence; `left_out`: the
    scenes that need one.
    """

    catalog: Path
    digest: str
    brirs: BrirLibrary
    parts: list[tuple[Path, tuple[Kept, ...]]] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def scenes(self) -> int:
        return sum(len(records) for _, records in self.parts)

    def say_missing(self) -> Iterator[str]:
        """A sentence for each of the first clips and rooms that are missing, and how many more there are."""
        yield from islice(self.missing.values(), _SAID_MISSING)
        if len(self.missing) > _SAID_MISSING:
            yield f"... and {len(self.missing) - _SAID_MISSING} more."


@dataclass(frozen=True)
class Rebuilt:
    """How the rebuilt scenes compare; `worst_db`: the largest difference, None where all are identical.

    `different` and `unknown`: the scenes of these verdicts.
    """

    verdicts: Counter[str]
    worst_db: float | None
    different: tuple[str, ...]
    unknown: tuple[str, ...]
    root: Path


def plan_rebuild(source: Path, brirs: Sequence[str], catalog: Path) -> RebuildPlan:
    """Read every record under `source` and look for its room and clips, whose files are compared by SHA-256.

    Raises StoreError where there are no scenes, or where the library or the catalog cannot be opened.
    """
    clips = read_catalog(catalog)
    plan = RebuildPlan(catalog.resolve(), clips.digest, open_brirs(brirs))
    sound: dict[str, str] = {}
    for folder in find_scene_folders(source):
        records = []
        for kept, scene in iter_records(folder):
            faults = list(_find_faults(scene, plan.brirs, clips, sound))
            plan.missing.update(faults)
            if faults:
                plan.left_out.append(scene.scene_id)
            else:
                records.append(kept)
        if records:
            plan.parts.append((folder, tuple(records)))
    return plan


def _find_faults(scene: Scene, brirs: BrirLibrary, clips: Catalog, sound: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What is missing for a scene: the clip or room, and a sentence. `sound` keeps what was found of each file."""
    recipe = scene.recipe
    try:
        brirs.find_room(recipe.room_fingerprint, recipe.room_id)
    except StoreError as error:
        yield f"{recipe.room_id} of {recipe.room_fingerprint}", str(error)
    here = _match_clips(recipe, clips)
    for event in recipe.events:
        try:
            clip = find_clip(here, event.clip_id, event.clip_sha256)
        except StoreError as error:
            yield event.clip_id, str(error)
            continue
        if clip.clip_id not in sound:
            try:
                verify_clip(clip)
                sound[clip.clip_id] = ""
            except AudioError as error:
                sound[clip.clip_id] = str(error)
        if sound[clip.clip_id]:
            yield event.clip_id, sound[clip.clip_id]


def _match_clips(recipe: SceneRecipe, clips: Catalog) -> dict[str, Clip]:
    """The clips of a recipe by the ids that it gives them, each with the content it names if the catalog has that."""
    found = {event.clip_id: _match_clip(event.clip_id, event.clip_sha256, clips) for event in recipe.events}
    return {clip_id: clip for clip_id, clip in found.items() if clip is not None}


def _match_clip(clip_id: str, sha256: str, clips: Catalog) -> Clip | None:
    named = clips.by_id.get(clip_id)
    return named if named is not None and named.sha256 == sha256 else clips.by_sha256.get(sha256, named)


def run_rebuild(
    plan: RebuildPlan,
    out: Path,
    workers: int,
    mode: Mode = "continue",
    shard_scenes: int = 512,
    on_progress: Callable[[int], None] | None = None,
) -> Rebuilt:
    """Compose what can be rebuilt into `out`/scenes/SPLIT and compare; a run that was killed goes on when called again.

    Raises SpecError where `out` is where the recipes lie.
    """
    done = 0
    root = root_of(out)
    rows = []
    for folder, _ in plan.parts:
        if _target_of(folder, root).resolve() == folder.resolve():
            raise SpecError(f"{folder} holds the recipes and cannot take the rebuilt scenes too; give another --out.")
    for folder, records in plan.parts:

        def tell(progress: Progress, before: int = done) -> None:
            if on_progress:
                on_progress(before + progress.samples_done)

        job = _plan_job(folder, records, plan, shard_scenes)
        target = _target_of(folder, root)
        task = RebuildTask(records, tuple(plan.brirs.shards), plan.catalog)
        run_job(job, target, make_rebuilder, (task,), workers=workers, mode=mode, on_progress=tell)
        done += len(records)
        rows += read_index(target, ("key", "rebuilt", "difference_db"))
    if rows:
        with holding(root):
            credit_scenes(root)
    differences = [float(row["difference_db"]) for row in rows if row["difference_db"] is not None]
    return Rebuilt(
        verdicts=Counter(str(row["rebuilt"]) for row in rows),
        worst_db=max(differences) if differences else None,
        different=_keys_of(rows, DIFFERENT),
        unknown=_keys_of(rows, UNKNOWN),
        root=root,
    )


def _keys_of(rows: Sequence[dict[str, Cell]], verdict: str) -> tuple[str, ...]:
    return tuple(str(row["key"]) for row in rows if row["rebuilt"] == verdict)


def _target_of(folder: Path, root: Path) -> Path:
    """Where the scenes of a folder are rebuilt."""
    return root / KIND / folder.name if folder.name != KIND else root / KIND


def _plan_job(folder: Path, records: tuple[Kept, ...], plan: RebuildPlan, shard_scenes: int) -> Job:
    manifest = read_manifest(folder)
    places = [f"{kept.shard.name}:{kept.offset}" for kept in records]
    settings: dict[str, JsonValue] = {
        "rebuilt_from": manifest.index_sha256,
        "records": fingerprint(places),
        "composer": COMPOSER,
        "brirs": plan.brirs.digest,
        "clips": plan.digest,
    }
    return Job(
        kind="scenes",
        samples=len(records),
        samples_per_shard=min(shard_scenes, len(records)),
        samples_per_unit=min(_SCENES_PER_UNIT, shard_scenes),
        settings=settings,
        fingerprint=fingerprint(settings),
        seed=manifest.seed,
        versions=scene_versions(),
    )


def make_rebuilder(task: RebuildTask) -> Produce:
    """Open library and catalog once a worker and return the function from a record's place to the rebuilt sample."""
    brirs, clips = BrirLibrary(list(task.shards)), read_catalog(task.catalog)
    reader = ClipReader(brirs.sample_rate)

    def produce(place: int) -> Produced:
        recorded = read_record(task.records[place])
        # terms were judged when the scene was drawn, and what the catalog at hand says of its clips is not recorded
        context = Context(recorded.split, "recipe", versions=scene_versions())
        here = _match_clips(recorded.recipe, clips)
        composed = compose_recipe(recorded.recipe, brirs, here, reader, context)
        made_with = {"versions": composed.scene.versions, "cpu": composed.scene.cpu}
        composed = replace(composed, scene=recorded.model_copy(update=made_with))
        sample, rebuilt = pack_scene(composed, with_audio=True)
        verdict, difference = compare_audio(recorded, rebuilt)
        return sample._replace(row={**sample.row, "rebuilt": verdict, "difference_db": difference})

    return produce


def compare_audio(recorded: Scene, rebuilt: Scene) -> tuple[str, float | None]:
    """How the rebuilt audio compares with the record's, and the largest difference in dB (None: bit for bit).

    Where anything that was rebuilt is not among what the record promises, nothing is known of it.
    """
    theirs = {member.ext: member for member in rebuilt.audio}
    worst: float | None = None
    for member in recorded.audio:
        other = theirs.get(member.ext)
        if other is None:
            return DIFFERENT, 0.0
        if other.pcm_sha256 != member.pcm_sha256:
            # quantising alone can differ where the sketch does not
            found = max(difference_db(member.sketch, other.sketch), -200.0)
            worst = found if worst is None else max(worst, found)
    if worst is not None and worst > EQUIVALENT_DB:
        return DIFFERENT, worst
    if len(theirs) > len({member.ext for member in recorded.audio}):
        return UNKNOWN, worst
    return (IDENTICAL if worst is None else EQUIVALENT), worst
