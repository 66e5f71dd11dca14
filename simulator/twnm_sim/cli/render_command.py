"""`twnm-sim render` and `twnm-sim spec`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twnm_sim.cli.amounts import say_bytes, say_count, say_time
from twnm_sim.cli.render_options import explain_option, read_room_spec, split_outputs
from twnm_sim.cli.run_options import Overwrite, Resume, SplitChoice, choose_mode, choose_workers, local_folder

if TYPE_CHECKING:
    from twnm_sim.library.run import Plan, Summary


class Preset(StrEnum):
    """Starting points that single options override."""

    default = "default"
    paper = "paper"


class TailChoice(StrEnum):
    """How responses are finished."""

    diffuse = "diffuse"
    images = "images"


class GapChoice(StrEnum):
    """What happens to a position the head was not measured for."""

    reject = "reject"
    keep = "keep"


_HRTFS = {Preset.default: "kemar", Preset.paper: "fabian"}
_RENDER, _WHERE, _AIR, _SCENES = "What is rendered", "Where and how", "Air", "Scenes composed in the rooms"


def render(
    rooms: Annotated[int, typer.Option(help="How many rooms.", rich_help_panel=_RENDER)] = 10000,
    split: Annotated[
        SplitChoice, typer.Option(help="Only rooms of one split, as many as --rooms says.", rich_help_panel=_RENDER)
    ] = SplitChoice.all,
    sources_per_room: Annotated[int, typer.Option(help="Source positions a room.", rich_help_panel=_RENDER)] = 30,
    out: Annotated[
        str, typer.Option(metavar="DIR", help="Root folder; shards go to DIR/brirs.", rich_help_panel=_WHERE)
    ] = "data",
    seed: Annotated[int, typer.Option(help="Everything random follows from it.", rich_help_panel=_RENDER)] = 0,
    hrtf: Annotated[
        str | None,
        typer.Option(
            help="kemar, fabian, spherical-head, or the path or URL of a SOFA file.",
            show_default="kemar",
            rich_help_panel=_RENDER,
        ),
    ] = None,
    hrtf_license: Annotated[
        str | None, typer.Option(help="SPDX id that replaces the SOFA's own field.", rich_help_panel=_RENDER)
    ] = None,
    hrtf_gap: Annotated[
        GapChoice, typer.Option(help="Positions over 7.5 degrees from any measured one.", rich_help_panel=_RENDER)
    ] = GapChoice.reject,
    preset: Annotated[
        Preset, typer.Option(help="paper: Appendix A of the paper with FABIAN.", rich_help_panel=_RENDER)
    ] = Preset.default,
    spec: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Room ranges as JSON; see twnm-sim spec.", rich_help_panel=_RENDER),
    ] = None,
    tail: Annotated[
        TailChoice, typer.Option(help="Shaped noise after the mixing time, or all images.", rich_help_panel=_RENDER)
    ] = TailChoice.diffuse,
    output: Annotated[
        str, typer.Option(help="Any of binaural,foa,mono, with commas.", rich_help_panel=_RENDER)
    ] = "binaural",
    sample_rate: Annotated[int, typer.Option(help="Hz.", rich_help_panel=_RENDER)] = 44100,
    duration: Annotated[
        float | None,
        typer.Option(help="Seconds; by default each room's own decay.", show_default="60 dB", rich_help_panel=_RENDER),
    ] = None,
    highpass: Annotated[float, typer.Option(help="Corner in Hz; 0 is off.", rich_help_panel=_RENDER)] = 20.0,
    air: Annotated[bool, typer.Option(help="Air absorption, ISO 9613-1.", rich_help_panel=_AIR)] = True,
    temperature: Annotated[
        float | None,
        typer.Option(help="Celsius; sets the speed of sound.", show_default="c = 343 m/s, 20 C", rich_help_panel=_AIR),
    ] = None,
    humidity: Annotated[float, typer.Option(help="Relative, percent.", rich_help_panel=_AIR)] = 50.0,
    pressure: Annotated[float, typer.Option(help="kPa.", rich_help_panel=_AIR)] = 101.325,
    scenes_per_room: Annotated[
        int, typer.Option(min=0, help="Scenes composed in each room; 0 is none.", rich_help_panel=_SCENES)
    ] = 1,
    clips: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help="What sounds in them, as for clips scan. Repeat the option for more.",
            show_default="builtin",
            rich_help_panel=_SCENES,
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes.", show_default="all cores", rich_help_panel=_WHERE)
    ] = None,
    shard_size: Annotated[
        str, typer.Option(help="Rooms (64) or predicted bytes (500MB, 1GB).", rich_help_panel=_WHERE)
    ] = "1GB",
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Render a library of room impulse responses as WebDataset shards, and compose scenes in its rooms.

    Run the same command again after any interruption: it finishes what is missing, byte for byte. Other clips never
    render a response again; twnm-sim compose makes more scenes from the same library.
    """
    from pydantic import ValidationError

    from twnm_schemas.errors import SpecError
    from twnm_schemas.render import Atmosphere, RenderSpec
    from twnm_sim.clips.scan import list_specs
    from twnm_sim.library.run import Request, plan_run

    mode, processes = choose_mode(resume, overwrite), choose_workers(workers)
    try:
        recipe = RenderSpec(
            room=read_room_spec(spec),
            sources_per_room=sources_per_room,
            hrtf=hrtf or _HRTFS[preset],
            hrtf_gap=hrtf_gap.value,
            tail=tail.value,
            outputs=split_outputs(output),
            sample_rate=sample_rate,
            duration_s=duration,
            atmosphere=Atmosphere(
                absorption=air, temperature_c=temperature, humidity_percent=humidity, pressure_kpa=pressure
            ),
            highpass_hz=highpass,
        )
    except ValidationError as error:
        raise SpecError(explain_option(error)) from error
    request = Request(
        spec=recipe,
        rooms=rooms,
        seed=seed,
        out=local_folder(out),
        shard_size=shard_size,
        workers=processes,
        mode=mode,
        hrtf_license=hrtf_license,
        split=split.value,
    )
    composes = bool(scenes_per_room) and "binaural" in recipe.outputs
    specs = tuple(clips or ("builtin",))
    if composes:
        list_specs(specs)  # what is wrong with them is said now and not when all rooms are rendered
    plan = plan_run(request)
    _print_plan(plan)
    _print_summary(_run_with_progress(plan))
    if composes:
        _compose_in_rooms(plan, specs, scenes_per_room)


