#!/usr/bin/env python3
"""What tens of thousands of topics cost: their creation, their memory, and what a producer feels of a Metadata of all of them.

Usage: scale.py --broker .build/release/apus [--topics 20000] [--partitions 50000] [--rounds 3] [--seconds 8] [--rate 5]
       scale.py --command 'kafka.sh exec {dir} {port}' --topics 5000 --partitions 5000 --rounds 0
Creates the topics a hundred at a time, each with two configurations of its own, and prints how long that took, how much
memory a partition takes, then and after a new start, and how long listing, describing and deleting take. Each round
produces a record a thousandth of a second with acks=all, first alone and then beside `rate` Metadata of all topics a
second, both from load.c, so that the clients cost little of the processors: p50, p99 and the ratio of the p99s.
"""
import argparse
import json
import pathlib
import signal
import statistics
import struct
import subprocess
import tempfile
import time

from console import start
from creation import create, delete, in_own_directory, memory
from partitions import frame, text

HERE = pathlib.Path(__file__).resolve().parent
CONFIGS = {"retention.ms": "86400000", "max.message.bytes": "500000"}


def create_configured(client, topics):
    """Creates topics with configurations; the codes that are no success."""
    configs = struct.pack(">i", len(CONFIGS)) + b"".join(text(key) + text(value) for key, value in CONFIGS.items())
    body = struct.pack(">i", len(topics))
    for name, count in topics:
        body += text(name) + struct.pack(">ihi", count, 1, 0) + configs
    reply = client.call(frame(19, 2, body + struct.pack(">ib", 120000, 0)))
    codes, at = set(), 12
    for _ in topics:
        at += 2 + struct.unpack(">h", reply[at:at + 2])[0]
        codes.add(struct.unpack(">h", reply[at:at + 2])[0])
        at += 4 + max(0, struct.unpack(">h", reply[at + 2:at + 4])[0])
    return codes - {0}


def run(load, mode, port, seconds, **options):
    words = [f"{name}={value}" for name, value in {"seconds": seconds, "conns": 1, **options}.items()]
    return subprocess.Popen([load, mode, str(port), "beside", *words], stdout=subprocess.PIPE)


def finished(process):
    return json.loads(process.communicate()[0])


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13])) / 100


def rounds(options, load, broker, port):
    ratios = []
    for number in range(options.rounds):
        paced = {"acks": -1, "rate": 1000, "partitions": 1}
        alone = finished(run(load, "latency", port, options.seconds, **paced))
        before = processor_seconds(broker.pid)
        beside = run(load, "metadata", port, options.seconds, rate=options.rate, partitions=1)
        produced, asked = finished(run(load, "latency", port, options.seconds, **paced)), finished(beside)
        ratios.append(produced["p99"] / alone["p99"])
        print(f"round {number + 1}: alone p50 {alone['p50']:.2f} p99 {alone['p99']:.2f}, beside {asked['replies']} Metadata "
              f"(p50 {asked['p50']:.0f} ms, {asked['bytes'] / max(1, asked['replies']) / 1e6:.2f} MB) "
              f"p50 {produced['p50']:.2f} p99 {produced['p99']:.2f} ms: {ratios[-1]:.2f} times; "
              f"the broker took {processor_seconds(broker.pid) - before:.2f} s of the processors", flush=True)
    if ratios:
        print(f"p99 beside Metadata of all topics: {statistics.median(ratios):.2f} times that without", flush=True)


def measure(options, data, port):
    with tempfile.TemporaryDirectory() as folder:
        load = pathlib.Path(folder) / "load"
        subprocess.run(["cc", "-O2", "-o", load, HERE / "load.c"], check=True)
        broker, client = start(options, data, port)
        try:
            create(client, [("beside", 1)])
            finished(run(load, "latency", port, 1, acks=-1, rate=1000, partitions=1))
            idle = memory(broker.pid)["VmRSS"]
            more, rest = divmod(options.partitions, options.topics)
            names = [(f"scale-{number}", more + (number < rest)) for number in range(options.topics)]
            begun = time.time()
            for at in range(0, len(names), 100):
                codes = create_configured(client, names[at:at + 100])
                if codes:
                    raise SystemExit(f"scale.py: topics were refused: {codes}")
            took, grown = time.time() - begun, memory(broker.pid)["VmRSS"] - idle
            print(f"{options.topics} topics, {options.partitions} partitions created in {took:.2f} s; resident {idle:.0f} + "
                  f"{grown:.0f} MB: {grown * 1024 / options.partitions:.2f} KiB a partition", flush=True)
            if not options.command:
                broker.send_signal(signal.SIGTERM)
                broker.wait()
                begun = time.time()
                broker, client = start(options, data, port)
                client.call(frame(3, 4, struct.pack(">ib", -1, 0)))
                started = time.time() - begun
                time.sleep(3)
                grown = memory(broker.pid)["VmRSS"] - idle
                print(f"started anew in {started:.2f} s; {grown * 1024 / options.partitions:.2f} KiB a partition", flush=True)
            rounds(options, load, broker, port)
            begun = time.time()
            for at in range(0, len(names), 100):
                delete(client, [name for name, _ in names[at:at + 100]])
            print(f"deleted in {time.time() - begun:.2f} s", flush=True)
        finally:
            broker.send_signal(signal.SIGTERM)
            broker.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", default=".build/release/apus")
    parser.add_argument("--command", default="", help="another broker's command, with {dir} and {port}")
    parser.add_argument("--topics", type=int, default=20000)
    parser.add_argument("--partitions", type=int, default=50000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rate", type=float, default=5)
    parser.add_argument("--data", default="")
    options = parser.parse_args()
    in_own_directory(options, "scale", measure)


if __name__ == "__main__":
    main()
