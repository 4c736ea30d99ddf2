"""The corpus behind fixtures/produce: what a producer can send for one partition, field by field at and beyond its
bounds. `cases()` gives dictionaries: name, topic (see TOPICS), version, transactional id, records."""

import struct

from odd_bytes import (
    CODECS, TIME, batch, compress, long_varint, lz4_frame, message, record, three)
from odd_payloads import BIG, RECORDS, payloads

# What each topic of the corpus is configured with.
TOPICS = {
    "create": {},
    "append": {"message.timestamp.type": "LogAppendTime"},
    "compact": {"cleanup.policy": "compact"},
    "lz4": {"compression.type": "lz4"},
    "plain": {"compression.type": "uncompressed"},
    "small": {"max.message.bytes": "1000"},
    "recent": {"message.timestamp.before.max.ms": "86400000"},
}
BYTE, SHORT, INT, LONG = 2**7, 2**15, 2**31, 2**63
LATEST = 11
# Every codec's path through the broker: as it is, compressed, and made anew for the topic.
PATHS = [("none", "create"), ("lz4", "create"), ("gzip", "create"), ("none", "lz4"), ("gzip", "lz4"), ("lz4", "plain")]


def bounds(size):
    return -size, -2, -1, 0, 1, 2, size - 1


def case(group, name, records, topic="create", version=LATEST, transactional=None):
    return {"name": f"{group}: {name}", "topic": topic, "version": version, "transactional": transactional,
            "records": records}


def cases():
    yield from headers()
    yield from headers_together()
    yield from attributes()
    yield from transactional()
    yield from times()
    for codec, topic in PATHS:
        yield from record_fields(codec, topic)
    for path in ("create", "lz4", "plain"):
        for name, codec, payload in payloads():
            count = 60 if name.startswith(("big", "64 KiB")) else 3
            yield case(f"payload into {path}", f"{codec}, {name}", batch(payload, CODECS[codec], count), path)
    yield from envelopes()


def headers():
    """One header field at a time, the checksum made right; for one record and for three."""
    for count, records in ((1, record()), (3, RECORDS)):
        size = len(batch(records, count=count)) - 12
        fields = {
            "base": bounds(LONG), "epoch": bounds(INT), "magic": (-BYTE, -1, 0, 1, 3, 4, BYTE - 1),
            "length": (-INT, -1, 0, 1, 48, 49, 50, size - 2, size - 1, size + 1, size + 2, INT - 1),
            "crc_off": (-1, 1), "last": bounds(INT) + (count, count - 2), "base_time": bounds(LONG),
            "max_time": bounds(LONG) + (TIME - 1, TIME + 1), "producer": bounds(LONG), "producer_epoch": bounds(SHORT),
            "sequence": bounds(INT), "crc": (0,),
        }
        for field, values in fields.items():
            for value in dict.fromkeys(values):
                yield case(f"header of {count}", f"{field} {value}", batch(records, count=count, **{field: value}))
        for value in dict.fromkeys(bounds(INT) + (count + 1, count - 1)):
            yield case(f"header of {count}", f"count {value}",
                       batch(records, count=value, last=count - 1))
    yield case("header of 3", "count 3, last too, of records compressed", batch(compress("gzip", RECORDS), 1, 3))


def headers_together():
    """Fields that belong together, each with each."""
    for producer in (-2, -1, 0, 7):
        for epoch in (-2, -1, 0, 5):
            for sequence in (-2, -1, 0, 3, INT - 1):
                yield case("producer", f"{producer}, epoch {epoch}, sequence {sequence}",
                           batch(producer=producer, producer_epoch=epoch, sequence=sequence))
    for codec in ("none", "gzip"):
        for count in (-1, 0, 1, 2):
            for last in (-1, 0, 1, 2):
                records = compress(codec, b"".join(record(delta) for delta in range(max(0, count))))
                yield case("count", f"{count}, last {last}, {codec}",
                           batch(records, CODECS[codec], count, last=last))
    for codec in CODECS:
        yield case("count", f"0, no bytes at all, {codec}", batch(b"", CODECS[codec], 0))
        yield case("count", f"1, no bytes at all, {codec}", batch(b"", CODECS[codec], 1))


