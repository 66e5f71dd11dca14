"""24-bit FLAC and its scale."""

import hashlib
import io
import warnings

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from twnm_schemas.errors import AudioError
from twnm_shards.flac import check_flac, count_promised, decode_flac, encode_face_value, encode_flac, hash_steps
from twnm_shards.rng import rng_for


def noise(channels: int = 2, samples: int = 3000, gain: float = 1.0) -> np.ndarray:
    decay_T = np.exp(-np.arange(samples) / 400)
    return (rng_for(1, "flac", channels).standard_normal((channels, samples)) * decay_T * gain).astype(np.float32)


@given(exponent=st.floats(min_value=-30, max_value=30), channels=st.sampled_from([1, 2, 4]))
@settings(max_examples=30, deadline=None)
def test_pressure_comes_back_at_any_level(exponent: float, channels: int) -> None:
    audio_CT = noise(channels, gain=10.0**exponent)
    data, scale = encode_flac(audio_CT, 48000)
    decoded_CT, sample_rate = decode_flac(data, scale)
    assert sample_rate == 48000
    assert decoded_CT.dtype == np.float32
    assert decoded_CT.shape == audio_CT.shape
    error_CT = np.abs(decoded_CT.astype(float) - audio_CT)
    step = scale * 2.0**-23
    assert error_CT.max() <= 2 * step
    assert error_CT[:, 2000:].max() <= 0.51 * step  # where float32 is finer than a step, quantising is all there is
    assert float(np.float32(scale)) == scale


def test_peak_is_just_under_full_scale_and_the_file_says_24_bit() -> None:
    data, _ = encode_flac(noise() * 7, 44100)
    peak = np.abs(decode_flac(data)[0]).max()
    assert 0.9999 < peak < 1.0
    info = soundfile.info(io.BytesIO(data))
    assert (info.format, info.subtype, info.channels, info.samplerate) == ("FLAC", "PCM_24", 2, 44100)
    assert check_flac(data)[:4] == (2, 3000, 44100, 2**23 - 8)


def test_scale_one_is_what_any_other_reader_decodes() -> None:
    data, _ = encode_flac(noise(), 44100)
    read_TC, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    assert np.array_equal(decode_flac(data)[0], read_TC.T)


def test_full_scale_of_either_sign_does_not_wrap() -> None:
    for sign in (1.0, -1.0):
        audio_CT = np.zeros((1, 100), np.float32)
        audio_CT[0, 50] = sign
        data, scale = encode_flac(audio_CT, 44100)
        assert decode_flac(data, scale)[0][0, 50] == pytest.approx(sign, abs=1e-6)


def test_same_audio_gives_the_same_bytes_in_any_memory_order() -> None:
    audio_CT = noise()
    assert encode_flac(audio_CT, 44100) == encode_flac(np.asfortranarray(audio_CT), 44100)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite_is_refused(value: float) -> None:
    audio_CT = noise()
    audio_CT[1, 7] = value
    with pytest.raises(AudioError, match="NaN or infinite"):
        encode_flac(audio_CT, 44100)


@pytest.mark.parametrize("audio_CT", [np.zeros((2, 9)), np.full((2, 9), 1e-44), np.zeros((2, 0)), np.ones(9)])
def test_silence_and_no_audio_are_refused(audio_CT: np.ndarray) -> None:
    with pytest.raises(AudioError, match="cannot be written"):
        encode_flac(audio_CT.astype(np.float32), 44100)


