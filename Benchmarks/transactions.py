#!/usr/bin/env python3
"""What transactions cost: commits a second and how long one takes, from one producer and from many, here and beside Kafka.

Usage: transactions.py --broker .build/release/apus [--beside 'kafka.sh exec {dir} {port}'] [--producers 1,50] [--seconds 10]
                       [--records 100] [--rounds 3]
Each producer is librdkafka's, in one of five processes, and commits transactions of `records` records of 100 bytes over four
partitions, one after the other. Brokers take turns within each round, on directories of their own; printed are commits a
second, the median and the 99th percentile of a transaction in milliseconds, and with --beside the ratios of each round.
Apus has every verdict and marker on the disk before it answers, Kafka in the page cache.
"""
import argparse
import multiprocessing
import statistics
import threading
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from console import start
from creation import in_own_directory

PROCESSES = 5
PARTITIONS = 4
WARMING_UP = 2  # seconds that do not count


def commit(port, number, options, begins, took):
    producer = Producer({
        "bootstrap.servers": f"127.0.0.1:{port}", "transactional.id": f"bench-{number}", "linger.ms": 0, "log_level": 0})
    producer.init_transactions(60)
    value = b"v" * 100
    ends = begins + options.seconds
    while (begun := time.monotonic()) < ends:
        producer.begin_transaction()
        for record in range(options.records):
            producer.produce("bench", value, partition=record % PARTITIONS)
        producer.commit_transaction(60)
        if begun >= begins:
            took.append(time.monotonic() - begun)


def work(port, numbers, options, begins, results):
    took = []
    threads = [threading.Thread(target=commit, args=(port, n, options, begins, took)) for n in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(took)


def measure_one(options, port, producers):
    """Commits a second, and the median and 99th percentile of one in milliseconds."""
    results = multiprocessing.Queue()
    begins = time.monotonic() + WARMING_UP
    processes = [
        multiprocessing.Process(
            target=work, args=(port, range(first, producers, PROCESSES), options, begins, results))
        for first in range(min(PROCESSES, producers))]
    for process in processes:
        process.start()
    took = sorted(one for _ in processes for one in results.get())
    for process in processes:
        process.join()
    return len(took) / options.seconds, 1000 * statistics.median(took), 1000 * took[int(0.99 * (len(took) - 1))]


def measure(options, data, port):
    commands = {"apus": ""}
    if options.beside:
        commands["other"] = options.beside
    running = []
    try:
        for number, (name, options.command) in enumerate(commands.items()):
            broker, _ = start(options, f"{data}{number}", port + 2 * number)
            running.append(broker)
            admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{port + 2 * number}", "log_level": 0})
            admin.create_topics([NewTopic("bench", PARTITIONS, 1)])["bench"].result()
        for producers in map(int, options.producers.split(",")):
            for turn in range(options.rounds):
                figures = []
                for number, name in enumerate(commands):
                    rate, median, slow = measure_one(options, port + 2 * number, producers)
                    figures.append((rate, slow))
                    print(f"{producers} producers, round {turn + 1}, {name}: {rate:.0f} commits/s, "
                          f"p50 {median:.2f}, p99 {slow:.2f} ms", flush=True)
                if len(figures) == 2:
                    (rate, slow), (other, other_slow) = figures
                    print(f"  {rate / other:.2f} times the commits, p99 {slow / other_slow:.2f} times", flush=True)
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
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--records", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", default="")
    options = parser.parse_args()
    in_own_directory(options, "transactions", measure)


if __name__ == "__main__":
    main()
