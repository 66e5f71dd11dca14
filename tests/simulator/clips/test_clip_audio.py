"""Clips as sound: what is decoded is what was written, and what is not whole is refused."""

import io
import os
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from clip_files import ESC10, RATE, make_clip, noise, tone, write_sound

from twnm_schemas.clips import Clip
from twnm_schemas.errors import AudioError
from twnm_shards.files import sha256_of
from twnm_sim.clips.audio import MAX_CLIP_S, UnusableAudioError, decode_clip, read_clip, verify_clip

FORMATS = {
    "a.wav": {"subtype": "PCM_16"},
    "a.flac": {"subtype": "PCM_16"},
    "a.aiff": {"subtype": "PCM_16"},
    "a.rf64": {"format": "RF64", "subtype": "PCM_16"},
    "a.ogg": {"subtype": "VORBIS"},
    "a.opus": {"format": "OGG", "subtype": "OPUS"},
    "a.mp3": {"format": "MP3"},
}
LOSSLESS = ("a.wav", "a.flac", "a.aiff", "a.rf64")


def reason_of(path: Path, **window: float) -> str:
    with pytest.raises(UnusableAudioError) as error:
        decode_clip(path, **window)
    sentence = str(error.value)
    assert sentence.startswith(str(path))
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return error.value.reason


def rate_of(name: str) -> int:
    return 48000 if name == "a.opus" else RATE


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_written_is_decoded(tmp_path: Path, name: str) -> None:
    left, right = tone(1.0, 0.5, 400.0, rate_of(name)), tone(1.0, 0.25, 900.0, rate_of(name))
    path = write_sound(tmp_path / name, left, right, rate=rate_of(name), **FORMATS[name])
    audio_CT, rate = decode_clip(path)
    assert rate == rate_of(name)
    assert audio_CT.dtype == np.float32
    assert audio_CT.shape == (2, rate)
    assert audio_CT.flags.c_contiguous
    worst = np.abs(audio_CT - [left, right])[:, 2000:-2000].max()
    assert worst <= (2.0**-15 if name in LOSSLESS else 0.03)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kept", [0.99, 0.5, 0.02])
def test_a_cut_file_is_refused(tmp_path: Path, name: str, kept: float) -> None:
    path = write_sound(tmp_path / name, noise(2.0, rate=rate_of(name)), rate=rate_of(name), **FORMATS[name])
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    assert reason_of(path) in {"truncated", "unreadable"}


