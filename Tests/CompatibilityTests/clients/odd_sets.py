"""The corpus behind fixtures/produce/sets.jsonl.gz: message sets of the formats before 0.11 that a producer can send for
one partition, field by field at and beyond its bounds, around every codec, and damaged by seeds. `sets()` gives
dictionaries: name, topic (see TOPICS in odd_batches.py), version, records."""

import random
import struct
import zlib

from odd_batches import BYTE, INT, LONG, TOPICS, bounds
from odd_bytes import CODECS, TIME, batch, compress, lz4_frame, message
from odd_payloads import payloads

# When Kafka is asked, as far as it knows: times of records are judged by it.
NOW = 1_796_000_000_000
OLD_CODECS = ("none", "gzip", "snappy", "lz4")
RANDOM_SETS = 1200
VALUES = (b"one", b"two", b"three")


def case(group, name, records, topic="create", magic=1, version=None):
    version = (1 if magic == 0 else 2) if version is None else version
    return {"name": f"{group}: {name}", "topic": topic, "version": version, "records": records}


def packed(magic, codec, data):
    """As clients of that format compress."""
    if codec == "lz4" and magic == 0:
        return lz4_frame(data, old_checksum=True)
    return compress(codec, data)


def plain(magic, count=3, start=0, step=1, **changes):
    """Messages one behind the other, all of them with `changes`."""
    return b"".join(message(magic, **{"offset": start + number * step, "value": VALUES[number % 3], **changes})
                    for number in range(count))


def wrapper(magic, codec, inner, count=3, **changes):
    """One message with the set `inner` in it; its offset is that of the last one, relative to the first."""
    number = CODECS[codec] if isinstance(codec, str) else codec
    value = packed(magic, codec, inner) if isinstance(codec, str) else inner
    return message(magic, **{"attributes": number, "offset": max(0, count - 1), "value": value, **changes})


def three(magic, codec="none", middle=None, **changes):
    """Three messages, of which the middle one has `changes` or is `middle`; in a wrapper if there is a codec."""
    changed = message(magic, **{"offset": 1, "value": b"two", **changes}) if middle is None else middle
    inner = message(magic, value=b"one") + changed + message(magic, offset=2, value=b"three")
    return inner if codec == "none" else wrapper(magic, codec, inner)


def sets():
    for magic in (0, 1):
        yield from usual(magic)
        yield from fields(magic)
        yield from attributes(magic)
        yield from times(magic)
        yield from wrappers(magic)
        yield from offsets(magic)
        yield from nested(magic)
        yield from framings(magic)
        yield from envelopes(magic)
        yield from demands(magic)
    yield from mixed()
    yield from new_batches()
    yield from damaged()


def usual(magic):
    """What clients send, to every kind of topic."""
    for codec in OLD_CODECS:
        for topic in TOPICS:
            for count in (1, 3, 40):
                for key in (None, b"k"):
                    inner = plain(magic, count, key=key, time=NOW - 1000)
                    whole = inner if codec == "none" else wrapper(magic, codec, inner, count, time=NOW - 1000)
                    yield case("usual", f"{count} of magic {magic}, {codec}, key {key} into {topic}", whole, topic, magic)
        for name, changes in {"null value": {"value": None}, "empty value": {"value": b""},
                              "empty key": {"key": b""}, "null both": {"key": None, "value": None},
                              "both": {"key": b"key", "value": b"v" * 300}}.items():
            yield case("usual", f"{name}, magic {magic}, {codec}", three(magic, codec, **changes), magic=magic)
        for version in (0, 1, 2):
            yield case("usual", f"v{version} with magic {magic}, {codec}", three(magic, codec), magic=magic, version=version)


