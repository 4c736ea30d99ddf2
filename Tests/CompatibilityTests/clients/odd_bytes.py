"""Builders of record bytes that may say anything: each field of batches, records, old messages and lz4 frames can be
given its own value, or its own bytes."""

import gzip
import struct
import zlib

import lz4.block
import lz4.frame
import snappy
import zstandard
from wire import crc32c, varint

TIME = 1_700_000_000_000
CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
XERIAL = b"\x82SNAPPY\0" + struct.pack(">ii", 1, 1)


def long_varint(number, size):
    """The zigzag varint of a number, padded to `size` bytes with bytes that say nothing."""
    short = varint(number)
    padded = bytes(byte | 0x80 for byte in short) + b"\x80" * (size - len(short) - 1) + b"\0"
    return padded if len(short) < size else short


def number(value):
    """A varint field: a number, or the bytes that stand in its place."""
    return value if isinstance(value, bytes) else varint(value)


def sized(data, length=None):
    """Nullable bytes with their length in front, which may lie."""
    length = (-1 if data is None else len(data)) if length is None else length
    return number(length) + (data or b"")


def record(delta=0, time=0, key=None, value=b"v", headers=(), attributes=0, key_length=None, value_length=None,
           header_count=None, tail=b"", length=None, length_off=0):
    """One record of format v2; headers are (name, value) or (name, value, name's length, value's length)."""
    body = bytes([attributes & 0xFF]) + number(time) + number(delta) + sized(key, key_length)
    body += sized(value, value_length) + number(len(headers) if header_count is None else header_count)
    for header in headers:
        name, content, name_length, content_length = (tuple(header) + (None, None))[:4]
        body += sized(name, name_length) + sized(content, content_length)
    body += tail
    return number(len(body) + length_off if length is None else length) + body


def three(**changes):
    """Three records, of which the middle one has `changes`."""
    return record(0, value=b"one") + record(**{"delta": 1, "value": b"two", **changes}) + record(2, value=b"three")


def batch(records=None, codec=0, count=None, base=0, length=None, length_off=0, epoch=-1, magic=2, crc=None,
          crc_off=0, attributes=None, last=None, base_time=TIME, max_time=TIME, producer=-1, producer_epoch=-1,
          sequence=-1, tail=b""):
    """One batch of format v2 around the bytes of its records, compressed already if they are to be."""
    if records is None:
        records, count = record(), 1 if count is None else count
    count = 1 if count is None else count
    attributes = codec if attributes is None else attributes
    last = count - 1 if last is None else last
    rest = struct.pack(">HiqqqhiI", attributes & 0xFFFF, wrap(last), base_time, max_time, producer, producer_epoch,
                       sequence, count & 0xFFFFFFFF) + records
    size = len(rest) + 9 + length_off if length is None else length
    checksum = crc32c(rest) + crc_off if crc is None else crc
    return struct.pack(">qiibI", base, size, epoch, magic, checksum & 0xFFFFFFFF) + rest + tail


def wrap(number):
    return (number + (1 << 31)) % (1 << 32) - (1 << 31)


def message(magic=1, attributes=0, key=None, value=b"v", offset=0, time=TIME, length=None, crc_off=0, key_length=None,
            value_length=None, tail=b""):
    """One message of magic 0 or 1."""
    def old_sized(data, length):
        return struct.pack(">i", (-1 if data is None else len(data)) if length is None else length) + (data or b"")
    rest = struct.pack(">bB", magic, attributes & 0xFF) + (struct.pack(">q", time) if magic == 1 else b"")
    rest += old_sized(key, key_length) + old_sized(value, value_length) + tail
    size = len(rest) + 4 if length is None else length
    return struct.pack(">qiI", offset, size, (zlib.crc32(rest) + crc_off) & 0xFFFFFFFF) + rest


