"""Scenes in shards: every way in which audio and record can disagree is named."""

import io
import json
from collections.abc import Callable

import numpy as np
import pytest
import soundfile
from scene_runs import RATE, SPEC, World, make_world

from twnm_schemas.distributions import Constant
from twnm_shards.contents import judge_sample
from twnm_shards.flac import decode_flac, encode_face_value
from twnm_sim.clips.catalog import read_catalog
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.maker import SceneMaker
from twnm_sim.scenes.store import pack_scene

KEY = "scene-000000"
AUDIO = ["flac", "foa.flac", "stem0.flac", "stem1.flac", "ambience.flac", "dry0.flac", "dry1.flac"]
Members = dict[str, bytes]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory)


@pytest.fixture(scope="module")
def packed(world: World) -> dict[str, Members]:
    """The members of one scene by licence profile: with everything that can be stored, and of a recipe."""
    changes = {"sources": Constant(value=2.0), "outputs": ("binaural", "foa"), "stems": True, "dry": True}
    spec = SPEC.model_validate({**SPEC.model_dump(), **changes, "ambience": {}})
    library, catalog = open_brirs(world.brirs), read_catalog(world.catalog)
    makers = {p: SceneMaker(Ingredients(spec, library, catalog, p), 3) for p in ("open", "recipe")}
    return {p: dict(pack_scene(maker.make(0, "train"))[0].members) for p, maker in makers.items()}


@pytest.fixture
def members(packed: dict[str, Members]) -> Members:
    return dict(packed["open"])


def found(members: Members, key: str = KEY) -> set[tuple[str, str]]:
    """Member and problem of everything found; each sentence names the file and the member."""
    problems = list(judge_sample("a.tar", "scenes", key, members))
    assert all(p.file == "a.tar" and p.sentence.startswith("a.tar") and p.key in p.sentence for p in problems)
    return {(p.member.removeprefix(f"{key}."), p.problem_name) for p in problems}


def edit_record(change: Callable[[dict], object]) -> Callable[[Members], None]:
    def edit(members: Members) -> None:
        record = json.loads(members["json"])
        change(record)
        members["json"] = json.dumps(record).encode()

    return edit


def encoded(channels: int = 2, samples: int = RATE, rate: int = RATE) -> bytes:
    noise_CT = np.random.default_rng(0).uniform(-0.1, 0.1, (channels, samples)).astype(np.float32)
    return encode_face_value(noise_CT, rate)[0]


def one_step_off(data: bytes) -> bytes:
    """The same audio but for the last of its 24 bits in one sample."""
    audio_CT, rate = decode_flac(data)
    audio_CT[1, 777] += np.float32(2.0**-23)
    return encode_face_value(audio_CT, rate)[0]


def sixteen_bits(data: bytes) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, decode_flac(data)[0].T, RATE, format="FLAC", subtype="PCM_16")
    return stream.getvalue()


def promising(data: bytes, samples: int) -> bytes:
    """The same FLAC with another number of samples in its header."""
    word = int.from_bytes(data[18:26], "big")
    return data[:18] + (word >> 36 << 36 | samples).to_bytes(8, "big") + data[26:]


def test_a_whole_scene_has_no_problem(members: Members) -> None:
    assert list(members) == ["json", *AUDIO]
    assert found(members) == set()


def test_a_recipe_is_whole_without_audio_and_with_all_of_it(packed: dict[str, Members]) -> None:
    recipe, audio = packed["recipe"], {ext: packed["open"][ext] for ext in AUDIO}
    assert list(recipe) == ["json"]
    assert found(recipe) == set()
    assert found({**recipe, **audio}) == set()  # rebuilt
    assert found({**recipe, "flac": audio["flac"]}) == {(ext, "missing") for ext in AUDIO[1:]}


WRONG: list[tuple[Callable[[Members], object], set[tuple[str, str]]]] = [
    (lambda m: m.pop("json"), {("json", "missing")}),
    (lambda m: m.pop("flac"), {("flac", "missing")}),
    (lambda m: [m.pop(ext) for ext in AUDIO], {(ext, "missing") for ext in AUDIO}),
    (lambda m: m.update({"stem2.flac": m["stem1.flac"]}), {("stem2.flac", "foreign")}),
    (lambda m: m.update({"txt": b"mine"}), {("txt", "foreign")}),
    (lambda m: m.update({"json": m["json"][:-9]}), {("json", "invalid")}),
    (lambda m: m.update({"json": b"[" * 200_000}), {("json", "invalid")}),
    (edit_record(lambda r: r.pop("split")), {("json", "invalid")}),
    (edit_record(lambda r: r.update(scene_id="scene-000001")), {("json", "mismatched")}),
    (edit_record(lambda r: r["audio"].append(r["audio"][0])), {("json", "invalid")}),
    (edit_record(lambda r: r["audio"][0].update(ext="json")), {("json", "invalid")}),
    (edit_record(lambda r: r.update(duration_s=1e300)), {("json", "invalid")}),
    (edit_record(lambda r: r["audio"][1].update(channels=2)), {("foa.flac", "mismatched")}),
    (edit_record(lambda r: r.update(sample_rate=RATE + 1)), {(ext, "mismatched") for ext in AUDIO}),
    (edit_record(lambda r: r.update(duration_s=0.9)), {(ext, "mismatched") for ext in AUDIO}),
    (edit_record(lambda r: r.update(duration_s=1.1)), {(ext, "mismatched") for ext in AUDIO}),
    (lambda m: m.update({"flac": m["flac"][:-9]}), {("flac", "damaged")}),
    (lambda m: m.update({"flac": b"RIFF"}), {("flac", "damaged")}),
    (lambda m: m.update({"flac": sixteen_bits(m["flac"])}), {("flac", "damaged")}),
    (lambda m: m.update({"flac": one_step_off(m["flac"])}), {("flac", "mismatched")}),
    (lambda m: m.update({"stem0.flac": m["stem1.flac"]}), {("stem0.flac", "mismatched")}),
    (lambda m: m.update({"dry0.flac": encoded(channels=2)}), {("dry0.flac", "mismatched")}),
    (lambda m: m.update({"flac": encoded(samples=RATE + 1)}), {("flac", "mismatched")}),
    (lambda m: m.update({"flac": encoded(rate=8000)}), {("flac", "mismatched")}),
    (lambda m: m.update({"flac": promising(m["flac"], 10**6)}), {("flac", "mismatched")}),
    (lambda m: m.update({"flac": promising(m["flac"], 2**36 - 1)}), {("flac", "damaged")}),
]


@pytest.mark.parametrize(("change", "problems"), WRONG, ids=range(len(WRONG)))
def test_what_breaks_a_scene_is_named(
    members: Members, change: Callable[[Members], object], problems: set[tuple[str, str]]
) -> None:
    change(members)
    assert found(members) == problems


def test_what_a_crafted_flac_promises_is_not_decoded(members: Members, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than the record says is refused by the header alone; so is a record longer than any scene."""
    import twnm_shards.flac as flac

    monkeypatch.setattr(flac, "check_flac", lambda data: pytest.fail("it was decoded"))
    only = edit_record(lambda r: r.update(audio=r["audio"][:1]))
    scene = {"json": members["json"], "flac": promising(members["flac"], RATE + 1)}
    only(scene)
    assert found(scene) == {("flac", "mismatched")}
    edit_record(lambda r: r.update(duration_s=61.0))(scene)
    assert found(scene) == {("json", "invalid")}


def test_a_record_under_another_key_is_named(members: Members) -> None:
    assert found(members, "scene-000009") == {("json", "mismatched")}
