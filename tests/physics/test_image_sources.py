"""Image sources: complete up to a distance, each once, each with its walls, as pyroomacoustics has them."""

import itertools

import numpy as np
import pyroomacoustics
import pytest
from physics_cases import draw_scene
from reference_renderer import error_db, list_reference_images

from twnm_schemas import Listener, Room
from twnm_sim import render_brirs
from twnm_sim.render.images import count_images, list_axes, list_images

WALLS = (0.1, 0.3, 0.2, 0.6, 0.05, 0.9)


def sort_rows(*columns):
    """Rows in one order, whatever the order of listing."""
    table = np.column_stack(columns)
    return table[np.lexsort(table.round(6).T[::-1])]


@pytest.mark.parametrize("seed", range(6))
def test_the_list_is_the_textbooks(seed):
    rng = np.random.default_rng(seed)
    room = Room(size_m=tuple(rng.uniform((2.0, 2.5, 2.0), (9.0, 12.0, 4.0)).tolist()), absorption=WALLS)
    listener, source = draw_scene(room, rng)
    farthest_m = float(rng.uniform(15.0, 35.0))
    images = list_images(list_axes(room, source, listener.position_m, farthest_m), 0.0, farthest_m)
    displacement_N3, hits_NS = list_reference_images(room, source, listener, farthest_m)
    gain_N = np.prod(np.sqrt(1.0 - np.array(WALLS)) ** hits_NS, axis=1) / np.linalg.norm(displacement_N3, axis=1)
    assert len(images) == len(displacement_N3)
    ours, theirs = sort_rows(images.displacement_N3, images.gain_N), sort_rows(displacement_N3, gain_N)
    assert np.abs(ours - theirs).max() < 1e-9
    assert np.allclose(images.distance_N, np.linalg.norm(images.displacement_N3, axis=1))


@pytest.mark.parametrize("edges", [(0.0, 7.3, 7.4, 20.0, 31.0), tuple(np.linspace(0.0, 31.0, 60).tolist())])
def test_shells_share_no_image_and_miss_none(edges):
    room, listener, source = Room(size_m=(4.0, 5.0, 3.0), absorption=0.2), (2.0, 2.5, 1.5), (3.0, 2.5, 1.5)
    axes = list_axes(room, source, listener, edges[-1])
    whole = list_images(axes, 0.0, edges[-1])
    shells = [list_images(axes, near, far) for near, far in itertools.pairwise(edges)]
    pieces = np.concatenate([shell.index_N3 for shell in shells])
    assert len(pieces) == len(whole) == len(np.unique(pieces, axis=0))
    assert np.array_equal(sort_rows(pieces), sort_rows(whole.index_N3))
    for shell, near, far in zip(shells, edges[:-1], edges[1:], strict=True):
        assert np.all((shell.distance_N >= near - 1e-12) & (shell.distance_N < far + 1e-12))


def test_an_image_right_on_the_border_of_two_shells_falls_into_one():
    room, listener, source = Room(size_m=(4.0, 4.0, 4.0), absorption=0.2), (2.0, 2.0, 2.0), (3.0, 2.0, 2.0)
    axes = list_axes(room, source, listener, 40.0)
    border = 3.0  # the image behind the wall at x = 4: at x = 5, 3 m from the head
    assert border in list_images(axes, 0.0, 10.0).distance_N
    inner, outer = list_images(axes, 0.0, border), list_images(axes, border, 10.0)
    assert len(inner) + len(outer) == len(list_images(axes, 0.0, 10.0))
    assert border not in inner.distance_N


def test_a_wall_that_absorbs_all_sends_nothing_back():
    room = Room(size_m=(4.0, 5.0, 3.0), absorption=(0.2, 1.0, 0.2, 0.2, 0.2, 0.2))
    axes = list_axes(room, (3.0, 2.0, 1.0), (1.0, 2.5, 1.5), 40.0)
    images = list_images(axes, 0.0, 40.0)
    reaches_east = axes[0].displacement_A[images.index_N3[:, 0]] + 1.0 > 4.0
    assert images.gain_N[reaches_east].max() < 1e-100
    assert images.gain_N[~reaches_east].max() == pytest.approx(1.0 / np.sqrt(4.0 + 0.25 + 0.25))