def compress(codec, data):
    """As clients do: snappy as a stream of xerial's."""
    if codec == "none":
        return data
    if codec == "gzip":
        return gzip.compress(data, mtime=0)
    if codec == "snappy":
        block = snappy.compress(data)
        return XERIAL + struct.pack(">i", len(block)) + block
    if codec == "lz4":
        return lz4_frame(data)
    return zstandard.ZstdCompressor(write_content_size=False).compress(data)


def xxh32(data, seed=0):
    p1, p2, p3, p4, p5 = 2654435761, 2246822519, 3266489917, 668265263, 374761393
    mask = 0xFFFFFFFF

    def rotate(value, bits):
        return (value << bits | value >> (32 - bits)) & mask
    at = 0
    if len(data) >= 16:
        lanes = [(seed + p1 + p2) & mask, (seed + p2) & mask, seed, (seed - p1) & mask]
        while at + 16 <= len(data):
            for lane in range(4):
                word, = struct.unpack_from("<I", data, at + 4 * lane)
                lanes[lane] = rotate((lanes[lane] + word * p2) & mask, 13) * p1 & mask
            at += 16
        value = sum(rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & mask
    else:
        value = (seed + p5) & mask
    value = (value + len(data)) & mask
    while at + 4 <= len(data):
        word, = struct.unpack_from("<I", data, at)
        value = rotate((value + word * p3) & mask, 17) * p4 & mask
        at += 4
    while at < len(data):
        value = rotate((value + data[at] * p5) & mask, 11) * p1 & mask
        at += 1
    value = (value ^ value >> 15) * p2 & mask
    value = (value ^ value >> 13) * p3 & mask
    return value ^ value >> 16


def lz4_frame(data, flags=0x60, descriptor=0x40, size=None, dictionary=None, header_off=0, stored=False, end=b"\0\0\0\0",
              checksum=None, block_checksum=None, block_size=None, magic=0x184D2204, pieces=1, old_checksum=False):
    """One lz4 frame; flags: 0x60 version 1 and independent blocks, 0x10 block checksums, 8 content size, 4 content
    checksum, 1 dictionary id."""
    head = bytes([flags, descriptor])
    if flags & 8:
        head += struct.pack("<Q", len(data) if size is None else size)
    if flags & 1:
        head += struct.pack("<I", dictionary or 0)
    covered = struct.pack("<I", magic) + head if old_checksum else head
    head += bytes([(xxh32(covered) >> 8) + header_off & 0xFF])
    blocks = b""
    step = max(1, -(-len(data) // pieces))
    for start in range(0, len(data), step):
        part = data[start:start + step]
        packed = part if stored else lz4.block.compress(part, store_size=False)
        word = len(packed) | (0x80000000 if stored else 0) if block_size is None else block_size
        blocks += struct.pack("<I", word) + packed
        if flags & 0x10:
            blocks += struct.pack("<I", (xxh32(packed) if block_checksum is None else block_checksum) & 0xFFFFFFFF)
    if flags & 4 and end:
        end += struct.pack("<I", xxh32(data) if checksum is None else checksum & 0xFFFFFFFF)
    return struct.pack("<I", magic) + head + blocks + end


def gzip_member(data, flags=0, extra=b"", method=8, magic=b"\x1f\x8b", crc_off=0, size_off=0, cut=0, level=6, name=b""):
    """One gzip member; flags: 1 text, 2 header checksum, 4 extra, 8 name, 16 comment, above reserved."""
    deflate = zlib.compressobj(level, zlib.DEFLATED, -15)
    head = magic + bytes([method, flags]) + b"\0\0\0\0\0\xff" + extra
    body = deflate.compress(data) + deflate.flush()
    whole = head + body + struct.pack("<II", (zlib.crc32(data) + crc_off) & 0xFFFFFFFF, (len(data) + size_off) & 0xFFFFFFFF)
    return whole[:len(whole) - cut]


def skippable(magic=0x184D2A50, data=b"skip me"):
    """A skippable frame, as lz4 and zstd have them."""
    return struct.pack("<II", magic, len(data)) + data