def test_a_size_that_the_writer_did_not_know_is_not_a_cut(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "piped.wav", noise(0.5))
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"  # what ffmpeg leaves when it writes to a pipe
    path.write_bytes(data)
    assert decode_clip(path)[0].shape == (1, RATE // 2)


def test_no_bytes_and_no_samples_are_zero_length(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert reason_of(tmp_path / "empty.wav") == "zero_length"
    assert reason_of(write_sound(tmp_path / "header.wav", np.zeros(0))) == "zero_length"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_sample_that_is_no_number_is_refused(tmp_path: Path, value: float) -> None:
    sound_T = tone(0.5)
    sound_T[1000] = value
    assert reason_of(write_sound(tmp_path / "a.wav", sound_T, subtype="FLOAT")) == "not_finite"


def test_a_file_that_is_not_there_or_no_sound(tmp_path: Path) -> None:
    assert reason_of(tmp_path / "none.wav") == "missing"
    (tmp_path / "page.wav").write_text("<html>not found</html>")
    assert reason_of(tmp_path / "page.wav") == "unreadable"
    (tmp_path / "folder.wav").mkdir()
    assert reason_of(tmp_path / "folder.wav") == "unreadable"


def test_a_header_that_promises_hours_is_believed_only_as_far_as_they_are_there(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", noise(0.2), subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F  # the upper bits of STREAMINFO's 36 bits of samples: 2^35 and more, 128 GB as float32
    path.write_bytes(data)
    assert soundfile.info(path).frames > 2**35
    assert reason_of(path) in {"truncated", "unreadable"}


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_a_window_is_the_same_samples_as_in_the_whole(tmp_path: Path, name: str) -> None:
    path = write_sound(tmp_path / name, tone(3.0, 0.5, 441.0), **FORMATS[name])
    whole_CT = decode_clip(path)[0]
    window_CT = decode_clip(path, start_s=1.25, duration_s=0.5)[0]
    assert window_CT.shape == (1, RATE // 2)
    np.testing.assert_allclose(window_CT, whole_CT[:, 55125 : 55125 + RATE // 2], atol=0 if name in LOSSLESS else 1e-3)
    assert decode_clip(path, start_s=2.5, duration_s=9.0)[0].shape == (1, RATE // 2)
    with pytest.raises(AudioError, match=r"ends before 3.5 s\."):
        decode_clip(path, start_s=3.5)


def write_tar(path: Path, members: dict[str, bytes], layout: int) -> dict[str, int]:
    """The members, and where the header of each begins."""
    with tarfile.open(path, "w", format=layout) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    with tarfile.open(path) as tar:
        return {info.name: info.offset for info in tar}


LONG_NAME = "EN_B00000/" + "EN.B00000_S00000/" * 8 + "ü.W000001.mp3"


@pytest.mark.parametrize("layout", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_member_of_a_tar_is_read_where_it_lies(tmp_path: Path, layout: int) -> None:
    sounds = {name: noise(0.3, seed) for seed, name in enumerate(["EN/a.b.c.wav", LONG_NAME, "last.wav"])}
    data = {name: write_sound(tmp_path / "x.wav", sound).read_bytes() for name, sound in sounds.items()}
    tar = tmp_path / "a.tar"
    offsets = write_tar(tar, data, layout)
    for name, sound_T in sounds.items():
        audio_CT, rate = decode_clip(tar, name, offsets[name])
        assert rate == RATE
        np.testing.assert_allclose(audio_CT[0], sound_T, atol=2.0**-15)
    with pytest.raises(
        AudioError, match=r"last\.wav in .* is not at byte 0; the tar changed: scan its dataset again\."
    ):
        decode_clip(tar, "last.wav", 0)
    with pytest.raises(AudioError, match="at byte 700"):
        decode_clip(tar, "last.wav", 700)
    tar.write_bytes(tar.read_bytes()[: offsets["last.wav"] + 5000])
    with pytest.raises(UnusableAudioError, match=r"last\.wav in .* is cut: the tar ends before it does\."):
        decode_clip(tar, "last.wav", offsets["last.wav"])


def clip_of(path: Path, **changes: Any) -> Clip:
    info = soundfile.info(path)
    told = {"duration_s": info.duration, "sample_rate": info.samplerate, "sha256": sha256_of(path)}
    return make_clip("set:bell", path=str(path), **told, **changes)


def test_a_clip_is_the_mean_of_its_channels(tmp_path: Path) -> None:
    left, right = noise(0.5, 1), noise(0.5, 2)
    clip = clip_of(write_sound(tmp_path / "a.wav", left, right), channels=2)
    sound_T = read_clip(clip, RATE)
    assert sound_T.dtype == np.float32
    np.testing.assert_allclose(sound_T, (left + right) / 2.0, atol=2.0**-15)


@pytest.mark.parametrize("rate", [8000, 16000, 48000, 192000])
def test_a_clip_at_another_rate_is_the_same_sound(tmp_path: Path, rate: int) -> None:
    clip = clip_of(write_sound(tmp_path / "a.wav", tone(1.0, 0.5, 1000.0, rate), rate=rate, subtype="FLOAT"))
    sound_T = read_clip(clip, RATE)
    assert abs(len(sound_T) - RATE) <= 1
    inner = slice(2000, -2000)
    np.testing.assert_allclose(sound_T[inner], tone(1.0, 0.5, 1000.0)[: len(sound_T)][inner], atol=1e-4)


def test_of_a_long_recording_the_first_minute_is_used(tmp_path: Path) -> None:
    long = np.concatenate([tone(MAX_CLIP_S, rate=8000), noise(1.0, rate=8000)])
    clip = clip_of(write_sound(tmp_path / "a.flac", long, rate=8000, subtype="PCM_16"))
    sound_T = read_clip(clip, 8000)
    assert len(sound_T) == 60 * 8000
    np.testing.assert_allclose(sound_T, long[: 60 * 8000], atol=2.0**-15)


def test_a_file_that_changed_its_length_no_longer_matches_the_catalog(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise(0.5))
    clip = clip_of(path)
    write_sound(path, noise(0.4))
    with pytest.raises(AudioError, match=r"^The clip set:bell differs from its record \(0\.400 s .*no longer matches"):
        read_clip(clip, RATE)
    write_sound(path, noise(0.5, rate=48000), rate=48000)
    with pytest.raises(AudioError, match=r"^The clip set:bell differs from its record .* 48000 Hz"):
        read_clip(clip, RATE)
    path.unlink()
    with pytest.raises(
        AudioError, match=r"^The clip set:bell cannot be used: .* is not there; scan its dataset again\.$"
    ):
        read_clip(clip, RATE)


def test_verifying_sees_one_changed_bit(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise(0.5))
    data = bytearray(path.read_bytes())
    clip = clip_of(path)
    verify_clip(clip)
    data[2000] ^= 1
    path.write_bytes(data)
    with pytest.raises(AudioError, match=r"^The clip set:bell is not what was scanned .* no longer matches the files"):
        verify_clip(clip)
    path.unlink()
    with pytest.raises(AudioError, match=r"^The clip set:bell cannot be verified: .* is not there"):
        verify_clip(clip)


def test_another_sound_of_the_same_length_is_not_read(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise(0.5, 1))
    clip = clip_of(path)
    read_clip(clip, RATE)
    write_sound(path, noise(0.5, 2))
    os.utime(path, ns=(1, 1))  # a clock that ticks between
    for _ in range(2):
        with pytest.raises(
            AudioError, match=r"^The clip set:bell is not what was scanned \(.*a\.wav has another SHA-256"
        ):
            read_clip(clip, RATE)
    write_sound(path, noise(0.5, 1))
    assert len(read_clip(clip, RATE)) == RATE // 2


def test_swapped_members_of_a_tar_are_not_read(tmp_path: Path) -> None:
    sounds = [write_sound(tmp_path / f"{seed}.wav", noise(0.5, seed)) for seed in (1, 2)]
    clips = []
    for path in sounds:
        with tarfile.open(tmp_path / "a.tar", "w") as tar:
            tar.add(path, "a.wav")
        clips.append(clip_of(path).model_copy(update={"path": str(tmp_path / "a.tar"), "member": "a.wav", "offset": 0}))
    read_clip(clips[1], RATE)
    with pytest.raises(
        AudioError, match=r"^The clip set:bell is not what was scanned \(a\.wav in .*a\.tar has another"
    ):
        read_clip(clips[0], RATE)


def test_a_file_is_hashed_once_and_again_when_it_was_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr("twnm_sim.clips.audio.digest_of", lambda s: hashed.append(s.name) or sha256_of(Path(s.name)))
    path = write_sound(tmp_path / "a.wav", noise(0.5))
    clip = clip_of(path)
    for _ in range(3):
        read_clip(clip, RATE)
    assert len(hashed) == 1
    os.utime(path, ns=(1, 1))
    read_clip(clip, RATE)
    assert len(hashed) == 2


def test_a_clip_without_a_path_must_be_of_a_kind_that_is_synthesised() -> None:
    with pytest.raises(AudioError, match="The clip set:1 has no path, and set is not synthesised; scan it again"):
        read_clip(make_clip("set:1", path=""), RATE)


def test_a_synthesised_clip_is_verified_by_its_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    from twnm_sim.clips import synthesis
    from twnm_sim.clips.scan import scan_clips

    clip = scan_clips(["builtin:1"]).clips[0]
    verify_clip(clip)
    monkeypatch.setattr(synthesis, "BUILTIN_VERSION", synthesis.BUILTIN_VERSION + 1)
    with pytest.raises(AudioError, match=rf"^The clip {clip.clip_id} is not what was scanned \(what makes it here has"):
        verify_clip(clip)
    with pytest.raises(AudioError, match=r"cannot be verified: .* is not synthesised"):
        verify_clip(make_clip("set:1", path=""))


def test_a_synthesised_clip_of_another_version_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from twnm_sim.clips import synthesis
    from twnm_sim.clips.scan import scan_clips

    clip = scan_clips(["builtin:1"]).clips[0]
    monkeypatch.setattr(synthesis, "BUILTIN_VERSION", synthesis.BUILTIN_VERSION + 1)
    with pytest.raises(AudioError, match=rf"^The clip {clip.clip_id} is not what was scanned \(what makes it here has"):
        read_clip(clip, RATE)


def test_a_built_in_clip_is_as_long_as_its_record_at_any_rate() -> None:
    from twnm_sim.clips.scan import scan_clips

    clip = scan_clips(["builtin:1"]).clips[7]
    for rate in (16000, RATE):
        assert len(read_clip(clip, rate)) == pytest.approx(clip.duration_s * rate, abs=1)


def test_odd_chunks_before_the_samples_are_stepped_over(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise(0.2))
    data = path.read_bytes()
    note = b"note" + struct.pack("<I", 5) + b"hello\0"  # an odd length is padded
    path.write_bytes(data[:36] + note + data[36:])
    assert decode_clip(path)[0].shape == (1, 8820)
    path.write_bytes((data[:36] + note + data[36:])[:-10])
    assert reason_of(path) == "truncated"


@pytest.mark.skipif(not ESC10.is_dir(), reason="no recordings at ../shared/data/audio/esc10")
def test_real_recordings_decode_and_a_cut_one_does_not(tmp_path: Path) -> None:
    paths = sorted(ESC10.glob("*.ogg"))[::40]
    for path in paths:
        audio_CT, rate = decode_clip(path)
        assert (len(audio_CT), rate) == (1, 44100)
        assert 4.9 < audio_CT.shape[1] / rate < 5.1
        data = path.read_bytes()
        (tmp_path / path.name).write_bytes(data[: len(data) * 9 // 10])
        assert reason_of(tmp_path / path.name) in {"truncated", "unreadable"}
