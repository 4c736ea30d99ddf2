#!/usr/bin/env python3
"""More partitions than descriptors: all are written and read, over a crash and a clean stop, and connections beyond the
limit are refused while those that are there go on.

Usage: manyfiles.py PORT PARTITIONS DESCRIPTORS LOG -- COMMAND…
"""
import os
import random
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

import wire

TOPIC = "many"
# Partitions in one request.
SHARE = 500


def start(command, port, descriptors, log):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors // 2, descriptors))

    broker = subprocess.Popen(command, stderr=log, preexec_fn=limit)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and broker.poll() is None:
        try:
            return broker, wire.Connection(port, 120)
        except OSError:
            time.sleep(0.002)
    raise SystemExit("FAILED: the broker does not accept connections")


def produce(connection, numbers, text):
    """One batch for each of these partitions in one request; the base offsets."""
    parts = b"".join(
        struct.pack(">ii", number, len(data)) + data
        for number in numbers for data in [wire.batch([f"{text}-{number}".encode()])])
    body = wire.string(None) + struct.pack(">hii", -1, 60000, 1) + wire.string(TOPIC)
    answer = connection.ask(0, 7, body + struct.pack(">i", len(numbers)) + parts)
    at = 4 + len(wire.string(TOPIC)) + 4
    for number in numbers:
        index, error = struct.unpack_from(">ih", answer, at)
        assert index == number and error == 0, f"produce to {number}: error {error}"
        at += 4 + 2 + 8 + 8 + 8


def fetch(connection, numbers, texts):
    """Every partition holds exactly these records."""
    body = struct.pack(">iiiib", -1, 0, 1, 1 << 24, 0) + struct.pack(">i", 1) + wire.string(TOPIC)
    body += struct.pack(">i", len(numbers))
    body += b"".join(struct.pack(">iqi", number, 0, 1 << 12) for number in numbers)
    answer = connection.ask(1, 4, body)
    at = 4 + 4 + len(wire.string(TOPIC)) + 4
    for number in numbers:
        index, error = struct.unpack_from(">ih", answer, at)
        assert index == number and error == 0, f"fetch of {number}: error {error}"
        aborted, = struct.unpack_from(">i", answer, at + 22)
        at += 26 + 16 * max(0, aborted)
        size, = struct.unpack_from(">i", answer, at)
        found = [record[3].decode() for record in wire.records(answer[at + 4:at + 4 + size])]
        assert found == [f"{text}-{number}" for text in texts], f"partition {number} holds {found}"
        at += 4 + size


def every(partitions, body):
    numbers = list(range(partitions))
    random.Random(1).shuffle(numbers)
    for first in range(0, partitions, SHARE):
        body(numbers[first:first + SHARE])


def crowd(port, connection, descriptors):
    """More connections than there are descriptors; the first one goes on."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    peers = []
    for _ in range(descriptors + 100):
        peers.append(socket.create_connection(("127.0.0.1", port), 30))
    time.sleep(0.5)
    refused = 0
    for peer in peers:
        peer.setblocking(False)
        try:
            refused += peer.recv(1) == b""
        except BlockingIOError:
            pass
        except ConnectionError:
            refused += 1
    assert 100 < refused < len(peers), f"{refused} of {len(peers)} connections were refused"
    produce(connection, [0, 1], "crowded")
    fetch(connection, [2], ["first", "second"])
    for peer in peers:
        peer.close()
    return refused


def main():
    port, partitions, descriptors = (int(word) for word in sys.argv[1:4])
    log = open(sys.argv[4], "ab")
    command = sys.argv[6:]
    broker, connection = start(command, port, descriptors, log)
    try:
        connection.socket.settimeout(300)
        assert connection.create_topic(TOPIC, partitions) == 0
        begun = time.monotonic()
        every(partitions, lambda numbers: produce(connection, numbers, "first"))
        produced = time.monotonic()
        every(partitions, lambda numbers: fetch(connection, numbers, ["first"]))
        print(f"produced in {produced - begun:.1f} s, fetched in {time.monotonic() - produced:.1f} s, "
              f"{len(os.listdir(f'/proc/{broker.pid}/fd'))} descriptors")
        broker.send_signal(signal.SIGKILL)
        broker.wait()
        broker, connection = start(command, port, descriptors, log)
        every(partitions, lambda numbers: produce(connection, numbers, "second"))
        every(partitions, lambda numbers: fetch(connection, numbers, ["first", "second"]))
        refused = crowd(port, connection, descriptors)
        broker.send_signal(signal.SIGTERM)
        assert broker.wait(60) == 0, f"the stop ended with {broker.returncode}"
        broker, connection = start(command, port, descriptors, log)
        every(partitions, lambda numbers: fetch(connection, [n for n in numbers if n > 1], ["first", "second"]))
        print(f"{refused} connections refused")
    except (AssertionError, OSError) as problem:
        raise SystemExit(f"FAILED: {problem}")
    finally:
        broker.kill()
        broker.wait()


main()
