"""Compressed records in framings that no library writes by default: (name, codec, payload) around three records, or
around whatever else is compressed."""

import struct
import zlib

import snappy
import zstandard
from odd_bytes import XERIAL, compress, gzip_member, lz4_frame, record, skippable, three

RECORDS = three()
LAST = record(2, value=b"three")
BIG = b"".join(record(delta, value=bytes([delta % 251]) * 3000) for delta in range(60))
TAILS = {
    "8 zeros": b"\0" * 8, "1 zero": b"\0", "text": b"trailing text", "4 zeros": b"\0" * 4, "18 zeros": b"\0" * 18,
    "ff": b"\xff", "16 ff": b"\xff" * 16, "32 zeros": b"\0" * 32,
}


def block(data):
    packed = snappy.compress(data)
    return struct.pack(">i", len(packed)) + packed


def payloads(records=RECORDS, last=LAST, big=BIG):
    """`records` in every framing, of which `last` are the last ones, and `big`, which is several hundred kilobytes."""
    yield from common(records, last)
    yield from lz4(records, big)
    yield from gzip(records, big)
    yield from snappies(records, big)
    yield from zstd(records, big)


def common(records, last):
    for codec in ("gzip", "snappy", "lz4", "zstd"):
        whole = compress(codec, records)
        yield "as usual", codec, whole
        yield "empty payload", codec, b""
        for name, tail in TAILS.items():
            yield f"{name} behind", codec, whole + tail
        for cut in (1, 2, 4, 5, 8, 9, 12, len(whole) // 2, len(whole) - 1, len(whole) - 4):
            if 0 < cut < len(whole):
                yield f"cut by {cut}", codec, whole[:len(whole) - cut]
        yield "twice", codec, whole + whole
        yield "in two parts", codec, compress(codec, records[:7]) + compress(codec, records[7:])
        yield "records and then nothing in a second part", codec, whole + compress(codec, b"")
        yield "nothing and then records", codec, compress(codec, b"") + whole
        yield "compressed nothing", codec, compress(codec, b"")
        yield "plain records", codec, records
        yield "zeros", codec, b"\0" * 40
        yield "text", codec, b"this is not compressed at all"
        for place in range(0, len(whole), max(1, len(whole) // 12)):
            yield f"byte {place} flipped", codec, whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1:]
        for other in ("gzip", "snappy", "lz4", "zstd"):
            if other != codec:
                yield f"in {other}", codec, compress(other, records)
        yield "with 3 bytes behind the records", codec, compress(codec, records + b"\0\0\0")
        yield "without the last byte of the records", codec, compress(codec, records[:-1])
        yield "without the last record", codec, compress(codec, records[:-len(last)])


def lz4(records, big):
    def frame(name, *parts, **options):
        return name, "lz4", b"".join(parts) + (lz4_frame(records, **options) if options or not parts else b"")
    yield frame("content checksum", flags=0x64)
    yield frame("content checksum wrong", flags=0x64, checksum=1)
    yield frame("content checksum missing", flags=0x64, end=b"\0\0\0\0", checksum=None)
    yield "content checksum cut off", "lz4", lz4_frame(records, flags=0x64)[:-4]
    yield "content checksum cut in two", "lz4", lz4_frame(records, flags=0x64)[:-2]
    yield frame("content size", flags=0x68)
    yield frame("content size wrong", flags=0x68, size=1)
    yield frame("content size 0", flags=0x68, size=0)
    yield frame("block checksum", flags=0x70)
    yield frame("block checksum wrong", flags=0x70, block_checksum=1)
    yield frame("both checksums", flags=0x74)
    yield frame("dependent blocks", flags=0x40)
    yield frame("dependent blocks, several", flags=0x40, pieces=3)
    yield frame("dictionary id", flags=0x61)
    yield frame("dictionary id 7", flags=0x61, dictionary=7)
    yield frame("reserved flag", flags=0x62)
    yield frame("version 0", flags=0x20)
    yield frame("version 2", flags=0xA0)
    yield frame("version 3", flags=0xE0)
    for descriptor in (0x00, 0x10, 0x20, 0x30, 0x50, 0x60, 0x70, 0x41, 0x48, 0xC0, 0x80):
        yield frame(f"block descriptor {descriptor:#x}", descriptor=descriptor)
    yield frame("header checksum wrong", header_off=1)
    yield frame("header checksum over the magic", old_checksum=True)
    yield frame("wrong magic", magic=0x184D2203)
    yield frame("legacy magic", magic=0x184C2102)
    yield frame("no end mark", end=b"")
    yield frame("half an end mark", end=b"\0\0")
    yield frame("stored block", stored=True)
    yield frame("several blocks", pieces=4)
    yield frame("several stored blocks", pieces=4, stored=True)
    yield frame("empty stored block in front", end=b"\0\0\0\x80" + b"\0\0\0\0")
    yield frame("block larger than the rest", block_size=5000)
    yield frame("block larger than the maximum", block_size=100_000)
    yield frame("block size negative when stored", block_size=0xFFFFFFFF)
    yield "skippable frame in front", "lz4", skippable() + lz4_frame(records)
    yield "skippable frame behind", "lz4", lz4_frame(records) + skippable()
    yield "only a skippable frame", "lz4", skippable()
    yield "frame of nothing without blocks", "lz4", lz4_frame(b"")
    yield "header only", "lz4", lz4_frame(b"", end=b"")
    yield "two frames in the middle of a record", "lz4", lz4_frame(records[:9]) + lz4_frame(records[9:])
    yield "64 KiB blocks that are larger", "lz4", lz4_frame(big, descriptor=0x40)
    yield "big in 4 MiB blocks", "lz4", lz4_frame(big, descriptor=0x70)
    yield "big in 256 KiB blocks", "lz4", lz4_frame(big, descriptor=0x50)
    yield "big in 64 KiB blocks", "lz4", lz4_frame(big, descriptor=0x40, pieces=4)
    yield "bad end of a block", "lz4", damaged_block(records)


def damaged_block(records):
    whole = bytearray(lz4_frame(records))
    whole[11] = 0xFF  # the token of the first sequence: more literals than there are
    return bytes(whole)


def gzip(records, big):
    def member(name, data=records, tail=b"", **options):
        return name, "gzip", gzip_member(data, **options) + tail
    header = b"\x1f\x8b\x08\x02\0\0\0\0\0\xff"
    yield member("text flag", flags=1)
    yield member("header checksum", flags=2, extra=struct.pack("<H", zlib.crc32(header) & 0xFFFF))
    yield member("header checksum wrong", flags=2, extra=b"\1\2")
    yield member("extra field", flags=4, extra=struct.pack("<H", 3) + b"abc")
    yield member("extra field of nothing", flags=4, extra=struct.pack("<H", 0))
    yield member("extra field too long", flags=4, extra=struct.pack("<H", 60000) + b"abc")
    yield member("name", flags=8, extra=b"name\0")
    yield member("long name", flags=8, extra=b"n" * 2000 + b"\0")
    yield member("comment", flags=16, extra=b"comment\0")
    yield member("name and comment", flags=24, extra=b"name\0comment\0")
    for flag in (32, 64, 128):
        yield member(f"reserved flag {flag}", flags=flag)
    yield member("method 7", method=7)
    yield member("method 0", method=0)
    yield member("wrong magic", magic=b"\x1f\x8c")
    yield member("checksum wrong", crc_off=1)
    yield member("size wrong", size_off=1)
    yield member("without its size", cut=4)
    yield member("without its trailer", cut=8)
    yield member("without half its trailer", cut=6)
    yield member("stored", level=0)
    yield "zlib stream", "gzip", zlib.compress(records)
    raw = zlib.compressobj(6, zlib.DEFLATED, -15)
    yield "raw deflate", "gzip", raw.compress(records) + raw.flush()
    yield member("member and half a header", tail=gzip_member(b"x")[:5])
    yield member("member and a header", tail=gzip_member(b"x")[:10])
    yield member("member and a header with a bad flag", tail=b"\x1f\x8b\x08\xe0\0\0\0\0\0\xff")
    yield member("member, zeros, member", data=records[:9], tail=b"\0" * 4 + gzip_member(records[9:]))
    yield member("member and a damaged one", tail=gzip_member(b"more", crc_off=1))
    yield member("three members", data=records[:5], tail=gzip_member(records[5:12]) + gzip_member(records[12:]))
    yield member("big", data=big)
    yield member("big in two members", data=big[:70000], tail=gzip_member(big[70000:]))
    yield member("big, 600 bytes of text behind", data=big, tail=b"t" * 600)
    yield member("600 bytes of text behind", tail=b"t" * 600)
    yield member("600 zeros behind", tail=b"\0" * 600)


def snappies(records, big):
    one = block(records)
    yield "raw block", "snappy", snappy.compress(records)
    yield "raw block and a zero", "snappy", snappy.compress(records) + b"\0"
    yield "raw block and text", "snappy", snappy.compress(records) + b"text"
    yield "raw block, cut", "snappy", snappy.compress(records)[:-2]
    yield "raw blocks, two", "snappy", snappy.compress(records[:9]) + snappy.compress(records[9:])
    yield "raw block of nothing", "snappy", snappy.compress(b"")
    yield "raw block, length 1 too large", "snappy", bytes([len(records) + 1]) + snappy.compress(records)[1:]
    yield "raw block, length too large", "snappy", b"\xff\xff\xff\xff\x0f" + snappy.compress(records)[1:]
    yield "raw block, long varint", "snappy", bytes([len(records) | 0x80, 0x80, 0]) + snappy.compress(records)[1:]
    yield "big raw block", "snappy", snappy.compress(big)
    magic = XERIAL[:8]
    for version, compatible in ((0, 0), (2, 1), (1, 2), (2, 2), (-1, -1), (1, 0), (0, 1), (127, 127), (1, -1)):
        head = magic + struct.pack(">ii", version, compatible)
        yield f"stream version {version}, compatible {compatible}", "snappy", head + one
    yield "stream magic alone", "snappy", magic
    yield "stream header alone", "snappy", XERIAL
    yield "stream header cut", "snappy", XERIAL[:12]
    yield "wrong magic", "snappy", b"\x82SNAPPX\0" + XERIAL[8:] + one
    yield "stream in two blocks", "snappy", XERIAL + block(records[:9]) + block(records[9:])
    yield "stream, empty block in front", "snappy", XERIAL + block(b"") + one
    yield "stream, empty block behind", "snappy", XERIAL + one + block(b"")
    yield "stream, block of length 0 in front", "snappy", XERIAL + b"\0\0\0\0" + one
    yield "stream, block of length 0 behind", "snappy", XERIAL + one + b"\0\0\0\0"
    yield "stream, length negative", "snappy", XERIAL + struct.pack(">i", -1) + one[4:]
    yield "stream, length min", "snappy", XERIAL + struct.pack(">i", -2**31) + one[4:]
    yield "stream, length too large", "snappy", XERIAL + struct.pack(">i", 10_000) + one[4:]
    yield "stream, length max", "snappy", XERIAL + struct.pack(">i", 2**31 - 1) + one[4:]
    yield "stream, length one less", "snappy", XERIAL + struct.pack(">i", len(one) - 5) + one[4:]
    yield "stream, half a length behind", "snappy", XERIAL + one + b"\0\0"
    yield "stream, 3 bytes of a length behind", "snappy", XERIAL + one + b"\0\0\1"
    yield "stream, header again in front", "snappy", XERIAL + XERIAL + one
    yield "stream, header again behind", "snappy", XERIAL + one + XERIAL
    yield "stream, header in the middle", "snappy", XERIAL + block(records[:9]) + XERIAL + block(records[9:])
    yield "stream, other header in the middle", "snappy", (
        XERIAL + block(records[:9]) + magic + struct.pack(">ii", 9, 9) + block(records[9:]))
    yield "stream, half a header behind", "snappy", XERIAL + one + XERIAL[:9]
    yield "big stream in one block", "snappy", XERIAL + block(big)
    yield "big stream in blocks", "snappy", XERIAL + b"".join(
        block(big[at:at + 32768]) for at in range(0, len(big), 32768))


def zstd(records, big):
    def frame(data=records, **options):
        return zstandard.ZstdCompressor(**options).compress(data)
    whole = frame()
    yield "content size", "zstd", whole
    yield "checksum", "zstd", frame(write_checksum=True)
    wrong = bytearray(frame(write_checksum=True))
    wrong[-1] ^= 1
    yield "checksum wrong", "zstd", bytes(wrong)
    yield "checksum cut off", "zstd", frame(write_checksum=True)[:-4]
    yield "no content size", "zstd", frame(write_content_size=False)
    yield "skippable frame in front", "zstd", skippable() + whole
    yield "skippable frame behind", "zstd", whole + skippable()
    yield "skippable frames between", "zstd", frame(records[:9]) + skippable(0x184D2A5F) + frame(records[9:])
    yield "only a skippable frame", "zstd", skippable()
    yield "skippable frame cut", "zstd", whole + skippable()[:-2]
    yield "two frames in the middle of a record", "zstd", frame(records[:9]) + frame(records[9:])
    yield "frame and half a header", "zstd", whole + whole[:4]
    yield "frame and two bytes of a magic", "zstd", whole + whole[:2]
    yield "frame and a damaged one", "zstd", whole + wrong
    yield "level 19", "zstd", frame(level=19)
    yield "level -5", "zstd", frame(level=-5)
    for log in (23, 26, 27, 28, 30, 31):
        descriptor = bytes([0]) + bytes([(log - 10) << 3])
        raw = b"\x28\xb5\x2f\xfd" + descriptor + struct.pack("<I", len(records) << 3 | 1)[:3] + records
        yield f"window 2^{log}", "zstd", raw
    yield "dictionary id", "zstd", b"\x28\xb5\x2f\xfd\x01\x38\x07" + struct.pack("<I", len(records) << 3 | 1)[:3] + records
    yield "reserved bit", "zstd", b"\x28\xb5\x2f\xfd\x08\x38" + struct.pack("<I", len(records) << 3 | 1)[:3] + records
    yield "reserved block type", "zstd", b"\x28\xb5\x2f\xfd\x00\x38" + struct.pack("<I", len(records) << 3 | 7)[:3] + records
    yield "no last block", "zstd", b"\x28\xb5\x2f\xfd\x00\x38" + struct.pack("<I", len(records) << 3)[:3] + records
    yield "size 1 too small", "zstd", b"\x28\xb5\x2f\xfd\x20" + bytes([len(records) - 1]) + (
        struct.pack("<I", len(records) << 3 | 1)[:3] + records)
    yield "size 1 too large", "zstd", b"\x28\xb5\x2f\xfd\x20" + bytes([len(records) + 1]) + (
        struct.pack("<I", len(records) << 3 | 1)[:3] + records)
    yield "magicless", "zstd", whole[4:]
    yield "old magic 0.7", "zstd", b"\x27" + whole[1:]
    yield "big", "zstd", frame(big)
    yield "big in two frames", "zstd", frame(big[:70000]) + frame(big[70000:])

