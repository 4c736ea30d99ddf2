#!/usr/bin/env python3
"""How long a broker that was killed takes until it answers again: from the start of the process to the first produce
and the first fetch on partitions chosen at random, and until all partitions have answered a fetch.

Usage: restart.py --broker .build/release/apus [--partitions 1000] [--megabytes 1024] [--unsynced 64] [--rounds 5]
                  [--descriptors N] [--clean] [--data DIR]
Fills the partitions, stops and starts the broker once so that all of that is known to be durable, then again and again
writes `--unsynced` MB with acks=1, kills it in the middle of its syncs, and starts it. Prints milliseconds. What idle partitions cost: --partitions 10000 --megabytes 0 --unsynced 0 --clean
"""
import argparse
import os
import random
import resource
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

from partitions import Client, batch, frame, produce, text


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", default=".build/release/apus")
    parser.add_argument("--partitions", type=int, default=1000)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--unsynced", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--descriptors", type=int, default=0, help="the limit that the broker gets (ulimit -n)")
    parser.add_argument("--clean", action="store_true", help="stop the broker instead of killing it")
    parser.add_argument("--data", default="")
    parser.add_argument("--log", default="", help="where the broker's log goes")
    return parser.parse_args()


def start(options, data, port, log):
    def limit():
        if options.descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (options.descriptors, options.descriptors))

    return subprocess.Popen(
        [options.broker, "serve", "--data", data, "--listen", f"127.0.0.1:{port}"], stderr=log, preexec_fn=limit)


def connect(port, broker):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return Client(port)
        except OSError:
            if broker.poll() is not None:
                raise SystemExit(f"restart.py: the broker ended with {broker.returncode}")
            time.sleep(0.0005)
    raise SystemExit("restart.py: the broker does not accept connections")


def produce_some(client, numbers, records, acks):
    """One request with a batch for each of these partitions; fails loudly if one of them is refused."""
    parts = b"".join(struct.pack(">ii", number, len(records)) + records for number in numbers)
    body = struct.pack(">hhii", -1, acks, 30000, 1) + text("many") + struct.pack(">i", len(numbers)) + parts
    reply = client.call(frame(0, 3, body))
    position = 4 + 4 + 2 + len("many") + 4
    for number in numbers:
        index, error, offset = struct.unpack(">ihq", reply[position:position + 14])
        if index != number or error:
            raise SystemExit(f"restart.py: produce to {number}: partition {index}, error {error}")
        position += 4 + 2 + 8 + 8
    return offset


def fetch(client, number, offset=0, bytes_max=1 << 14):
    """The bytes of one partition from an offset on."""
    body = struct.pack(">iiiib", -1, 0, 1, 1 << 20, 0) + struct.pack(">i", 1) + text("many")
    body += struct.pack(">iiqi", 1, number, offset, bytes_max)
    reply = client.call(frame(1, 4, body))
    position = 4 + 4 + 4 + 2 + len("many") + 4
    index, error = struct.unpack(">ih", reply[position:position + 6])
    if index != number or error:
        raise SystemExit(f"restart.py: fetch of {number}: partition {index}, error {error}")
    return len(reply) - position


def fill(client, options, megabytes, acks):
    """Writes so much, in batches of 16 KiB, evenly over the partitions, 64 to a request."""
    records = batch(os.urandom(16384 - 80))
    number, left = 0, megabytes << 20
    while left > 0:
        numbers = [(number + step) % options.partitions for step in range(min(64, options.partitions))]
        produce_some(client, numbers, records, acks)
        number += len(numbers)
        left -= len(numbers) * len(records)


def resident(broker):
    with open(f"/proc/{broker.pid}/status") as status:
        return {line.split(":")[0]: line.split()[1] for line in status if line.startswith(("VmRSS", "VmHWM", "RssAnon"))}


def measure(options, data, port, log):
    begun = time.perf_counter()
    broker = start(options, data, port, log)
    client = connect(port, broker)
    connected = time.perf_counter()
    number = random.randrange(options.partitions)
    produce_some(client, [number], batch(os.urandom(100)), -1)
    produced = time.perf_counter()
    fetch(client, random.randrange(options.partitions))
    fetched = time.perf_counter()
    order = list(range(options.partitions))
    random.shuffle(order)
    empty = sum(fetch(client, number) < 40 for number in order)
    every = time.perf_counter()
    times = [1000 * (moment - begun) for moment in (connected, produced, fetched, every)]
    descriptors = len(os.listdir(f"/proc/{broker.pid}/fd"))
    print("connected {:7.1f}  produced {:7.1f}  fetched {:7.1f}  all fetched {:7.1f} ms".format(*times),
          f"  {resident(broker)} kB, {descriptors} descriptors, {empty} empty", flush=True)
    return broker, client, times


def main():
    options = arguments()
    data = options.data or tempfile.mkdtemp(prefix="apus-restart-", dir=".")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = open(options.log, "ab") if options.log else subprocess.DEVNULL
    directory = os.path.join(data, "d")
    broker = start(options, directory, port, log)
    try:
        client = connect(port, broker)
        create = struct.pack(">i", 1) + text("many") + struct.pack(">ihii", options.partitions, 1, 0, 0)
        client.call(frame(19, 2, create + struct.pack(">ib", 120000, 0)))
        print(f"{options.partitions} partitions made: {resident(broker)} kB", flush=True)
        fill(client, options, options.megabytes, -1)
        broker.send_signal(signal.SIGTERM)
        broker.wait()
        broker, client, _ = measure(options, directory, port, log)
        worst = 0
        for _ in range(options.rounds):
            fill(client, options, options.unsynced, 1)
            broker.send_signal(signal.SIGTERM if options.clean else signal.SIGKILL)
            broker.wait()
            broker, client, times = measure(options, directory, port, log)
            worst = max(worst, times[2])
        print(f"worst of {options.rounds}: first produce and fetch after {worst:.1f} ms")
    finally:
        broker.kill()
        broker.wait()
        if not options.data:
            shutil.rmtree(data)


if __name__ == "__main__":
    main()
