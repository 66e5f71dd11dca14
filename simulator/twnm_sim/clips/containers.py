"""Whether a sound file is all there: what libsndfile passes over in silence.

A cut FLAC or MP3 shows when it is decoded: fewer samples come than were promised. libsndfile takes a cut RIFF, RF64,
AIFF or Ogg file for a shorter one; here their own framing is asked.
"""

import struct
from typing import BinaryIO

_OGG_TAIL = 1 << 16  # no page is longer: 27 bytes, 255 lengths, 255 x 255 bytes (RFC 3533, section 6)
_OGG_HEADER = 27
_END_OF_STREAM = 4
# Written in place of a size by programs that could not go back to fill it in.
_UNKNOWN_SIZES = {0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}
_SLACK = 0x7FFF0000  # sox and others write "about 2 GiB" where the length is unknown


def is_cut(stream: BinaryIO) -> bool:
    """Whether the file ends before its own framing says; False for formats that are not asked. Moves the position."""
    size = stream.seek(0, 2)
    stream.seek(0)
    magic = stream.read(12)
    if magic[:4] == b"OggS":
        return _ogg_is_cut(stream, size)
    if magic[:4] == b"RIFF" and magic[8:] == b"WAVE":
        return _chunks_are_cut(stream, size, "<", b"data")
    if magic[:4] == b"FORM" and magic[8:] in (b"AIFF", b"AIFC"):
        return _chunks_are_cut(stream, size, ">", b"SSND")
    if magic[:4] == b"RF64":
        return _rf64_is_cut(stream, size)
    return False


def _chunks_are_cut(stream: BinaryIO, size: int, order: str, audio: bytes) -> bool:
    """Whether the chunk that holds the samples is missing or longer than the rest of the file."""
    place = 12
    while place + 8 <= size:
        stream.seek(place)
        name, length = struct.unpack(f"{order}4sI", stream.read(8))
        if name == audio:
            known = length not in _UNKNOWN_SIZES and length < _SLACK
            return known and place + 8 + length > size
        place += 8 + length + length % 2
    return True


def _rf64_is_cut(stream: BinaryIO, size: int) -> bool:
    """RF64 (EBU Tech 3306) holds the true size of the file, less 8, in its first chunk `ds64`."""
    stream.seek(12)
    chunk = stream.read(16)
    return len(chunk) < 16 or struct.unpack("<Q", chunk[8:])[0] + 8 > size


def _ogg_is_cut(stream: BinaryIO, size: int) -> bool:
    """Whether the last page is not whole, or not marked as the end of its stream (RFC 3533, section 6)."""
    stream.seek(max(0, size - _OGG_TAIL))
    tail = stream.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < _OGG_HEADER or not page[5] & _END_OF_STREAM:
        return True
    segments = page[26]
    return len(page) < _OGG_HEADER + segments + sum(page[_OGG_HEADER : _OGG_HEADER + segments])
