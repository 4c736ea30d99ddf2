#!/usr/bin/env python3
"""What many new partitions and topics cost, and what a polite client beside them feels of it.

Usage: creation.py --broker .build/release/apus [--first-writes 3000] [--topics 20000] [--data DIR]
       creation.py --broker .build/release/apus --singles 5000 [--beside 'kafka.sh exec {dir} {port}']
Makes that many partitions, waits, and writes one record to each of them with acks=all, in requests of 300; then it stops
the broker at once. Beside that a polite client produces a small record with acks=all, ten times in 100 ms. Afterwards it
creates topics with one partition each, one and a hundred at a time, deletes them, and asks for 100 topics of 100,000 partitions.
Prints the polite client's median and 99th percentile in milliseconds, quiet and beside each, and how long each took.
With --singles it does nothing but create so many topics of one partition, each in a request of its own, from one client and
from ten at a time, and the same with the broker that --beside names.
"""
import argparse
import multiprocessing
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

from partitions import Client, batch, frame, text


def polite(port, path, done):
    """Produces with acks=all until told otherwise; writes when each request began and how long it took."""
    client = Client(port)
    records = batch(b"x" * 100)
    body = struct.pack(">hhii", -1, -1, 30000, 1) + text("polite") + struct.pack(">iii", 1, 0, len(records)) + records
    with open(path, "w") as out:
        while not done.is_set():
            begun = time.time()
            client.call(frame(0, 3, body))
            took = time.time() - begun
            out.write(f"{begun} {took * 1000}\n")
            out.flush()
            time.sleep(max(0, 0.01 - took))


def create(client, topics):
    body = struct.pack(">i", len(topics))
    for name, count in topics:
        body += text(name) + struct.pack(">ihii", count, 1, 0, 0)
    reply = client.call(frame(19, 2, body + struct.pack(">ib", 120000, 0)))
    codes, at = [], 12
    for _ in range(struct.unpack(">i", reply[8:12])[0]):
        at += 2 + struct.unpack(">h", reply[at:at + 2])[0]
        codes.append(struct.unpack(">h", reply[at:at + 2])[0])
        size = struct.unpack(">h", reply[at + 2:at + 4])[0]
        at += 4 + max(0, size)
    return codes


def delete(client, names):
    client.call(frame(20, 1, struct.pack(">i", len(names)) + b"".join(map(text, names)) + struct.pack(">i", 120000)))


def write_first(client, topic, first, count, records):
    parts = b"".join(struct.pack(">ii", first + number, len(records)) + records for number in range(count))
    return frame(0, 3, struct.pack(">hhii", -1, -1, 60000, 1) + text(topic) + struct.pack(">i", count) + parts)


def memory(pid):
    with open(f"/proc/{pid}/status") as status:
        return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in status if line.startswith(("VmRSS", "VmHWM"))}


class Latencies:
    def __init__(self, path):
        self.path = path

    def between(self, begun, ended):
        with open(self.path) as lines:
            pairs = [tuple(map(float, line.split())) for line in lines if line.endswith("\n")]
        found = sorted(took for at, took in pairs if at + took / 1000 >= begun and at <= ended)
        if not found:
            return "no answer at all"
        return (f"p50 {found[len(found) // 2]:.2f}, p99 {found[len(found) * 99 // 100]:.2f}, "
                f"max {found[-1]:.1f} ms of {len(found)}")


