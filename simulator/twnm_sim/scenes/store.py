"""A composed scene as members of a shard: FLACs at face value, and the record that says what they decode to."""

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.scenes import AudioMember, Scene
from twnm_shards.flac import encode_face_value
from twnm_shards.units import Produced
from twnm_sim.scenes.cells import join_names
from twnm_sim.scenes.compose import Composed
from twnm_sim.scenes.sketch import sketch_audio

Audio = NDArray[np.float32]


def pack_scene(composed: Composed, with_audio: bool | None = None) -> tuple[Produced, Scene]:
    """The sample of a scene, its record first and then its audio, and that record.

    `with_audio` None stores the audio unless the licence profile keeps recipes only.
    """
    encoded = [_encode(ext, what, audio_CT, composed) for ext, what, audio_CT in composed.members()]
    scene = composed.scene.model_copy(update={"audio": tuple(member for member, _ in encoded)})
    record = (scene.model_dump_json() + "\n").encode()
    if with_audio is None:
        with_audio = scene.license_profile != "recipe"
    stored = [(member.ext, data) for member, data in encoded] if with_audio else []
    return Produced(scene.scene_id, (("json", record), *stored), index_row(scene), scene.rejections), scene


def _encode(ext: str, what: str, audio_CT: Audio, composed: Composed) -> tuple[AudioMember, bytes]:
    """One FLAC. The mixture was kept from clipping; a stem or dry reference may still be louder than full scale."""
    peak = float(np.abs(audio_CT).max())
    scale = 2.0 ** max(0.0, np.ceil(np.log2(max(peak, 1e-30) * 1.0001)))
    data, pcm_sha256 = encode_face_value(audio_CT / np.float32(scale), composed.scene.sample_rate)
    member = AudioMember(
        ext=ext,
        what=what,
        channels=len(audio_CT),
        scale=float(scale),
        pcm_sha256=pcm_sha256,
        sketch=sketch_audio(audio_CT),
    )
    return member, data


def index_row(scene: Scene) -> dict[str, str | int | float | bool | None]:
    """What people filter scenes by. `labels` and `clips`: of all events in order, as `join_names` writes them."""
    events = scene.events
    ratios = [event.snr_db for event in events if event.snr_db is not None]
    return {
        "split": scene.split,
        "room_id": scene.room_id,
        "room_fingerprint": scene.recipe.room_fingerprint,
        "origin": scene.room.origin,
        "sources": len(events),
        "labels": join_names(event.label for event in events),
        "clips": join_names(event.clip_id for event in events),
        "t_mid_s": scene.room.acoustics.t_mid_s,
        "lowest_snr_db": min(ratios) if ratios else None,
        "loudness_lufs": scene.loudness_lufs,
        "duration_s": scene.duration_s,
        "hrtf": scene.room.hrtf,
        "license": scene.license,
        "fingerprint": scene.fingerprint,
    }