def test_the_number_that_planning_expects_is_right_on_average():
    rng, room = np.random.default_rng(0), Room(size_m=(4.0, 5.0, 3.0), absorption=0.2)
    counts = []
    for _ in range(20):
        listener, source = draw_scene(room, rng)
        counts.append(len(list_images(list_axes(room, source, listener.position_m, 30.0), 0.0, 30.0)))
    assert np.mean(counts) == pytest.approx(count_images(room, 30.0), rel=0.01)


def shoebox_of_pyroomacoustics(room, source, listener, order):
    names = ("west", "east", "south", "north", "floor", "ceiling")
    materials = {name: pyroomacoustics.Material(band[0]) for name, band in zip(names, room.absorption, strict=True)}
    shoebox = pyroomacoustics.ShoeBox(room.size_m, fs=44100, materials=materials, max_order=order)
    shoebox.add_source(source)
    shoebox.add_microphone(listener)
    shoebox.image_source_model()
    return shoebox


@pytest.mark.parametrize("seed", range(3))
def test_pyroomacoustics_lists_the_same_images_with_the_same_walls(seed):
    rng = np.random.default_rng(seed)
    room = Room(size_m=tuple(rng.uniform((4.0, 4.0, 3.0), (7.0, 8.0, 5.0)).tolist()), absorption=WALLS)
    listener, source = draw_scene(room, rng)
    shoebox = shoebox_of_pyroomacoustics(room, source, listener.position_m, order=8)
    theirs_N3 = shoebox.sources[0].images.T - listener.position_m
    damping_N = shoebox.sources[0].damping[0]
    within_m = 2.0 * min(room.size_m)  # so near, no image has more than 8 reflections
    near_N = np.linalg.norm(theirs_N3, axis=1) < within_m
    images = list_images(list_axes(room, source, listener.position_m, within_m), 0.0, within_m)
    ours = sort_rows(images.displacement_N3, images.gain_N * images.distance_N)
    theirs = sort_rows(theirs_N3[near_N], damping_N[near_N])
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-5  # it computes in single precision


@pytest.fixture
def plain_pyroomacoustics():
    """343 m/s and no high-pass of its own, for one test."""
    wanted = {"rir_hpf_enable": False, "c": 343.0}
    before = {name: pyroomacoustics.constants.get(name) for name in wanted}
    for name, value in wanted.items():
        pyroomacoustics.constants.set(name, value)
    yield
    for name, value in before.items():
        pyroomacoustics.constants.set(name, value)


@pytest.mark.usefixtures("plain_pyroomacoustics")
def test_pyroomacoustics_hears_the_same_omnidirectional_response():
    """Its response lags by half of its fractional-delay filter; its scale (1 or 1 / 4 pi) depends on its version."""
    room, listener, source = (
        Room(size_m=(5.0, 4.0, 3.0), absorption=WALLS),
        Listener(position_m=(2.1, 2.3, 1.6)),
        (3.7, 1.2, 1.4),
    )
    shoebox = shoebox_of_pyroomacoustics(room, source, listener.position_m, order=14)
    shoebox.compute_rir()
    lag = pyroomacoustics.constants.get("frac_delay_length") // 2
    taps = int(0.03 * 44100)
    theirs_K = np.asarray(shoebox.rir[0][0][lag : lag + taps], float)
    arguments = {"duration_s": 0.03, "tail": "images", "air_absorption": False, "highpass_hz": 0.0, "output": "mono"}
    ours_K = render_brirs(room, listener, [source], None, **arguments)[0, 0, :taps].astype(float)
    errors_db = [error_db(ours_K[None], scale * theirs_K[None], 44100, 100.0, 16000.0) for scale in (1.0, 4.0 * np.pi)]
    assert min(errors_db) < -50.0