def fields(magic):
    """One field of the middle one of three messages at a time, alone and inside every codec."""
    size = len(message(magic)) - 12
    for codec in OLD_CODECS:
        def made(name, codec=codec, **changes):
            return case(f"field, magic {magic}, {codec}", name, three(magic, codec, **changes), magic=magic)
        for value in dict.fromkeys((-INT, -1, 0, 1, 13, 14, 15, 21, 22, 23, size - 1, size + 1, 500, 100_000, INT - 1)):
            yield made(f"length {value}", length=value)
        for value in (-1, 1):
            yield made(f"checksum off by {value}", crc_off=value)
        for value in (-INT, -3, -2, -1, 0, 1, 2, 3, 4, 5, 100, INT - 20, INT - 1):
            yield made(f"key length {value}", key=b"key", key_length=value)
            yield made(f"value length {value}", value=b"value", value_length=value)
        for tail in (b"\0", b"tail", b"\0" * 40):
            yield made(f"{len(tail)} bytes behind the value", tail=tail)
        for value in bounds(LONG) + (5,):
            yield made(f"offset {value}", offset=value)
        for number in (-BYTE, -1, 0, 1, 2, 3, BYTE - 1):
            yield case(f"field, magic {magic}, {codec}", f"format {number}",
                       three(magic, codec, middle=as_format(number, magic)), magic=magic)
    for size in range(4, 23):
        # Too short for its own fields, with the checksum right.
        yield case(f"field, magic {magic}", f"only {size} bytes", three(magic, middle=short(magic, size)), magic=magic)
        yield case(f"field, magic {magic}, gzip", f"only {size} bytes", three(magic, "gzip", middle=short(magic, size)),
                   magic=magic)


def checked(offset, body):
    """A message of the bytes behind its checksum."""
    return struct.pack(">qiI", offset, len(body) + 4, zlib.crc32(body)) + body


def as_format(number, magic):
    """A message of `magic` that says that it is of another format."""
    body = bytearray(message(magic, offset=1, value=b"two")[16:])
    body[0] = number & 0xFF
    return checked(1, bytes(body))


def short(magic, size):
    return checked(1, message(magic, value=b"two")[16:16 + max(0, size - 4)])


def attributes(magic):
    """Every bit and every codec, of plain messages, of wrappers and within them."""
    for bit in range(8):
        for topic in ("create", "append", "lz4", "compact"):
            yield case("attributes", f"bit {bit} of magic {magic} into {topic}",
                       three(magic, key=b"k", attributes=1 << bit), topic, magic)
            for codec in ("gzip", "lz4"):
                inner = plain(magic, key=b"k")
                yield case("attributes", f"bit {bit} of a wrapper, magic {magic}, {codec} into {topic}",
                           wrapper(magic, codec, inner, attributes=CODECS[codec] | 1 << bit), topic, magic)
                yield case("attributes", f"bit {bit} within a wrapper, magic {magic}, {codec} into {topic}",
                           three(magic, codec, key=b"k", attributes=1 << bit), topic, magic)
    for number in range(8):
        for codec in ("none", "zstd", "gzip"):
            yield case("attributes", f"codec {number} around {codec}, magic {magic}",
                       wrapper(magic, "gzip", b"", attributes=number, value=compress(codec, plain(magic))), magic=magic)
        yield case("attributes", f"codec {number} of a text, magic {magic}", message(magic, attributes=number), magic=magic)
        yield case("attributes", f"codec {number} of null, magic {magic}",
                   message(magic, attributes=number, value=None), magic=magic)
        yield case("attributes", f"codec {number} of nothing, magic {magic}",
                   message(magic, attributes=number, value=b""), magic=magic)


def times(magic):
    every = (-LONG, -TIME, -2, -1, 0, 1, TIME, NOW - 86_400_001, NOW - 86_400_000, NOW, NOW + 3_600_000,
             NOW + 3_600_001, LONG - 1)
    for topic in ("create", "append", "recent", "lz4"):
        for codec in ("none", "gzip"):
            for time in every:
                yield case(f"times into {topic}", f"{time}, magic {magic}, {codec}",
                           three(magic, codec, time=time), topic, magic)
                if codec == "none":
                    continue
                for bits in (0, 8):
                    inner = plain(magic)
                    yield case(f"times into {topic}", f"wrapper of {time}, bits {bits}, magic {magic}",
                               wrapper(magic, codec, inner, time=time, attributes=CODECS[codec] | bits), topic, magic)
                    inner = message(magic, time=time) + message(magic, offset=1, time=-1) + message(magic, offset=2)
                    yield case(f"times into {topic}", f"{time} and none within, bits {bits}, magic {magic}",
                               wrapper(magic, codec, inner, time=NOW, attributes=CODECS[codec] | bits), topic, magic)
            for bits in (8,):
                yield case(f"times into {topic}", f"the broker's within, magic {magic}, {codec}",
                           three(magic, codec, attributes=bits), topic, magic)
    for name, those in {"rising": (0, 5, 10), "falling": (10, 5, 0), "none": (-1 - TIME,) * 3,
                        "one without": (0, -1 - TIME, 1)}.items():
        inner = b"".join(message(magic, offset=at, time=TIME + those[at]) for at in range(3))
        for codec in OLD_CODECS:
            whole = inner if codec == "none" else wrapper(magic, codec, inner, time=TIME)
            yield case("times", f"{name}, magic {magic}, {codec}", whole, magic=magic)


