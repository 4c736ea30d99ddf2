#!/usr/bin/env python3
"""Measures one broker on this machine and prints a table, in under two minutes: make bench.

The loads are prebuilt requests (load.c), so the figures say what the broker can do, not what a client costs. Each load
runs on a topic of its own. Latency includes the sync to the disk, whose own speed is measured first.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


def compile_load(folder):
    target = folder / "load"
    subprocess.run(
        ["cc", "-O2", "-march=native", "-o", target, ROOT / "Benchmarks" / "load.c"], check=True)
    return target


def free_port():
    """A port below those that the system gives to outgoing connections; Kafka's controller takes the next one."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                continue


def ask(port, key, version, body):
    with socket.create_connection(("127.0.0.1", port), 10) as peer:
        frame = struct.pack(">hhih", key, version, 1, -1) + body
        peer.sendall(struct.pack(">i", len(frame)) + frame)
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
            more = peer.recv(65536)
            if not more:
                raise ConnectionError("closed")
            data += more
        return data[8:]


def create_topic(port, name, partitions):
    body = struct.pack(">ih", 1, len(name)) + name.encode() + struct.pack(">ihiiib", partitions, 1, 0, 0, 10000, 0)
    error, = struct.unpack_from(">h", ask(port, 19, 2, body), 8 + 2 + len(name))
    if error:
        sys.exit(f"bench: creating topic {name} failed with error {error}")


def delete_topic(port, name):
    ask(port, 20, 1, struct.pack(">ih", 1, len(name)) + name.encode() + struct.pack(">i", 10000))


class Broker:
    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.process = None

    def start(self, data):
        """Starts it and gives the seconds until it answers Metadata."""
        self.port = free_port()
        with open(self.folder / "broker.log", "ab") as log:
            began = time.monotonic()
            self.process = subprocess.Popen(
                [self.program, "serve", "--data", data, "--listen", f"127.0.0.1:{self.port}"], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL)
        while True:
            try:
                ask(self.port, 3, 1, struct.pack(">i", 0))
                return time.monotonic() - began
            except OSError:
                if self.process.poll() is not None:
                    sys.exit(f"bench: the broker ended: {(self.folder / 'broker.log').read_text()[-1000:]}")
                if time.monotonic() - began > 20:
                    sys.exit("bench: the broker does not answer")
                time.sleep(0.0005)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, name):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
        return 0


