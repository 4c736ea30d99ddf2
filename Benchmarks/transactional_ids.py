#!/usr/bin/env python3
"""What many transactional ids and open transactions take: memory, and how soon after a kill -9 they are there again.

Usage: transactional_ids.py --broker .build/release/apus [--ids 100000] [--open 10000] [--rounds 5]
Fifty producers (transactions.c) make the ids one after another, and leave a transaction of four records over four partitions
open with the first of them. Then the broker is killed and started again, several times. Printed are the memory that is
resident before and after, and for each start how long it takes until the broker answers anything, and until it has
committed a fiftieth of what was open, which concerns every shard of the coordinator.
"""
import argparse
import subprocess
import tempfile
import time

from confluent_kafka.admin import AdminClient, NewTopic
from creation import in_own_directory, memory
from partitions import Client, frame
from transactions import PARTITIONS, compile_client

PRODUCERS = 50


def run(client, mode, port, sent="", **options):
    words = [f"{name}={value}" for name, value in options.items()]
    return subprocess.run([client, mode, str(port), "bench", f"producers={PRODUCERS}", f"partitions={PARTITIONS}", *words],
                          input=sent, stdout=subprocess.PIPE, check=True, text=True).stdout


def start(options, data, port):
    """The broker, once it answers."""
    broker = subprocess.Popen([options.broker, "serve", "--data", data, "--listen", f"127.0.0.1:{port}"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(60_000):
        try:
            Client(port).call(frame(18, 0, b""))
            return broker
        except (OSError, SystemExit):
            time.sleep(0.001)
    raise SystemExit("transactional_ids.py: the broker does not answer")


def resident(broker):
    return memory(broker.pid)["VmRSS"]


def measure(options, data, port):
    with tempfile.TemporaryDirectory() as folder:
        client = compile_client(folder)
        broker = start(options, data, port)
        try:
            admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0})
            admin.create_topics([NewTopic("bench", PARTITIONS, 1)])["bench"].result()
            run(client, "leave", port, ids=PRODUCERS, open=PRODUCERS, records=PARTITIONS)
            before = resident(broker)
            begun = time.monotonic()
            left = run(client, "leave", port, ids=options.ids, open=options.open, records=PARTITIONS).splitlines()
            print(f"{options.ids} ids, {options.open} open transactions in {time.monotonic() - begun:.1f} s: "
                  f"resident {before:.1f} → {resident(broker):.1f} MB", flush=True)
            share = options.open // 50
            for turn in range(options.rounds):
                broker.kill()
                broker.wait()
                begun = time.monotonic()
                broker = start(options, data, port)
                answered = time.monotonic() - begun
                run(client, "finish", port, "\n".join(left[:share]))
                committed, left = time.monotonic() - begun, left[share:]
                print(f"start {turn + 1} after kill -9: answers after {answered:.3f} s, {share} open transactions are "
                      f"committed after {committed:.3f} s; resident {resident(broker):.1f} MB", flush=True)
        finally:
            broker.kill()
            broker.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", default=".build/release/apus")
    parser.add_argument("--ids", type=int, default=100_000)
    parser.add_argument("--open", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", default="")
    options = parser.parse_args()
    in_own_directory(options, "transactional-ids", measure)


if __name__ == "__main__":
    main()