def attributes():
    """Every bit that a batch may carry, by itself, with a producer, and on topics of each kind."""
    for bit in range(16):
        for topic in ("create", "append", "lz4"):
            yield case("attributes", f"bit {bit} into {topic}", batch(attributes=1 << bit), topic)
    for value in range(8):
        yield case("attributes", f"codec {value} of plain records", batch(RECORDS, count=3, attributes=value))
    for bit in range(3, 16):
        packed = compress("gzip", RECORDS)
        yield case("attributes", f"gzip and bit {bit}", batch(packed, 1, 3, attributes=1 | 1 << bit))
    for topic in ("create", "append", "lz4", "compact"):
        for bit in (3, 4, 5, 6):
            yield case("attributes", f"bit {bit} with a producer and a key into {topic}",
                       batch(record(key=b"k"), attributes=1 << bit, producer=40 + bit, producer_epoch=0, sequence=0),
                       topic)
    for time in (-1, 0, TIME, LONG - 1, -LONG):
        for topic in ("create", "append"):
            yield case("attributes", f"LogAppendTime of {time} into {topic}", batch(attributes=8, max_time=time), topic)
    yield case("attributes", "all bits but the codec's", batch(attributes=0xFFF8))
    marker = record(key=struct.pack(">hh", 0, 1), value=struct.pack(">hi", 0, 0))
    for bits in (0x20, 0x30):
        yield case("attributes", f"a transaction marker, {bits:#x}",
                   batch(marker, attributes=bits, producer=60, producer_epoch=0, sequence=-1))


def transactional():
    """The transactional bit × the request's transactional id × who the producer says that it is."""
    for version in (3, 8, 11, 12):
        for transactional_id in (None, "", "tx"):
            for bits in (0, 0x10):
                for producer, epoch, sequence in ((-1, -1, -1), (77, 0, 0), (77, -1, 0), (77, 0, -1)):
                    yield case("transactional",
                               f"v{version} id {transactional_id!r} bits {bits:#x} producer {producer} {epoch} {sequence}",
                               batch(attributes=bits, producer=producer, producer_epoch=epoch, sequence=sequence),
                               version=version, transactional=transactional_id)


def times():
    """Times of records at the bounds, given by the batch's base, by the record's own difference, or by both."""
    for topic in ("create", "append", "recent", "lz4"):
        for base in (-LONG, -2, -1, 0, TIME, LONG - 1):
            for difference in (-LONG, -1, 0, 1, LONG - 1):
                time = wrapped(base + difference)
                yield case(f"times into {topic}", f"{base} {difference:+}",
                           batch(record(time=difference), base_time=base, max_time=time), topic)
    for codec in ("none", "gzip"):
        for name, differences in {"rising": (0, 5, 10), "falling": (10, 5, 0), "one far": (0, LONG - 1 - TIME, 1),
                                  "none": (-1 - TIME,) * 3, "one without": (0, -1 - TIME, 1)}.items():
            records = b"".join(record(delta, time=time) for delta, time in enumerate(differences))
            for max_time in (TIME, TIME + 10, -1):
                yield case("times", f"{name}, maximum {max_time}, {codec}",
                           batch(compress(codec, records), CODECS[codec], 3, max_time=max_time))


def wrapped(value):
    return (value + LONG) % (2 * LONG) - LONG


