#!/usr/bin/env python3
"""What transactions cost: commits a second and how long one takes, from one producer and from many, here and beside Kafka.

Usage: transactions.py --broker .build/release/apus [--beside 'kafka.sh exec {dir} {port}'] [--producers 1,50] [--seconds 10]
                       [--protocols 1,2] [--records 100] [--rounds 3] [--pause 0] [--backoff 20] [--reading]
The producers (transactions.c) cost little and are the same for both brokers: each commits transactions of `records` records
of 100 bytes over four partitions, one after the other: AddPartitionsToTxn (protocol 1 alone, which librdkafka speaks; with
protocol 2, Java's, Produce does that), Produce with all of them, EndTxn. Brokers take turns within each round, on directories
of their own; printed are commits a second, the median and the 99th percentile of a transaction in milliseconds, how often a
producer had to ask again, and with --beside the ratios of each round and their medians.
Apus has every verdict and marker on the disk before it answers, Kafka in the page cache.
With --reading what was committed is then read again and again (load.c), in turns read_uncommitted and read_committed, and
what that costs the broker's processor is compared.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

from bench import TICKS, compile_load
from confluent_kafka.admin import AdminClient, NewTopic
from console import start
from creation import in_own_directory

HERE = pathlib.Path(__file__).resolve().parent
PARTITIONS = 4


def compile_client(folder):
    target = pathlib.Path(folder) / "transactions"
    subprocess.run(["cc", "-O2", "-o", target, HERE / "transactions.c", "-lpthread"], check=True)
    return target


def run(client, mode, port, topic, **options):
    words = [f"{name}={value}" for name, value in options.items()]
    return json.loads(subprocess.run([client, mode, str(port), topic, *words], stdout=subprocess.PIPE, check=True).stdout)


def commits(client, port, producers, protocol, options):
    """Commits a second and the 99th percentile, and a sentence about them."""
    found = run(client, "commit", port, "bench", producers=producers, protocol=protocol, records=options.records,
                partitions=PARTITIONS, seconds=options.seconds, pause=options.pause, backoff=options.backoff)
    rate = found["commits"] / found["seconds"]
    return rate, found["p99"], (f"{rate:.0f} commits/s, p50 {found['p50']:.2f}, p99 {found['p99']:.2f} ms, "
                                f"{found['retries']} asked again")


def compare_commits(client, ports, producers, protocol, options):
    ratios = []
    for turn in range(options.rounds):
        figures = []
        for name, port in ports.items():
            rate, slow, sentence = commits(client, port, producers, protocol, options)
            figures.append((rate, slow))
            print(f"{producers} producers, protocol {protocol}, round {turn + 1}, {name}: {sentence}", flush=True)
        if len(figures) == 2:
            (rate, slow), (other, other_slow) = figures
            ratios.append((rate / other, slow / other_slow))
            print(f"  {ratios[-1][0]:.2f} times the commits, p99 {ratios[-1][1]:.2f} times", flush=True)
    if ratios:
        print(f"{producers} producers, protocol {protocol}: {statistics.median(r for r, _ in ratios):.2f} times the commits, "
              f"p99 {statistics.median(p for _, p in ratios):.2f} times (medians of {len(ratios)} rounds)", flush=True)


def processor(broker):
    """Seconds that the broker's threads have run for."""
    fields = pathlib.Path(f"/proc/{broker.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def compare_reading(load, broker, port, options):
    ratios = []
    for turn in range(options.rounds):
        costs, rates = [], []
        for isolation in (0, 1):
            before = processor(broker)
            found = run(load, "fetch", port, "bench", conns=PARTITIONS, partitions=PARTITIONS, isolation=isolation,
                        seconds=options.seconds)
            costs.append((processor(broker) - before) / found["bytes"] * 1e9)
            rates.append(found["bytes"] / found["seconds"] / 1e6)
        ratios.append(costs[1] / costs[0])
        print(f"reading, round {turn + 1}: uncommitted {rates[0]:.0f} MB/s, {costs[0]:.3f} CPU s/GB; committed "
              f"{rates[1]:.0f} MB/s, {costs[1]:.3f} CPU s/GB: {ratios[-1]:.3f} times", flush=True)
    print(f"reading committed records: {statistics.median(ratios):.3f} times the processor's time (median)", flush=True)


def measure(options, data, port):
    commands = {"apus": ""}
    if options.beside:
        commands["other"] = options.beside
    running, ports = [], {}
    with tempfile.TemporaryDirectory() as folder:
        client = compile_client(folder)
        try:
            for number, (name, options.command) in enumerate(commands.items()):
                ports[name] = port + 2 * number
                broker, _ = start(options, f"{data}{number}", ports[name])
                running.append(broker)
                admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{ports[name]}", "log_level": 0})
                admin.create_topics([NewTopic("bench", PARTITIONS, 1)])["bench"].result()
            for protocol in map(int, options.protocols.split(",")):
                for producers in map(int, options.producers.split(",")):
                    compare_commits(client, ports, producers, protocol, options)
            if options.reading:
                compare_reading(compile_load(pathlib.Path(folder)), running[0], ports["apus"], options)
        finally:
            for broker in running:
                broker.terminate()
            for broker in running:
                broker.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", default=".build/release/apus")
    parser.add_argument("--beside", default="", help="another broker's command, with {dir} and {port}")
    parser.add_argument("--producers", default="1,50")
    parser.add_argument("--protocols", default="1,2")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--records", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0, help="milliseconds between two transactions of a producer")
    parser.add_argument("--backoff", type=float, default=20, help="milliseconds until a producer asks again that is told to")
    parser.add_argument("--reading", action="store_true")
    parser.add_argument("--data", default="")
    options = parser.parse_args()
    in_own_directory(options, "transactions", measure)


if __name__ == "__main__":
    main()