def start(options, data, port):
    broker = subprocess.Popen(
        [options.broker, "serve", "--data", data, "--listen", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    for _ in range(400):
        try:
            return broker, Client(port)
        except OSError:
            time.sleep(0.05)
    raise SystemExit("creation.py: the broker does not answer")


def measure(options, data, port):
    broker, client = start(options, data, port)
    create(client, [("polite", 1)])
    done, path = multiprocessing.Event(), data + ".latencies"
    beside = multiprocessing.Process(target=polite, args=(port, path, done))
    beside.start()
    latencies = Latencies(path)
    time.sleep(1)
    begun = time.time()
    time.sleep(options.quiet)
    print(f"quiet: {latencies.between(begun, time.time())}", flush=True)

    def step(name, body, patience=1.0):
        begun = time.time()
        result = body()
        took = time.time() - begun
        time.sleep(patience)
        print(f"{name}: {took:.2f} s; polite: {latencies.between(begun, time.time())}"
              f"{'' if result is None else '; ' + str(result)}", flush=True)

    if options.first_writes:
        left, names = options.first_writes, []
        while left > 0:
            names.append((f"many{len(names)}", min(left, 3000)))
            left -= 3000
        step(f"create {options.first_writes} partitions", lambda: [create(client, [pair]) for pair in names] and None)
        records = batch(b"y" * 100)
        writer = Client(port)

        def first_writes():
            for name, count in names:
                for first in range(0, count, 300):
                    writer.call(write_first(writer, name, first, min(300, count - first), records))

        def memory_now():
            found = memory(broker.pid)
            return f"resident {found['VmRSS']:.0f} MB"

        time.sleep(2)
        step(f"{options.first_writes} first writes", lambda: first_writes() or memory_now())
        # New partitions once more, and the stop in the middle of what follows their first writes.
        create(client, [(f"again{number}", count) for number, (_, count) in enumerate(names)])
        for number, (_, count) in enumerate(names):
            for first in range(0, count, 300):
                writer.call(write_first(writer, f"again{number}", first, min(300, count - first), records))
        done.set()
        beside.join()
        begun = time.time()
        broker.send_signal(signal.SIGTERM)
        broker.wait()
        print(f"stop with {options.first_writes} fresh partitions: {time.time() - begun:.2f} s, "
              f"{'with' if os.path.exists(data + '/.kafka_cleanshutdown') else 'WITHOUT'} its marker", flush=True)
        if not options.topics:
            return
        shutil.rmtree(data)
        broker, client = start(options, data, port)
        create(client, [("polite", 1)])
        done = multiprocessing.Event()
        beside = multiprocessing.Process(target=polite, args=(port, path, done))
        beside.start()
        time.sleep(1)
    if options.topics:
        idle = memory(broker.pid)["VmRSS"]
        step("100 topics of 100,000 partitions", lambda: sorted(set(create(
            client, [(f"huge{number}", 100_000) for number in range(100)]))) if options.huge else "left out")
        print(f"memory: at most {memory(broker.pid)['VmHWM'] - idle:.0f} MB above idle")
        singles = options.topics // 10
        step(f"{singles} topics, one at a time",
             lambda: [create(client, [(f"one{number}", 1)]) for number in range(singles)] and None)
        names = [f"some{number}" for number in range(options.topics - singles)]
        step(f"{len(names)} topics, 100 at a time", lambda: [
            create(client, [(name, 1) for name in names[at:at + 100]]) for at in range(0, len(names), 100)] and None)
        everything = frame(3, 4, struct.pack(">ib", -1, 0))
        step("metadata of everything, 10 times", lambda: [len(client.call(everything)) for _ in range(10)][0])
        step(f"{len(names)} topics deleted, 100 at a time", lambda: [
            delete(client, names[at:at + 100]) for at in range(0, len(names), 100)] and None)
        done.set()
        beside.join()
        begun = time.time()
        broker.send_signal(signal.SIGTERM)
        broker.wait()
        print(f"stop: {time.time() - begun:.2f} s")


def create_singly(port, first, count, codes):
    client = Client(port)
    codes.put({code for number in range(first, first + count) for code in create(client, [(f"single{number}", 1)])})


def singles(options, data, port):
    """How long creations take of which each has a request of its own, durable before the answer."""
    from console import start as start_any
    for number, command in enumerate(["", options.beside][:2 if options.beside else 1]):
        options.command = command
        broker, client = start_any(options, f"{data}{number}", port + 2 * number)
        try:
            create(client, [("first", 1)])
            took = []
            for clients, first in ((1, 0), (10, options.singles)):
                codes, begun, share = multiprocessing.Queue(), time.time(), options.singles // clients
                processes = [multiprocessing.Process(target=create_singly, args=(
                    port + 2 * number, first + one * share, share, codes)) for one in range(clients)]
                for process in processes:
                    process.start()
                found = set().union(*(codes.get() for _ in processes))
                took.append(f"{clients} at a time {time.time() - begun:.2f} s{'' if found == {0} else f' CODES {found}'}")
            print(f"{command.split()[0].split('/')[-1] if command else 'apus'}: {options.singles} topics, {', '.join(took)}",
                  flush=True)
        finally:
            broker.send_signal(signal.SIGTERM)
            broker.wait()


def in_own_directory(options, name, measure):
    """Calls `measure` with a new data directory and a free port, and leaves no process or directory behind."""
    directory = options.data or tempfile.mkdtemp(prefix=f"apus-{name}-", dir=".")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    try:
        measure(options, os.path.join(os.path.abspath(directory), "d"), port)
    finally:
        for child in multiprocessing.active_children():
            child.terminate()
        if not options.data:
            shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", default=".build/release/apus")
    parser.add_argument("--first-writes", type=int, default=3000)
    parser.add_argument("--topics", type=int, default=20000)
    parser.add_argument("--quiet", type=float, default=5)
    parser.add_argument("--without-huge", dest="huge", action="store_false",
                        help="leave out the request that some versions die of")
    parser.add_argument("--singles", type=int, default=0)
    parser.add_argument("--beside", default="", help="another broker's command, with {dir} and {port}")
    parser.add_argument("--data", default="")
    options = parser.parse_args()
    in_own_directory(options, "creation", singles if options.singles else measure)


if __name__ == "__main__":
    main()
