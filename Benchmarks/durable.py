#!/usr/bin/env python3
"""What it costs to wait for the disk: the loads of bench.py with acks=all, one round over 100 partitions, and a minute of
100,000 records of 1 KiB a second; beside them what the disk itself takes, and any other broker in the same run.

Usage: durable.py --broker apus='.build/release/apus serve --data {dir} --listen 127.0.0.1:{port}'
                  [--broker kafka='…/kafka.sh exec {dir} {port}'] [--loads latency,large,round,steady] [--seconds 5]
                  [--steady 60] [--rounds 3] [--folder DIR]
latency  1,000 records of 1 KiB a second, acks=all: milliseconds until the answer, p50 / p99
large    batches of 64 KiB, 6 connections with 4 in flight each, acks=all: MB/s
round    one request with 4 KiB for each of 100 partitions, acks=all: milliseconds, p50 / p99
steady   100,000 records of 1 KiB a second in batches of 64, with acks=1 and then acks=all (or `steady-1`, `steady-all`):
         milliseconds, p50 / p99 / max
Each figure is the median of the rounds, but for `steady`, which is one run. Kafka answers from its page cache.
"""
import argparse
import json
import os
import pathlib
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import bench
from partitions import Client, batch, produce

RATE, BATCH = 100_000, 64
WIDTH = 32


class Broker:
    """A broker under its name, from a command with places for its folder and port."""

    def __init__(self, name, command, folder):
        self.name, self.folder, self.port = name, folder / name, bench.free_port()
        words = shlex.split(command.format(dir=self.folder, port=self.port))
        with open(folder / f"{name}.log", "wb") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 60
        while True:
            try:
                bench.ask(self.port, 3, 1, b"\0\0\0\0")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    sys.exit(f"durable: {name} does not answer")
                time.sleep(0.05)

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Bench:
    def __init__(self, options, folder, brokers):
        self.options, self.folder, self.brokers, self.topics = options, folder, brokers, 0
        self.load = bench.compile_load(folder)

    def topic(self, broker, partitions):
        self.topics += 1
        name = f"durable-{self.topics}"
        bench.create_topic(broker.port, name, partitions)
        time.sleep(1)
        return name

    def run(self, broker, mode, partitions, **values):
        name = self.topic(broker, partitions)
        words = [f"{key}={value}" for key, value in values.items()] + [f"partitions={partitions}"]
        done = subprocess.run([self.load, mode, str(broker.port), name, *words], stdout=subprocess.PIPE, check=False)
        bench.delete_topic(broker.port, name)
        result = json.loads(done.stdout or "{}")
        if not result or result["errors"]:
            sys.exit(f"durable: {broker.name}: {result or 'the load failed'}")
        return result

    def latency(self, broker):
        result = self.run(broker, "latency", 4, rate=1000, size=1000, conns=4, acks=-1, seconds=self.options.seconds)
        return result["p50"], result["p99"]

    def large(self, broker):
        result = self.run(broker, "produce", 6, records=64, size=1000, acks=-1, seconds=self.options.seconds)
        return (result["bytes"] / result["seconds"] / 1e6,)

    def round(self, broker):
        name = self.topic(broker, 100)
        client = Client(broker.port)
        request = produce(name, 100, batch(os.urandom(4016)), -1)
        taken, end = [], time.monotonic() + self.options.seconds
        while time.monotonic() < end:
            begun = time.perf_counter()
            client.call(request)
            taken.append((time.perf_counter() - begun) * 1000)
        bench.delete_topic(broker.port, name)
        warm = sorted(taken[len(taken) // 10:])
        return warm[len(warm) // 2], warm[len(warm) * 99 // 100]

    def steady(self, broker, acks):
        seconds = self.options.steady
        result = self.run(
            broker, "latency", 6, rate=RATE / BATCH, records=BATCH, size=1000, conns=6, acks=acks, seconds=seconds)
        rate = result["messages"] / result["seconds"]
        if rate < 0.98 * RATE:
            print(f"  {broker.name} took only {rate:.0f} records/s", flush=True)
        return result["p50"], result["p99"], result["max"]

    def row(self, name, measure, unit, rounds=None):
        """Takes the brokers in turns, the other way round in every second round."""
        found = {broker.name: [] for broker in self.brokers}
        for number in range(rounds or self.options.rounds):
            for broker in self.brokers[::1 if number % 2 == 0 else -1]:
                found[broker.name].append(measure(broker))
        cells = [" / ".join(f"{statistics.median(one):.2f}" for one in zip(*values)) for values in found.values()]
        print(f"{name:<34}" + "".join(f"{cell + ' ' + unit:>{WIDTH}}" for cell in cells), flush=True)

    def disk(self):
        program = self.folder / "disk"
        subprocess.run(["cc", "-O2", "-o", program, bench.ROOT / "Benchmarks/disk.c"], check=True)
        for size, how in ((4096, "append"), (409600, "cached"), (409600, "direct")):
            words = [program, self.folder / "file", str(size), how, "1000"]
            taken = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True).stdout.split()
            print(f"this disk: {size // 1024} KiB, {how}, fdatasync".ljust(34) + f"{' / '.join(taken) + ' ms':>{WIDTH}}")

    def all(self):
        print(" " * 34 + "".join(f"{broker.name:>{WIDTH}}" for broker in self.brokers))
        self.disk()
        wanted = self.options.loads.split(",")
        if "latency" in wanted:
            self.row("1,000/s of 1 KB: p50 / p99", self.latency, "ms")
        if "large" in wanted:
            self.row("batches of 64 KB", self.large, "MB/s")
        if "round" in wanted:
            self.row("100 partitions x 4 KiB: p50 / p99", self.round, "ms")
        for acks, word in ((1, "1"), (-1, "all")):
            if not {"steady", f"steady-{word}"} & set(wanted):
                continue
            self.row(f"100,000/s of 1 KB, acks={word}", lambda broker, acks=acks: self.steady(broker, acks), "ms", rounds=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", action="append", required=True)
    parser.add_argument("--loads", default="latency,large,round,steady")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--steady", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=str(bench.ROOT / ".build"), help="on the disk to be measured")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that brokers and data go in any case
    folder = pathlib.Path(tempfile.mkdtemp(prefix="durable-", dir=options.folder))
    brokers = []
    try:
        for text in options.broker:
            brokers.append(Broker(*text.split("=", 1), folder))
        Bench(options, folder, brokers).all()
    finally:
        for broker in brokers:
            broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
