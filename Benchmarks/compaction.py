#!/usr/bin/env python3
"""Compacts a large topic: in how many passes, how fast and in how much memory, and what producing loses meanwhile.

Usage: .venv/bin/python Benchmarks/compaction.py [--broker .build/release/apus] [--gigabytes 10] [--keys 10000000]
                                                 [--map-megabytes 40] [--folder DIR]
Fills a compacted topic, each key once and then random ones as often, while the cleaner is off, starts the broker with it
(`log.cleaner.dedupe.buffer.size` is --map-megabytes), and waits until all closed segments are compacted. Meanwhile, and
afterwards for comparison, batches of 64 KB are produced to another topic with acks=1 for some seconds at a time. At
the end the topic is read as a check: the last value of every key has to be its newest.
"""
import argparse
import array
import json
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import bench
from confluent_kafka import Consumer, Producer, TopicPartition
from partitions import text

TOPIC = "compacted"


class Broker(bench.Broker):
    """One whose log is read; `settings` are KEY=VALUE."""

    def launch(self, data, *settings):
        self.port = bench.free_port()
        words = [self.program, "serve", "--data", data, "--listen", f"127.0.0.1:{self.port}"]
        for setting in settings:
            words += ["--set", setting]
        self.log = open(self.folder / "broker.log", "wb")
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 30
        while True:
            try:
                return bench.ask(self.port, 3, 1, struct.pack(">i", 0))
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    sys.exit("compaction: the broker does not start")
                time.sleep(0.01)

    def passes(self):
        """What the broker says of each pass: up to which offset, and bytes before and after."""
        lines = (self.folder / "broker.log").read_text().splitlines()
        found = [re.search(r"up_to\D+(\d+).*before\D+(\d+).*after\D+(\d+)", line) for line in lines if "log.compacted" in line]
        return [tuple(int(number) for number in match.groups()) for match in found if match]


def create(port, segment_bytes):
    config = {"cleanup.policy": "compact", "segment.bytes": str(segment_bytes), "min.cleanable.dirty.ratio": "0.01"}
    body = struct.pack(">i", 1) + text(TOPIC) + struct.pack(">ihii", 1, 1, 0, len(config))
    body += b"".join(text(key) + text(value) for key, value in config.items())
    bench.ask(port, 19, 2, body + struct.pack(">ib", 30000, 0))


def fill(port, records, keys, value_bytes):
    """Writes the records, of which the value begins with the number; the number of the last one of each key."""
    last = array.array("q", [-1]) * keys
    choose = random.Random(1)
    padding = "." * (value_bytes - 10)
    producer = Producer({
        "bootstrap.servers": f"127.0.0.1:{port}", "enable.idempotence": True, "linger.ms": 20, "batch.size": 1 << 20,
        "queue.buffering.max.messages": 200_000})
    for number in range(records):
        key = number if number < keys else choose.randrange(keys)
        last[key] = number
        while True:
            try:
                producer.produce(TOPIC, f"{number:010d}{padding}", str(key))
                break
            except BufferError:
                producer.poll(0.05)
        if number % 10_000 == 0:
            producer.poll(0)
    if producer.flush(120):
        sys.exit("compaction: not everything was written")
    return last


def check(port, last):
    """Reads the whole topic: how many keys do not end with their newest value, and how many values a key has."""
    consumer = Consumer({"bootstrap.servers": f"127.0.0.1:{port}", "group.id": "check", "enable.partition.eof": True})
    consumer.assign([TopicPartition(TOPIC, 0, 0)])
    newest, count = array.array("q", [-1]) * len(last), 0
    while True:
        for message in consumer.consume(10_000, 10):
            if message.error():
                consumer.close()
                return sum(one != other for one, other in zip(newest, last)), count / len(last)
            newest[int(message.key())] = int(message.value()[:10])
            count += 1


def rate(broker, load, seconds):
    """MB/s of batches of 64 KB with acks=1, on a topic of its own."""
    name = f"beside-{time.monotonic_ns()}"
    bench.create_topic(broker.port, name, 6)
    words = [load, "produce", str(broker.port), name, "records=64", "size=1000", "acks=1", f"seconds={seconds}"]
    result = json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)
    bench.delete_topic(broker.port, name)
    return result["bytes"] / result["seconds"] / 1e6


def compact(broker, load, closed, options):
    """Waits until all below offset `closed` is compacted, and produces beside it; prints what came of it."""
    begun, during = time.monotonic(), []
    while True:
        passes = broker.passes()
        if passes and passes[-1][0] > closed:
            break
        if time.monotonic() - begun > options.limit:
            sys.exit(f"compaction: not done after {options.limit} s: {passes}")
        if options.beside:
            during.append(rate(broker, load, options.beside))
        time.sleep(options.pause)
    seconds, peak = time.monotonic() - begun, broker.memory("VmHWM")
    print(f"{len(passes)} passes in {seconds:.0f} s, {sum(one[1] for one in passes) / 1e9:.1f} GB read to drop "
          f"{sum(one[1] - one[2] for one in passes) / 1e9:.1f} GB; peak memory {peak:.1f} MiB", flush=True)
    if not during:
        return
    time.sleep(5)
    after = [rate(broker, load, options.beside) for _ in range(3)]
    loss = 1 - sorted(during)[len(during) // 2] / sorted(after)[1]
    print(f"producing beside it: {sorted(during)[len(during) // 2]:.0f} MB/s (median of {len(during)}), alone "
          f"{sorted(after)[1]:.0f} MB/s: {loss:.0%} lost", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", default=str(bench.ROOT / ".build/release/apus"))
    parser.add_argument("--gigabytes", type=float, default=10)
    parser.add_argument("--keys", type=int, default=10_000_000)
    parser.add_argument("--map-megabytes", type=int, default=40)
    parser.add_argument("--beside", type=float, default=4, help="seconds of producing at a time; 0 for none")
    parser.add_argument("--pause", type=float, default=1)
    parser.add_argument("--limit", type=float, default=1800)
    parser.add_argument("--folder", default=str(bench.ROOT / ".build"))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="compaction-", dir=options.folder))
    broker = Broker(options.broker, folder)
    try:
        load = bench.compile_load(folder)
        records = 2 * options.keys
        value_bytes = int(options.gigabytes * 1e9 / records) - 20
        broker.launch(folder / "data", "log.cleaner.enable=false")
        segment_bytes = max(4 << 20, int(options.gigabytes * 1e9 / 40))
        create(broker.port, segment_bytes)
        begun = time.monotonic()
        last = fill(broker.port, records, options.keys, value_bytes)
        print(f"{records} records of {value_bytes} bytes under {len(last)} keys written in "
              f"{time.monotonic() - begun:.0f} s", flush=True)
        broker.stop()
        settings = ["log.cleaner.backoff.ms=100", f"log.cleaner.dedupe.buffer.size={options.map_megabytes << 20}"]
        broker.launch(folder / "data", *settings)
        compact(broker, load, records - segment_bytes // value_bytes, options)
        wrong, copies = check(broker.port, last)
        print(f"checked: {wrong} keys without their newest value, {copies:.2f} values for each key")
        sys.exit(1 if wrong else 0)
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