def wrappers(magic):
    """Wrappers around nothing, parts of messages and more than messages."""
    whole = plain(magic)
    contents = {"nothing": b"", "1 byte": b"\0", "11 bytes": whole[:11], "12 bytes": whole[:12], "17 bytes": whole[:17],
                "one message less a byte": message(magic)[:-1], "three less a byte": whole[:-1],
                "three less twenty": whole[:-20], "three and a byte": whole + b"\0", "three and 11 zeros": whole + b"\0" * 11,
                "three and 12 zeros": whole + b"\0" * 12, "three and 40 zeros": whole + b"\0" * 40,
                "three and half a message": whole + message(magic)[:20], "three and text": whole + b"trailing text",
                "zeros": b"\0" * 60, "text": b"this is no message set, but it is long enough to be one",
                "a batch of format v2": batch(), "two hundred": plain(magic, 200), "as many as 3000": plain(magic, 3000)}
    for codec in OLD_CODECS[1:]:
        for name, inner in contents.items():
            yield case(f"wrapper, magic {magic}, {codec}", f"around {name}", wrapper(magic, codec, inner), magic=magic)
        for value in (b"", b"key"):
            yield case(f"wrapper, magic {magic}, {codec}", f"key {value}", wrapper(magic, codec, whole, key=value), magic=magic)
            yield case(f"wrapper, magic {magic}, {codec}", f"key {value} into compact",
                       wrapper(magic, codec, whole, key=value), "compact", magic)
        for changes in ({"crc_off": 1}, {"value": None}, {"value": b""}, {"value_length": 5}, {"value_length": -1},
                        {"value_length": INT - 1}, {"value_length": 100_000}, {"key_length": 3}, {"key_length": INT - 1},
                        {"tail": b"tail"}, {"length": 14}, {"length": 0}):
            yield case(f"wrapper, magic {magic}, {codec}", f"with {changes}", wrapper(magic, codec, whole, **changes),
                       magic=magic)


def offsets(magic):
    """Relative and absolute ones, in and out of order, under every offset of the wrapper."""
    orders = {"relative": (0, 1, 2), "absolute": (100, 101, 102), "gaps": (0, 5, 9), "reversed": (2, 1, 0), "equal": (7, 7, 7),
              "zeros": (0, 0, 0), "negative": (-3, -2, -1), "huge": (LONG - 3, LONG - 2, LONG - 1), "min": (-LONG, 0, 1),
              "last less": (0, 1, -1)}
    for name, order in orders.items():
        inner = b"".join(message(magic, offset=offset, value=VALUES[at]) for at, offset in enumerate(order))
        yield case("offsets", f"{name}, magic {magic}, none", inner, magic=magic)
        for codec in ("gzip", "lz4"):
            for outer in dict.fromkeys((-LONG, -1, 0, 1, 2, 3, order[2], 1000, LONG - 1)):
                yield case("offsets", f"{name} under {outer}, magic {magic}, {codec}",
                           wrapper(magic, codec, inner, offset=outer), magic=magic)


def nested(magic):
    """Wrappers in wrappers."""
    for outer in OLD_CODECS[1:]:
        for codec in OLD_CODECS[1:]:
            within = wrapper(magic, codec, plain(magic))
            for name, inner in {"alone": within, "in front": within + message(magic, offset=3),
                                "behind": plain(magic) + within, "of nothing": wrapper(magic, codec, b"")}.items():
                yield case("nested", f"{codec} in {outer} {name}, magic {magic}", wrapper(magic, outer, inner), magic=magic)
    deep = plain(magic)
    for _ in range(30):
        deep = wrapper(magic, "gzip", deep)
    yield case("nested", f"30 deep, magic {magic}", deep, magic=magic)
    for number in (4, 5, 6, 7):
        yield case("nested", f"codec {number} within, magic {magic}", three(magic, "gzip", attributes=number), magic=magic)


