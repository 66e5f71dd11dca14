"""Measure the built-in sounds after a change: `python tests/support/builtin_lengths.py`. Raise BUILTIN_VERSION too.

Refuses a sound whose peak keeps it below the common level: the table holds no levels.
"""

from twnm_sim.clips.synthesis import CLASSES, clip_id_of, synthesise_clip
from twnm_sim.clips.synthesis.finish import ACTIVE_DBFS, FRAME
from twnm_sim.clips.synthesis.lengths import FILE, measure_sound

VARIATIONS = 90


def measure_frames(clip_id: str) -> int:
    sound = synthesise_clip(clip_id)
    _, level_dbfs = measure_sound(sound)
    assert level_dbfs == ACTIVE_DBFS, f"{clip_id} is at {level_dbfs:.2f} dBFS: its peaks are too sharp"
    return len(sound) // FRAME


def main() -> None:
    rows = []
    for slug in CLASSES:
        frames = [measure_frames(clip_id_of(slug, variation)) for variation in range(VARIATIONS)]
        rows.append("\t".join([slug, *map(str, frames)]))
        print(f"{slug}: {min(frames) / 100:.2f} to {max(frames) / 100:.2f} s")
    FILE.write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