def disk(folder, rounds=300):
    """Milliseconds that appending 4 KiB and fdatasync takes: median and 99th percentile."""
    with open(folder / "disk", "wb", buffering=0) as file:
        taken = []
        for _ in range(rounds):
            began = time.monotonic()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            taken.append((time.monotonic() - began) * 1000)
    taken.sort()
    return taken[rounds // 2], taken[rounds * 99 // 100]


class Table:
    def __init__(self):
        print(f"{'measurement':<34}{'result':>22}   {'broker cpu':<22}{'peak memory':>12}")

    def row(self, name, result, cpu="", memory=""):
        print(f"{name:<34}{result:>22}   {cpu:<22}{memory:>12}", flush=True)


def topic_of(name):
    """The topic of a load: its name with what a topic's name may have."""
    return "bench-" + "".join(letter if letter.isalnum() else "-" for letter in name)


def measure(table, broker, load, name, mode, describe, cost, **options):
    """Runs a load and prints a line.

    Its topic has its name, or is the older one that `topic` names; it is deleted afterwards unless the load `keeps` it.
    """
    topic = options.pop("topic", None)
    keeps = options.pop("keeps", False)
    if topic is None:
        topic = topic_of(name)
        create_topic(broker.port, topic, options.get("partitions", 6))
        time.sleep(0.2)
    before = broker.cpu()
    words = [f"{key}={value}" for key, value in options.items()]
    done = subprocess.run([load, mode, str(broker.port), topic, *words], stdout=subprocess.PIPE, check=False)
    if not done.stdout:
        sys.exit(f"bench: {name} failed")
    result = json.loads(done.stdout)
    used = broker.cpu() - before
    if result["errors"]:
        table.row(name, f"{result['errors']} ERRORS")
        return
    table.row(name, describe(result), cost(result, used), f"{broker.memory('VmHWM'):.1f} MiB")
    if not keeps:
        delete_topic(broker.port, topic)


def rate(result):
    return f"{result['messages'] / result['seconds'] / 1e6:.2f} M records/s"


def volume(result):
    return f"{result['bytes'] / result['seconds'] / 1e6:.0f} MB/s"


def requests(result):
    return f"{result['replies'] / result['seconds']:.0f} requests/s"


def delays(result):
    return f"{result['p50']:.2f} / {result['p99']:.2f} / {result['p999']:.2f} ms"


def per_message(result, used):
    return f"{used / max(result['messages'], 1) * 1e6:.3f} s per M records"


def per_byte(result, used):
    return f"{used / max(result['bytes'], 1) * 1e9:.3f} s per GB"


def per_request(result, used):
    return f"{used / max(result['replies'], 1) * 1e6:.1f} µs per request"


def run_loads(table, broker, load, seconds):
    measure(table, broker, load, "produce 160 x 100 B, acks=1", "produce", rate, per_message, acks=1, seconds=seconds)
    measure(table, broker, load, "produce 160 x 100 B, acks=all", "produce", rate, per_message, acks=-1, seconds=seconds)
    large = dict(records=64, size=1000, seconds=seconds)
    measure(table, broker, load, "produce 64 KB, acks=1", "produce", volume, per_byte, acks=1, keeps=True, **large)
    measure(table, broker, load, "produce 64 KB, acks=all", "produce", volume, per_byte, acks=-1, **large)
    measure(
        table, broker, load, "fetch, 1 MiB a reply", "fetch", volume, per_byte, conns=4, partitions=4, seconds=seconds,
        topic=topic_of("produce 64 KB, acks=1"))
    small = dict(conns=64, inflight=1, records=1, partitions=8, seconds=seconds)
    measure(table, broker, load, "64 clients, 1 record, acks=1", "produce", requests, per_request, acks=1, **small)
    measure(table, broker, load, "64 clients, 1 record, acks=all", "produce", requests, per_request, acks=-1, **small)
    paced = dict(rate=1000, size=1000, conns=4, partitions=4, seconds=seconds)
    measure(table, broker, load, "1,000/s, acks=all: p50/p99/p99.9", "latency", delays, per_message, acks=-1, **paced)
    measure(table, broker, load, "1,000/s, acks=1: p50/p99/p99.9", "latency", delays, per_message, acks=1, **paced)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", default=str(ROOT / ".build/release/apus"))
    parser.add_argument("--seconds", type=float, default=4, help="length of each load")
    parser.add_argument("--folder", help="where the data goes: on the disk to be measured (default: .build)")
    options = parser.parse_args()
    base = options.folder or str(ROOT / ".build")
    os.makedirs(base, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=base))
    broker = Broker(str(pathlib.Path(options.broker).resolve()), folder)
    try:
        load = compile_load(folder)
        table = Table()
        median, worst = disk(folder)
        table.row("this disk: 4 KiB and fdatasync", f"{median:.2f} / {worst:.2f} ms", "(p50 / p99)")
        starts = []
        for number in range(5):
            starts.append(broker.start(folder / f"start-{number}"))
            if number < 4:
                broker.stop()
        before = broker.cpu()
        time.sleep(2)
        table.row("start on an empty directory", f"{sorted(starts)[2] * 1000:.0f} ms")
        table.row("idle", f"{broker.memory('VmRSS'):.1f} MiB", f"{(broker.cpu() - before) / 2 * 100:.1f} % of a core")
        run_loads(table, broker, load, options.seconds)
        broker.stop()
        table.row("start again on all of that", f"{broker.start(folder / 'start-4') * 1000:.0f} ms")
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