@pytest.mark.parametrize("peak", [1.3e-38, 2.4e-32, 0.9e-30, 1.1e38, 3.4028e38])
def test_peaks_that_float32_cannot_scale_are_refused(peak: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(AudioError, match="cannot be written"):
            encode_flac(np.full((1, 9), peak, np.float32), 44100)


@pytest.mark.parametrize("peak", [1.1e-30, 0.9e38])
def test_the_quietest_and_the_loudest_come_back(peak: float) -> None:
    data, scale = encode_flac(np.full((1, 9), peak, np.float32), 44100)
    assert decode_flac(data, scale)[0] == pytest.approx(peak, rel=1e-6)


def promising(data: bytes, samples: int) -> bytes:
    """The same FLAC with another number of samples in its header (the lower 36 of bits 108 to 144 of STREAMINFO)."""
    word = int.from_bytes(data[18:26], "big")
    return data[:18] + (word >> 36 << 36 | samples).to_bytes(8, "big") + data[26:]


@pytest.mark.parametrize("samples", [2**36 - 1, 0])  # 0: of unknown length, which libsndfile takes for 2^63 - 1
def test_header_that_promises_more_than_the_bytes_can_hold(samples: int) -> None:
    data = promising(encode_flac(noise(), 44100)[0], samples)
    for read in (check_flac, decode_flac, count_promised):
        with pytest.raises(AudioError, match="bytes cannot hold"):
            read(data)


def test_what_a_header_promises_is_not_allocated() -> None:
    import tracemalloc

    whole = encode_flac(noise(), 44100)[0]
    promised = len(whole) * 8000  # could be held, and would take over a gigabyte
    data = promising(whole, promised)
    assert count_promised(whole) == 3000
    assert count_promised(data) == promised
    tracemalloc.start()
    try:
        for read in (check_flac, decode_flac):
            with pytest.raises(AudioError):
                read(data)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_audio_of_several_pieces_is_whole() -> None:
    audio_CT = noise(samples=600_000)
    data, scale = encode_flac(audio_CT, 44100)
    assert check_flac(data)[:4] == (2, 600_000, 44100, 2**23 - 8)
    assert np.abs(decode_flac(data, scale)[0] - audio_CT).max() <= 2 * scale * 2.0**-23


def test_damage_anywhere_is_found() -> None:
    data, _ = encode_flac(noise(), 44100)
    for place in range(26, len(data), 97):  # from the MD5 of the header to the last frame
        damaged = bytearray(data)
        damaged[place] ^= 0x10
        with pytest.raises(AudioError):
            check_flac(bytes(damaged))


@pytest.mark.parametrize("kept", [0, 3, 60, 2000, -1])
def test_cut_is_found(kept: int) -> None:
    data, _ = encode_flac(noise(), 44100)
    with pytest.raises(AudioError):
        check_flac(data[:kept])


def test_another_format_is_found() -> None:
    stream = io.BytesIO()
    soundfile.write(stream, noise().T, 44100, format="WAV", subtype="PCM_16")
    with pytest.raises(AudioError, match="not 24-bit FLAC but PCM_16"):
        check_flac(stream.getvalue())


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_face_value_is_the_audio_itself(channels: int) -> None:
    audio_CT = noise(channels, samples=5000, gain=0.2)
    data, _ = encode_face_value(audio_CT, 44100)
    decoded_CT, sample_rate = decode_flac(data)
    assert sample_rate == 44100
    assert np.abs(decoded_CT.astype(float) - audio_CT).max() <= 0.5001 * 2.0**-23  # half a step of 24 bits


def test_the_hash_is_of_what_any_reader_decodes() -> None:
    """Little-endian, interleaved samples of three bytes, as the raw form of 24-bit audio is."""
    data, sha256 = encode_face_value(noise(2, gain=0.2), 44100)
    steps_TC, _ = soundfile.read(io.BytesIO(data), dtype="int32", always_2d=True)
    raw = b"".join(int(step >> 8).to_bytes(3, "little", signed=True) for step in steps_TC.ravel())
    assert sha256 == hashlib.sha256(raw).hexdigest()
    assert sha256 == hash_steps(steps_TC)
    assert encode_face_value(np.asfortranarray(noise(2, gain=0.2)), 44100) == (data, sha256)


def test_silence_has_a_face_value() -> None:
    data, sha256 = encode_face_value(np.zeros((2, 100), np.float32), 44100)
    assert np.array_equal(decode_flac(data)[0], np.zeros((2, 100)))
    assert sha256 == hashlib.sha256(bytes(600)).hexdigest()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_face_value_never_clips(sign: float) -> None:
    highest = np.full((1, 50), sign * (1.0 - 2.0**-23), np.float32)
    assert np.array_equal(decode_flac(encode_face_value(highest, 44100)[0])[0], highest)
    with pytest.raises(AudioError, match=r"peak of 1 cannot be written at face value"):
        encode_face_value(np.full((1, 50), sign, np.float32), 44100)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite_has_no_face_value(value: float) -> None:
    audio_CT = noise(gain=0.1)
    audio_CT[1, 7] = value
    with pytest.raises(AudioError, match="NaN or infinite"):
        encode_face_value(audio_CT, 44100)
    with pytest.raises(AudioError, match="cannot be written"):
        encode_face_value(np.zeros((2, 0), np.float32), 44100)
