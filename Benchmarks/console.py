#!/usr/bin/env python3
"""What a web console asks of a broker with many topics: how long each call takes, and what a polite client beside it feels.

Usage: console.py --broker .build/release/apus [--topics 10000] [--rounds 5] [--data DIR]
       console.py --command 'kafka.sh exec {dir} {port}' [--topics 10000]
Creates that many topics with one partition each, a hundred at a time, and then makes the calls by which consoles draw their
pages, about all topics at once where they do that. Prints for each its median and its longest time in milliseconds and the
size of the reply, and for the polite client (a small record with acks=all every 10 ms) its median and 99th percentile, quiet
and beside a loop of Metadata of all topics.
"""
import argparse
import multiprocessing
import shlex
import signal
import struct
import subprocess
import time

from creation import Latencies, create, in_own_directory, memory, polite
from partitions import Client, frame, text


def flexible(key, version, body):
    """A request with header v2: a tag section, here empty, behind the client id."""
    whole = struct.pack(">hhi", key, version, 1) + text("console") + b"\0" + body
    return struct.pack(">i", len(whole)) + whole


def compact(count):
    """The length of a compact array or string."""
    count, out = count + 1, bytearray()
    while count >= 0x80:
        out.append(count & 0x7F | 0x80)
        count >>= 7
    return bytes(out + bytes([count]))


def calls(names):
    """The calls, by their names."""
    topics = struct.pack(">i", len(names))
    configs = topics + b"".join(struct.pack(">b", 2) + text(name) + struct.pack(">i", -1) for name in names)
    offsets = struct.pack(">i", -1) + topics + b"".join(
        text(name) + struct.pack(">iiq", 1, 0, -1) for name in names)
    compact_names = compact(len(names)) + b"".join(compact(len(name)) + name.encode() + b"\0" for name in names)
    page = compact_names + struct.pack(">i", 2000) + b"\xff" + b"\0"
    return {
        "ApiVersions": frame(18, 0, b""),
        "Metadata of all topics": frame(3, 4, struct.pack(">ib", -1, 0)),
        "DescribeCluster": flexible(60, 0, b"\0\0"),
        "DescribeConfigs of all topics": frame(32, 1, configs + b"\1"),
        "DescribeConfigs of the broker": frame(
            32, 1, struct.pack(">ib", 1, 4) + text("1") + struct.pack(">i", -1) + b"\1"),
        "DescribeTopicPartitions, a page of 2,000": flexible(75, 0, page),
        "ListOffsets of all partitions, latest": frame(2, 1, offsets),
        "DescribeLogDirs of all partitions": frame(35, 1, struct.pack(">i", -1)),
        "ListGroups": frame(16, 0, b""),
        "ListPartitionReassignments": flexible(46, 0, struct.pack(">i", 30000) + b"\0" + b"\0"),
        "DescribeAcls": frame(29, 1, struct.pack(">bhbhhbb", 1, -1, 3, -1, -1, 1, 1)),
        "DescribeClientQuotas": frame(48, 0, struct.pack(">ib", 0, 0)),
        "DescribeQuorum": flexible(
            55, 0, compact(1) + compact(18) + b"__cluster_metadata" + compact(1) + struct.pack(">i", 0) + b"\0\0\0"),
    }


def start(options, data, port):
    words = shlex.split(options.command.format(dir=data, port=port)) if options.command else [
        options.broker, "serve", "--data", data, "--listen", f"127.0.0.1:{port}"]
    broker = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(1200):
        try:
            client = Client(port)
            client.call(frame(18, 0, b""))
            return broker, client
        except (OSError, SystemExit):
            time.sleep(0.05)
    raise SystemExit("console.py: the broker does not answer")


def measure(options, data, port):
    broker, client = start(options, data, port)
    try:
        create(client, [("polite", 1)])
        time.sleep(1)
        idle = memory(broker.pid)['VmRSS']
        names = [f"console-{number}" for number in range(options.topics)]
        begun = time.time()
        for at in range(0, len(names), 100):
            codes = create(client, [(name, 1) for name in names[at:at + 100]])
            if any(codes):
                raise SystemExit(f"console.py: topics were refused: {sorted(set(codes))}")
        print(f"{len(names)} topics, 100 at a time: {time.time() - begun:.2f} s; "
              f"resident {idle:.0f} → {memory(broker.pid)['VmRSS']:.0f} MB", flush=True)
        slowest = 0
        for name, request in calls(names).items():
            took, size = [], 0
            for _ in range(options.rounds):
                begun = time.time()
                size = len(client.call(request))
                took.append((time.time() - begun) * 1000)
            slowest = max(slowest, max(took))
            print(f"{name:45} median {sorted(took)[len(took) // 2]:8.1f}  longest {max(took):8.1f} ms  {size:9} bytes",
                  flush=True)
        print(f"slowest call: {slowest:.1f} ms; resident {memory(broker.pid)['VmRSS']:.0f} MB")
        done, path = multiprocessing.Event(), data + ".latencies"
        beside = multiprocessing.Process(target=polite, args=(port, path, done))
        beside.start()
        latencies = Latencies(path)
        time.sleep(1)
        begun = time.time()
        time.sleep(options.seconds)
        print(f"polite, quiet: {latencies.between(begun, time.time())}", flush=True)
        everything, count = calls([])["Metadata of all topics"], 0
        begun = time.time()
        while time.time() - begun < options.seconds:
            client.call(everything)
            count += 1
            # A console draws a page now and then; without a pause this would measure the client's own processor.
            time.sleep(0.1)
        print(f"polite beside {count} Metadata of all topics: {latencies.between(begun, time.time())}")
        done.set()
        beside.join()
    finally:
        broker.send_signal(signal.SIGTERM)
        broker.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", default=".build/release/apus")
    parser.add_argument("--command", default="", help="another broker's command, with {dir} and {port}")
    parser.add_argument("--topics", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--data", default="")
    options = parser.parse_args()
    in_own_directory(options, "console", measure)


if __name__ == "__main__":
    main()
