"""kcat: writes lines (it knows no timestamps and one set of headers a run), or reads the expected records byte for byte."""

import json
import subprocess
import time

import expected


def line_key(number):
    return b"k%d" % (number % 500)


def line_value(number):
    """Empty ones become null with -Z, as the tombstones they stand for."""
    return b"" if number % 17 == 0 else b"value %d " % number + b"x" * (number % 90)


def run_kcat(options, *words, **more):
    return subprocess.run(
        ["kcat", "-q", "-b", options.bootstrap, *words], timeout=options.deadline, check=True, **more)


def produce(options):
    """Writes lines to partition 0 of a topic that the broker creates by itself, and reads them back."""
    lines = b"".join(line_key(n) + b"\t" + line_value(n) + b"\n" for n in range(options.count))
    started = int(time.time() * 1000)
    codec = [] if options.codec == "none" else ["-z", options.codec]
    run_kcat(
        options, "-P", "-t", options.topic, "-p", "0", "-K", "\t", "-Z", "-H", "one=1", "-H", "two=zwei",
        "-X", "linger.ms=20", "-X", "enable.idempotence=true", *codec, input=lines)
    ended = int(time.time() * 1000)
    output = run_kcat(
        options, "-C", "-t", options.topic, "-p", "0", "-o", "beginning", "-e", "-J",
        stdout=subprocess.PIPE).stdout
    records = output.splitlines()
    if len(records) != options.count:
        expected.fail(f"{len(records)} of {options.count} records came back")
    for number, line in enumerate(records):
        record = json.loads(line)
        wanted = (number, line_key(number).decode(), line_value(number).decode() or None, ["one", "1", "two", "zwei"])
        got = (record["offset"], record["key"], record["payload"], record["headers"])
        if wanted != got or not started <= record["ts"] <= ended:
            expected.fail(f"record {number}: wanted {wanted!r} between {started} and {ended}, got {record!r}")


def consume(options):
    checker = expected.Checker(options.count, options.base, with_headers=False)
    for partition in range(expected.PARTITIONS):
        output = run_kcat(
            options, "-C", "-t", options.topic, "-p", str(partition), "-o", "beginning", "-e", "-f",
            "%o %T %K %S|%k%s\n", stdout=subprocess.PIPE).stdout
        position = 0
        while position < len(output):
            bar = output.index(b"|", position)
            offset, timestamp, key_size, value_size = map(int, output[position:bar].split())
            key, position = part(output, bar + 1, key_size)
            value, position = part(output, position, value_size)
            checker.accept(partition, offset, key, value, None, timestamp)
            position += 1
    if not checker.done:
        expected.fail(f"only {checker.seen} of {options.count} records")


def part(output, start, size):
    """kcat gives -1 as the size of a null."""
    if size < 0:
        return None, start
    return output[start:start + size], start + size


if __name__ == "__main__":
    chosen = expected.arguments(__doc__)
    produce(chosen) if chosen.mode == "produce" else consume(chosen)
