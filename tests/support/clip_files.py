"""Small real sound files, and what an adapter or a catalog says of them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from twnm_schemas.clips import Clip
from twnm_sim.clips.listing import Found

RATE = 44100
ESC10 = Path(__file__).parents[3] / "shared" / "data" / "audio" / "esc10"

Samples = npt.NDArray[np.float64]


def tone(seconds: float, amplitude: float = 0.25, frequency: float = 1000.0, rate: int = RATE) -> Samples:
    """A sine of exactly this amplitude."""
    time_T = np.arange(round(seconds * rate)) / rate
    return np.asarray(amplitude * np.sin(2.0 * np.pi * frequency * time_T + 0.3))


def noise(seconds: float, seed: int = 0, amplitude: float = 0.1, rate: int = RATE) -> Samples:
    return np.asarray(amplitude * np.random.default_rng(seed).uniform(-1.0, 1.0, round(seconds * rate)))


def quiet(seconds: float, rate: int = RATE) -> Samples:
    return np.zeros(round(seconds * rate))


def write_sound(path: Path, *channels: Samples, rate: int = RATE, **settings: Any) -> Path:
    """Write one array a channel; the settings are soundfile's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.stack(channels, axis=1), rate, **settings)
    return path


def write_noises(folder: Path, count: int, seconds: float = 0.2, first: int = 0) -> Path:
    """A folder of that many different recordings in three classes, numbered from `first`."""
    for number in range(first, first + count):
        write_sound(folder / f"class {number % 3}" / f"{number:03d}.wav", noise(seconds, seed=number))
    return folder


def make_clip(clip_id: str = "set:1", **changes: Any) -> Clip:
    """A record of a clip that need not be there."""
    fields: dict[str, Any] = {
        "clip_id": clip_id,
        "dataset": clip_id.partition(":")[0],
        "path": f"/data/{clip_id}.wav",
        "member": "",
        "offset": None,
        "duration_s": 1.5,
        "sample_rate": RATE,
        "channels": 1,
        "label": "bell",
        "labels": ("bell",),
        "audioset_ids": ("",),
        "ancestors": (),
        **dict.fromkeys(
            ("caption", "caption_license", "language", "speaker", "uploader", "freesound_id", "video_id", "title"), ""
        ),
        "source_url": "",
        "license": "CC0-1.0",
        "dnsmos": None,
        "sha256": hashlib.sha256(clip_id.encode()).hexdigest(),
        "onset_s": 0.1,
        "offset_s": 1.2,
        "level_dbfs": -20.5,
        "source_split": "",
        "group": clip_id,
        "split": "train",
    }
    return Clip(**{**fields, **changes})


def make_found(clip_id: str, **changes: Any) -> Found:
    return Found(clip_id=clip_id, dataset=clip_id.partition(":")[0], **changes)


def write_table(path: Path, header: str, rows: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path