def record_fields(codec, topic):
    """One field of the middle one of three records at a time."""
    def made(name, **changes):
        count = changes.pop("count", 3)
        return case(f"record, {codec} into {topic}", name,
                    batch(compress(codec, three(**changes)), CODECS[codec], count), topic)
    for value in (1, 2, 0x80, 0xFF):
        yield made(f"attributes {value}", attributes=value)
    for value in bounds(INT) + (3,):
        yield made(f"offset delta {value}", delta=value)
    for value in (-INT, -3, -2, -1, 0, 1, 2, 4, 100, INT - 1):
        yield made(f"key length {value}", key=b"key", key_length=value)
        yield made(f"value length {value}", value_length=value)
        yield made(f"header count {value}", headers=[(b"n", b"v")], header_count=value)
        yield made(f"header name length {value}", headers=[(b"name", b"v", value, None)])
        yield made(f"header value length {value}", headers=[(b"n", b"value", None, value)])
        yield made(f"length off by {value}", length_off=value)
    for value in (-INT, -1, 0, 1, 5, 6, 1000, INT - 1):
        yield made(f"length {value}", length=value)
    for size in (2, 4, 5, 6, 10, 11):
        for field, value in {"time": 0, "delta": 1, "key_length": -1, "value_length": 3, "header_count": 0}.items():
            yield made(f"{field} in {size} bytes", **{field: long_varint(value, size)})
        yield made(f"length in {size} bytes", length=long_varint(9, size))
    yield made("wide varint that overflows 32 bits", key_length=b"\xff\xff\xff\xff\x7f")
    yield made("wide delta that overflows 32 bits", delta=b"\x82\x80\x80\x80\x70")
    yield made("time that overflows 64 bits", time=b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")
    yield made("a byte behind the headers", tail=b"\0")
    yield made("null header name", headers=[(None, b"v")])
    yield made("header name that is not UTF-8", headers=[(b"\xff\xfe\xc0", b"v")])
    yield made("empty header name and value", headers=[(b"", b"")])
    yield made("null header value", headers=[(b"n", None)])
    yield made("null value", value=None)
    yield made("count 2", count=2)
    yield made("count 4", count=4)


def envelopes():
    """What stands around a batch: nothing, parts of one, several, old formats, sizes, versions."""
    whole = batch()
    yield case("envelope", "null records", None)
    for size in (0, 1, 8, 11, 12, 16, 17, 20, 21, 60, 61, len(whole) - 1):
        yield case("envelope", f"{size} bytes of a batch", whole[:size])
    yield case("envelope", "two batches", whole + whole)
    for name, tail in {"a byte": b"\0", "11 bytes": b"\0" * 11, "17 zeros": b"\0" * 17, "half a batch": whole[:40]}.items():
        yield case("envelope", f"a batch and {name}", whole + tail)
    yield case("envelope", "zeros", b"\0" * 80)
    for version in range(3, 13):
        for codec in CODECS:
            yield case("envelope", f"v{version} with {codec}",
                       batch(compress(codec, RECORDS), CODECS[codec], 3), version=version)
        for damage in ({"crc_off": 1}, {"base": 1}, {"count": 2, "last": 0}):
            if version in (3, 6, 7, 12):
                yield case("envelope", f"v{version} with zstd and {damage}",
                           batch(compress("zstd", RECORDS), 4, **{"count": 3, **damage}), version=version)
        yield case("envelope", f"v{version} with records that zstd cannot read", batch(RECORDS, 4, 3), version=version)
        for magic in (0, 1):
            yield case("envelope", f"v{version} with a message of magic {magic}", message(magic), version=version)
    for name, changes in {"": {}, " and a wrong checksum": {"crc_off": 1}, " and base offset 1": {"base": 1},
                          " and count 5": {"count": 5}, " and the control bit": {"attributes": 0x20},
                          " and codec 7": {"attributes": 7}}.items():
        yield case("envelope", f"too large{name}", batch(record(value=b"v" * 2000), **changes), "small")
        yield case("envelope", f"without a key{name}", batch(**changes), "compact")
    yield case("envelope", "small when compressed", batch(compress("gzip", BIG), 1, 60), "small")
    yield case("envelope", "large when decompressed", batch(lz4_frame(BIG), 3, 60), "plain")
    keys = b"".join(record(delta, key=b"k" if delta % 2 else None) for delta in range(5))
    for codec in ("none", "gzip"):
        yield case("envelope", f"keys for some, {codec}", batch(compress(codec, keys), CODECS[codec], 5), "compact")
    late = b"".join(record(delta, key=b"k" if delta % 2 else None, time=-TIME * (delta > 2)) for delta in range(5))
    yield case("envelope", "keys and times of some", batch(late, count=5), "compact")
    old = b"".join(record(delta, time=-delta * 10**8) for delta in range(5))
    for codec in ("none", "gzip"):
        yield case("envelope", f"old times, {codec}", batch(compress(codec, old), CODECS[codec], 5), "recent")
