"""The records that every client writes and expects to read: a function of their number, so that any client can check any other."""

import argparse
import sys

PARTITIONS = 3
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
_FILLER = ("Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 100).encode()


def partition(number):
    return number % PARTITIONS


def key(number):
    if number % 11 == 0 and number % 17 != 0:  # some clients refuse a record without key and value
        return None
    if number % 13 == 0:
        return b""
    return b"key-%d" % (number % 1000)


def value(number):
    """Null for a tombstone, empty, short, and now and then a long one; bytes that are not UTF-8 among them."""
    if number % 17 == 0:
        return None
    if number % 19 == 0:
        return b""
    size = 4000 if number % 997 == 0 else number * 31 % 150
    return b"%d\x00\xff\n\t" % number + _FILLER[number % 57:number % 57 + size]


def headers(number):
    """None to three headers, with a repeated name, an empty value, and a name beyond ASCII."""
    choice = number % 5
    if choice == 0:
        return []
    if choice == 1:
        return [("n", b"%d" % number)]
    if choice == 2:
        return [("same", b"1"), ("same", b"2")]
    if choice == 3:
        return [("empty", b""), ("größe", b"\x00\xfe")]
    return [("trace", b"%016x" % (number * 2654435761 % 2 ** 64))]


def timestamp(number, base):
    """Milliseconds, mostly rising, sometimes falling back: time indexes must not rely on order."""
    return base + number * 7 - (number % 10) * 13


class Mismatch(Exception):
    """A record did not come back as it went in."""


class Checker:
    """Takes the records of each partition in the order in which a client delivers them and compares each with its number's."""

    def __init__(self, count, base, with_headers=True, with_timestamps=True):
        self.count = count
        self.base = base
        self.next = {p: p for p in range(PARTITIONS)}
        self.next_offset = {p: 0 for p in range(PARTITIONS)}
        self.with_headers = with_headers
        self.with_timestamps = with_timestamps
        self.seen = 0

    def accept(self, at_partition, offset, got_key, got_value, got_headers, got_timestamp):
        number = self.next[at_partition]
        wanted = (self.next_offset[at_partition], key(number), value(number))
        got = (offset, got_key, got_value)
        if self.with_headers:
            wanted += (headers(number),)
            got += ([(name, content) for name, content in got_headers or []],)
        if self.with_timestamps:
            wanted += (timestamp(number, self.base),)
            got += (got_timestamp,)
        if number >= self.count:
            raise Mismatch(f"partition {at_partition}: one record more than were written: {got!r}")
        if wanted != got:
            raise Mismatch(f"partition {at_partition}, record {number}: wanted {wanted!r}, got {got!r}")
        self.next[at_partition] += PARTITIONS
        self.next_offset[at_partition] += 1
        self.seen += 1

    @property
    def done(self):
        return self.seen == self.count


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("mode", choices=["produce", "consume"])
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--codec", default="none", choices=CODECS)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--base", type=int, required=True, help="timestamp of record 0, in milliseconds")
    parser.add_argument("--deadline", type=float, default=90, help="seconds for all of it")
    return parser.parse_args()


def fail(message):
    print(f"FAILED: {message}", file=sys.stderr)
    sys.exit(1)