def framings(magic):
    """Compressed sets in framings that no library writes by default."""
    whole = plain(magic)
    big = b"".join(message(magic, offset=number, value=bytes([number % 251]) * 3000) for number in range(60))
    for name, codec, payload in payloads(whole, message(magic, offset=2, value=b"three"), big):
        if codec == "zstd" and name != "as usual":
            continue
        count = 60 if name.startswith(("big", "64 KiB")) else 3
        for topic in ("create", "lz4", "plain"):
            yield case(f"framing, magic {magic} into {topic}", f"{codec}, {name}",
                       wrapper(magic, codec, b"", count, value=payload), topic, magic)


def envelopes(magic):
    """What stands behind and in front: parts of messages, several wrappers, zeros."""
    one, two = message(magic), plain(magic, 2)
    yield case("envelope", f"nothing at all, magic {magic}", b"", magic=magic)
    for size in list(range(1, 40)) + [len(two) - 1]:
        yield case("envelope", f"{size} bytes of two messages, magic {magic}", two[:size], magic=magic)
        yield case("envelope", f"a message and {size} bytes of one, magic {magic}", one + two[:size], magic=magic)
    for codec in OLD_CODECS[1:]:
        packed_one = wrapper(magic, codec, plain(magic))
        for cut in (1, 5, len(packed_one) // 2, len(packed_one) - 17, len(packed_one) - 12):
            yield case("envelope", f"{codec} wrapper less {cut}, magic {magic}", packed_one[:-cut], magic=magic)
            yield case("envelope", f"{codec} wrapper and one less {cut}, magic {magic}", packed_one + packed_one[:-cut],
                       magic=magic)
        for topic in ("create", "lz4"):
            yield case("envelope", f"two {codec} wrappers, magic {magic} into {topic}", packed_one * 2, topic, magic)
            yield case("envelope", f"{codec} wrapper and a message, magic {magic} into {topic}", packed_one + one, topic, magic)
            yield case("envelope", f"a message and {codec} wrapper, magic {magic} into {topic}", one + packed_one, topic, magic)
            yield case("envelope", f"{codec} wrapper and a damaged message, magic {magic} into {topic}",
                       packed_one + message(magic, crc_off=1), topic, magic)
    for name, tail in {"a zero": b"\0", "11 zeros": b"\0" * 11, "12 zeros": b"\0" * 12, "17 zeros": b"\0" * 17,
                       "text": b"text behind the messages", "ff": b"\xff" * 30}.items():
        for codec in ("none", "gzip"):
            yield case("envelope", f"{name} behind, magic {magic}, {codec}", three(magic, codec) + tail, magic=magic)
        yield case("envelope", f"{name} in front, magic {magic}", tail + three(magic), magic=magic)


def demands(magic):
    """What topics demand: sizes, keys, times, and two demands at once."""
    for size in (900, 965, 966, 973, 974, 975, 1000, 1001, 1100):
        yield case("demand", f"a message of {size} bytes, magic {magic}",
                   message(magic, value=b"v" * (size - len(message(magic, value=b"")))), "small", magic)
    for size in (300, 450, 460, 470, 480, 490, 500):
        yield case("demand", f"two messages of {size} bytes, magic {magic}",
                   message(magic, value=b"v" * (size - len(message(magic, value=b"")))) * 2, "small", magic)
    for count in (20, 26, 27, 28, 29, 30, 60, 90, 120):
        yield case("demand", f"{count} small ones, magic {magic}", plain(magic, count), "small", magic)
    noise = bytes(random.Random(1).randbytes(1400))
    for codec in OLD_CODECS[1:]:
        yield case("demand", f"much that {codec} makes small, magic {magic}",
                   wrapper(magic, codec, message(magic, value=b"v" * 5000), 1), "small", magic)
        yield case("demand", f"much that {codec} does not make small, magic {magic}",
                   wrapper(magic, codec, message(magic, value=noise), 1), "small", magic)
        yield case("demand", f"much that is small until it is stored plain, {codec}, magic {magic}",
                   wrapper(magic, codec, message(magic, value=b"v" * 2_000_000), 1), "plain", magic)
    for codec in OLD_CODECS:
        for topic in ("compact", "recent"):
            for name, changes in {"without a key": {"key": None}, "of 1970": {"key": b"k", "time": 5},
                                  "without a key of 1970": {"key": None, "time": 5}, "without a time": {"key": b"k", "time": -1},
                                  "damaged": {"crc_off": 1}, "with the broker's time": {"key": b"k", "attributes": 8}}.items():
                made = message(magic, **{"offset": 1, **changes})
                inner = message(magic, key=b"a", time=NOW) + made + message(magic, key=b"c", time=NOW, offset=2)
                whole = inner if codec == "none" else wrapper(magic, codec, inner, time=NOW)
                yield case("demand", f"one {name}, magic {magic}, {codec} into {topic}", whole, topic, magic)
                last = message(magic, key=None, time=5, offset=2)
                inner = message(magic, key=b"a", time=NOW) + made + last
                whole = inner if codec == "none" else wrapper(magic, codec, inner, time=NOW)
                yield case("demand", f"one {name} and one of 1970 without a key, magic {magic}, {codec} into {topic}",
                           whole, topic, magic)


def mixed():
    """Several formats in one set, beside each other and within each other."""
    kinds = {"0": message(0), "1": message(1), "2": batch(), "0 in gzip": wrapper(0, "gzip", plain(0)),
             "1 in gzip": wrapper(1, "gzip", plain(1)), "0 damaged": message(0, crc_off=1)}
    for first, front in kinds.items():
        for second, back in kinds.items():
            for topic in ("create", "lz4"):
                yield case("mixed", f"{first} and {second} into {topic}", front + back, topic)
    for outer in (0, 1):
        for codec in OLD_CODECS[1:]:
            inner = message(1 - outer)
            for name, content in {"alone": inner, "in front": inner + message(outer, offset=1),
                                  "behind": message(outer) + inner, "in front of a damaged one": inner + message(outer, crc_off=1),
                                  "damaged": message(1 - outer, crc_off=1)}.items():
                yield case("mixed", f"{1 - outer} in {codec} of {outer} {name}", wrapper(outer, codec, content))


def new_batches():
    """Batches of format v2 in versions that are older than it."""
    for version in (0, 1, 2):
        for codec in CODECS:
            packed_records = compress(codec, b"\x0e\0\0\0\1\2v\0")
            yield case("new", f"v{version} with {codec}", batch(packed_records, CODECS[codec], 1), version=version)
        for name, changes in {"base offset 1": {"base": 1}, "a wrong checksum": {"crc_off": 1}, "a producer": {
                "producer": 7, "producer_epoch": 0, "sequence": 0}, "the control bit": {"attributes": 0x20},
                "a wrong count": {"count": 2, "last": 0}}.items():
            yield case("new", f"v{version} with {name}", batch(**changes), version=version)
        yield case("new", f"v{version}, two", batch() * 2, version=version)
        yield case("new", f"v{version}, one and a half", batch() + batch()[:40], version=version)


def damaged():
    """Sets of any kind with one or two damages, the checksums made right more often than not."""
    for seed in range(RANDOM_SETS):
        dice = random.Random(seed)
        magic, codec = dice.randrange(2), dice.choice(OLD_CODECS)
        inner = b"".join(message(magic, offset=at, key=dice.choice((None, b"k", b"")), value=dice.choice((None, b"", b"value")),
                                 time=dice.choice((-1, TIME, NOW))) for at in range(dice.randint(1, 6)))
        if dice.random() < 0.7:
            inner = hurt(dice, inner)
        whole = inner if codec == "none" else wrapper(magic, codec, inner, inner.count(b"\0") and 3)
        if codec != "none" and dice.random() < 0.5:
            whole = hurt(dice, whole)
        yield case("damaged", f"seed {seed}, magic {magic}, {codec}", whole, dice.choice(("create", "compact", "lz4", "recent")),
                   magic)


def hurt(dice, data):
    """`data` with up to two bytes changed, something cut off, doubled or put in."""
    data = bytearray(data)
    for _ in range(dice.randint(1, 2)):
        at = dice.randrange(len(data))
        kind = dice.randrange(8)
        if kind < 3:
            data[at] = dice.choice((0, 1, 2, 0x7F, 0x80, 0xFF))
        elif kind < 5:
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 5:
            del data[max(1, at):]
        elif kind == 6:
            data[at:at] = data[:at]
        else:
            data[at:at] = bytes(dice.randrange(1, 20))
    return repaired(bytes(data)) if dice.random() < 0.8 else bytes(data)


def repaired(data):
    """The messages of `data` with their checksums made right, as far as they can be walked."""
    result, at = bytearray(data), 0
    while len(result) - at >= 17:
        size, = struct.unpack_from(">i", result, at + 8)
        if size < 14 or at + 12 + size > len(result):
            break
        struct.pack_into(">I", result, at + 12, zlib.crc32(bytes(result[at + 16:at + 12 + size])))
        at += 12 + size
    return bytes(result)