def _compose_in_rooms(plan: "Plan", clips: tuple[str, ...], scenes_per_room: int) -> None:
    """Scenes of the default spec in every room, with no more sources than a room has positions."""
    from twnm_schemas.distributions import Choice
    from twnm_schemas.licences import profile_allows
    from twnm_schemas.scenes import SceneSpec
    from twnm_sim.cli.compose_command import plan_with_progress, print_scene_plan, print_scene_summary
    from twnm_sim.cli.compose_command import run_with_progress as compose_with_progress
    from twnm_sim.scenes.run import SceneRequest

    profile = next((name for name in ("open", "research-nc") if profile_allows(name, plan.hrtf.license)), None)
    if profile is None:
        typer.echo(
            f"No scenes are composed: what is heard with this head ({plan.hrtf.license}) may not be published; "
            "give its --hrtf-license, or keep recipes with twnm-sim compose --license-profile recipe."
        )
        return
    request, most = plan.request, plan.request.spec.sources_per_room
    counts = tuple(count for count in SceneSpec().sources.values if count <= most)  # type: ignore[union-attr]
    spec = SceneSpec(sources=Choice(values=counts), outputs=tuple(o for o in request.spec.outputs if o != "mono"))
    scenes = plan_with_progress(
        SceneRequest(
            spec=spec,
            brirs=(str(plan.folder),),
            clips=clips,
            scenes=0,
            seed=request.seed,
            out=plan.folder.parent,
            profile=profile,
            scenes_per_room=scenes_per_room,
            shard_size=request.shard_size,
            workers=request.workers,
            mode="overwrite" if request.mode == "overwrite" else "continue",
        )
    )
    print_scene_plan(scenes)
    print_scene_summary(compose_with_progress(scenes))


def spec() -> None:
    """Print the default room ranges as JSON, to edit and give to `render --spec`."""
    from twnm_schemas.rooms import RoomSpec

    typer.echo(RoomSpec().model_dump_json(indent=2))


def _print_plan(plan: "Plan") -> None:
    job, prediction, recipe = plan.job, plan.prediction, plan.request.spec
    shards = -(-job.samples // job.samples_per_shard)
    kind = "room" if plan.request.split == "all" else f"{plan.request.split} room"
    typer.echo(
        f"{say_count(job.samples, kind)} x {say_count(recipe.sources_per_room, 'position')} on {recipe.hrtf} into "
        f"{plan.folder}: about {say_bytes(prediction.bytes)} in {say_count(shards, 'shard')} of "
        f"{say_count(job.samples_per_shard, 'room')}, {say_time(prediction.response_s)} of audio, "
        f"about {say_time(plan.seconds)} of rendering with {say_count(plan.request.workers, 'worker')}."
    )


def _run_with_progress(plan: "Plan") -> "Summary":
    from twnm_shards.progress import showing
    from twnm_sim.library.run import run_plan

    with showing("render", plan.job.samples, "rooms") as show:
        return run_plan(plan, lambda progress: show(progress.samples_done))


def _print_summary(summary: "Summary") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{summary.folder}", title_justify="left", show_header=False)
    table.add_row("rooms", f"{summary.rooms}")
    table.add_row("positions", f"{summary.positions}")
    for reason, count in sorted(summary.rejections.items()):
        table.add_row(f"rejected: {reason}", f"{count}")
    table.add_row("audio", say_time(3600.0 * summary.audio_hours))
    table.add_row("size", say_bytes(summary.bytes))
    table.add_row("wall time", say_time(summary.wall_s))
    Console(markup=False, highlight=False).print(table)
