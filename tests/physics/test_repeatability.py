"""The same call gives the same bytes, and a position's response depends on nothing but itself."""

import numpy as np
import pytest
from physics_cases import TABLE, TURNED, open_head

from twnm_schemas import Atmosphere, Listener, Room
from twnm_shards.rng import rng_for
from twnm_sim import render_brirs
from twnm_sim.render.brirs import RoomRenderer
from twnm_sim.render.receivers import prepare_head

LISTENER = Listener(position_m=(2.1, 2.3, 1.6), **TURNED)
SOURCES = [(3.7, 1.2, 1.4), (1.0, 3.5, 2.0), (4.5, 3.0, 0.7)]
OTHERS = [(0.6, 0.7, 0.8), (1.0, 3.5, 2.0), (3.0, 3.3, 2.5)]


def render(sources, absorption=0.3, **changes):
    room = Room(size_m=(5.0, 4.0, 3.0), absorption=absorption)
    return render_brirs(room, LISTENER, sources, open_head("kemar", 44100), **{"duration_s": 0.25, **changes})


@pytest.mark.parametrize("absorption", [0.3, TABLE], ids=["flat", "table"])
@pytest.mark.parametrize("tail", ["images", "diffuse"])
def test_the_same_call_gives_the_same_bytes(tail, absorption):
    first, again = (render(SOURCES[:1], absorption, tail=tail) for _ in range(2))
    assert first.tobytes() == again.tobytes()


@pytest.mark.parametrize("tail", ["images", "diffuse"])
def test_a_response_does_not_depend_on_the_sources_beside_it(tail):
    """Noise is addressed by the source's index, so the second of three is the second of three others."""
    assert np.array_equal(render(SOURCES, tail=tail)[1], render(OTHERS, tail=tail)[1])
    assert np.array_equal(render(SOURCES, tail=tail)[0], render(SOURCES[:1], tail=tail)[0])


def test_a_seed_changes_the_tail_and_nothing_before_it():
    first, other = (render(SOURCES[:1], seed=seed, highpass_hz=0.0)[0] for seed in (0, 1))
    mixing = int(0.08 * 44100)
    assert np.array_equal(first[:, :mixing], other[:, :mixing])
    assert np.abs(first[:, mixing + 500 :] - other[:, mixing + 500 :]).max() > 0.0


def render_outputs(outputs, tail, absorption=0.3):
    renderer = RoomRenderer(
        Room(size_m=(5.0, 4.0, 3.0), absorption=absorption),
        LISTENER,
        prepare_head(open_head("kemar", 44100)) if "binaural" in outputs else None,
        sample_rate=44100,
        taps=11025,
        tail=tail,
        atmosphere=Atmosphere(),
        outputs=outputs,
    )
    return renderer.render(SOURCES[0], lambda name: rng_for(0, "source", 0, "tail", name)).responses


@pytest.mark.parametrize("absorption", [0.3, TABLE], ids=["flat", "table"])
@pytest.mark.parametrize("tail", ["images", "diffuse"])
def test_outputs_rendered_together_are_those_rendered_alone(tail, absorption):
    together = render_outputs(("binaural", "foa", "mono"), tail, absorption)
    assert together["binaural"].tobytes() == render_outputs(("binaural",), tail, absorption)["binaural"].tobytes()
    for name in ("foa", "mono"):
        alone = render_outputs((name,), tail, absorption)[name].astype(float)
        assert np.sum((together[name] - alone) ** 2) < 1e-9 * np.sum(alone**2)
    assert np.abs(together["mono"][0] - together["foa"][0]).max() < 1e-6 * np.abs(together["mono"]).max()


def test_all_outputs_tails_are_one_sound_field():
    """W's noise is what both ears' sum hears, Y's what their difference hears: their envelopes share the same sound."""
    together = render_outputs(("binaural", "foa"), "diffuse")
    ears_CK, field_CK = (together[name][:, 5000:].astype(float) for name in ("binaural", "foa"))
    low_F = np.fft.rfftfreq(1 << 14, 1.0 / 44100) < 400.0  # where the two ears hear alike

    def likeness(a_K, b_K):
        a_F, b_F = np.fft.rfft(a_K, 1 << 14)[low_F], np.fft.rfft(b_K, 1 << 14)[low_F]
        cross = np.fft.irfft(np.pad(a_F * b_F.conj(), (0, (1 << 13) + 1 - low_F.sum())))
        return np.abs(cross).max() * (1 << 13) / np.sqrt(np.sum(np.abs(a_F) ** 2) * np.sum(np.abs(b_F) ** 2))

    assert likeness(ears_CK.sum(axis=0), field_CK[0]) > 2.0 * likeness(ears_CK.sum(axis=0), field_CK[2])
