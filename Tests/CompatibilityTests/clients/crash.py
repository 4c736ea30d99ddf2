"""Kills the broker with SIGKILL under load, starts it again, and checks what was promised. Prints its seed first.

    crash.py --rounds N --seed S --port PORT --log FILE -- COMMAND…

Raw producers keep five idempotent batches in flight and send again, after each crash, what was not acknowledged, as any
client does. A librdkafka producer lives through all crashes beside them. Readers note what they see. Promised is: no
acknowledged record is lost, none of a producer's records is reordered or doubled, an offset never changes its content,
whatever a reader saw stays, and each of a producer's last five batches, sent once more, is answered with its old offset.
"""

import argparse
import collections
import os
import pathlib
import random
import sys
import threading
import time

from confluent_kafka import Producer

import wire
from broker import BrokerProcess

TOPIC = "crash"
RAW_PARTITIONS = 3
LIBRARY_PARTITION = 3
IN_FLIGHT = 5
RECORDS = 5


class RawProducer:
    """An idempotent producer whose every batch is known: number n of RECORDS records has sequence n * RECORDS."""

    def __init__(self, number, partition):
        self.number = number
        self.partition = partition
        self.identity = None
        self.next = 0
        # In order of sending: batches without an answer, and the offsets of all that were acknowledged.
        self.open = collections.deque()
        self.offsets = []

    def data(self, batch):
        producer, epoch = self.identity
        values = [b"%d:%d" % (self.number, batch * RECORDS + n) for n in range(RECORDS)]
        return wire.batch(values, producer, epoch, batch * RECORDS)

    def connect(self, port):
        self.connection = wire.Connection(port)
        if self.identity is None:
            self.identity = self.connection.producer_id()

    def take(self):
        error, offset = self.connection.receive_produce(TOPIC)
        batch = self.open[0]
        assert error == 0, f"producer {self.number}, batch {batch}: error {error}"
        assert not self.offsets or offset > self.offsets[-1], (
            f"producer {self.number}: batch {batch} got offset {offset}, the one before {self.offsets[-1]}")
        self.open.popleft()
        self.offsets.append(offset)

    def load(self, stop):
        """Keeps IN_FLIGHT batches on their way until the connection breaks."""
        try:
            while not stop.is_set():
                while len(self.open) < IN_FLIGHT:
                    self.connection.send_produce(TOPIC, self.partition, self.data(self.next))
                    self.open.append(self.next)
                    self.next += 1
                self.take()
        except (OSError, ConnectionError):
            pass

    def resume(self, port):
        """Sends again what was not answered; then the last five batches once more, which must change nothing."""
        self.connect(port)
        for batch in self.open:
            self.connection.send_produce(TOPIC, self.partition, self.data(batch))
        while self.open:
            self.take()
        last = range(max(0, len(self.offsets) - IN_FLIGHT), len(self.offsets))
        for batch in last:
            self.connection.send_produce(TOPIC, self.partition, self.data(batch))
        for batch in last:
            error, offset = self.connection.receive_produce(TOPIC)
            assert (error, offset) == (0, self.offsets[batch]), (
                f"producer {self.number}: batch {batch} stands at {self.offsets[batch]}; its duplicate was answered with "
                f"error {error}, offset {offset}")


class Reader:
    """Follows one partition and keeps what it saw, offset by offset."""

    def __init__(self, partition):
        self.partition = partition
        self.seen = {}

    def follow(self, port, stop):
        try:
            connection = wire.Connection(port)
            offset = max(self.seen, default=-1) + 1
            while not stop.is_set():
                error, _, data = connection.fetch(TOPIC, self.partition, offset, wait=50)
                assert error == 0, f"partition {self.partition}: error {error} at offset {offset}"
                for found, _, _, value in wire.records(data):
                    if found >= offset:
                        self.seen[found] = value
                        offset = found + 1
        except (OSError, ConnectionError):
            pass

    def read_all(self, port):
        """Everything from offset 0; what was seen before must still be there."""
        connection = wire.Connection(port)
        values = []
        while True:
            error, high, data = connection.fetch(TOPIC, self.partition, len(values))
            assert error == 0, f"partition {self.partition}: error {error}"
            for offset, _, _, value in wire.records(data):
                if offset < len(values):
                    continue
                assert offset == len(values), f"partition {self.partition}: {offset} follows {len(values) - 1}"
                values.append(value)
            if len(values) >= high:
                break
        for offset, value in self.seen.items():
            assert offset < len(values), f"partition {self.partition}: offset {offset}, seen before, is gone"
            assert values[offset] == value, (
                f"partition {self.partition}: offset {offset} was {value!r} and is {values[offset]!r}")
        self.seen = dict(enumerate(values))
        return values


class Library:
    """librdkafka's idempotent producer, which sends again by itself."""

    def __init__(self, port):
        self.sent = 0
        self.acknowledged = {}
        self.failures = []
        self.producer = Producer({
            "bootstrap.servers": f"127.0.0.1:{port}", "enable.idempotence": True, "linger.ms": 2,
            "message.timeout.ms": 120_000, "reconnect.backoff.max.ms": 500, "log_level": 0,
        })

    def load(self, stop):
        while not stop.is_set():
            number = self.sent

            def delivered(error, message, number=number):
                if error:
                    self.failures.append(str(error))
                else:
                    self.acknowledged[number] = message.offset()
            self.producer.produce(TOPIC, b"%d" % number, partition=LIBRARY_PARTITION, on_delivery=delivered)
            self.sent += 1
            self.producer.poll(0.001)

    def finish(self):
        assert self.producer.flush(100) == 0 and not self.failures, f"librdkafka: {self.failures[:3]}"

    def compare(self, values):
        assert values == [b"%d" % n for n in range(self.sent)], "librdkafka's records are lost, doubled or out of order"
        assert all(values[offset] == b"%d" % n for n, offset in self.acknowledged.items())


def check_raw(producers, partitions):
    for producer in producers:
        prefix = b"%d:" % producer.number
        values = partitions[producer.partition]
        own = [(offset, value) for offset, value in enumerate(values) if value.startswith(prefix)]
        wanted = [prefix + b"%d" % n for n in range(producer.next * RECORDS)]
        assert [value for _, value in own] == wanted, (
            f"producer {producer.number}: {len(own)} records, wanted {len(wanted)} in order")
        for batch, offset in enumerate(producer.offsets):
            for record in range(RECORDS):
                assert own[batch * RECORDS + record][0] == offset + record, (
                    f"producer {producer.number}: batch {batch} was acknowledged at {offset}")


def plant_loss(directory):
    """Cuts acknowledged records off one partition, to show that the checks notice."""
    [log] = [p for p in pathlib.Path(directory).rglob("*.log") if p.parent.name == f"{TOPIC}-1"]
    size = len(log.read_bytes().rstrip(b"\0"))
    os.truncate(log, size // 2)


def run_round(broker, producers, readers, library, random_seconds, planted_in=None):
    stop = threading.Event()
    failures = []

    def guarded(work, *arguments):
        try:
            work(*arguments)
        except Exception as error:  # handed to the main thread below
            failures.append(error)
    threads = [threading.Thread(target=guarded, args=(p.load, stop)) for p in producers]
    threads += [threading.Thread(target=guarded, args=(r.follow, broker.port, stop)) for r in readers]
    threads.append(threading.Thread(target=guarded, args=(library.load, stop)))
    for thread in threads:
        thread.start()
    time.sleep(random_seconds)
    broker.kill()
    stop.set()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    if planted_in:
        plant_loss(planted_in)
    started = time.monotonic()
    broker.start()
    recovery = time.monotonic() - started
    for producer in producers:
        producer.resume(broker.port)
    library.finish()
    values = [reader.read_all(broker.port) for reader in readers]
    check_raw(producers, values)
    library.compare(values[LIBRARY_PARTITION])
    return recovery, sum(map(len, values))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--plant-loss-in", help="data directory: damage it after the first crash; the run must fail")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    dice = random.Random(options.seed)
    broker = BrokerProcess(options.command, options.port, options.log)
    broker.start()
    try:
        connection = wire.Connection(options.port)
        error = connection.create_topic(TOPIC, RAW_PARTITIONS + 1)
        assert error == 0, f"CreateTopics: error {error}"
        time.sleep(0.5)
        # Two producers share partition 0, so that one's batches lie between the other's.
        producers = [RawProducer(n, partition) for n, partition in enumerate([0, 0, 1, 2])]
        for producer in producers:
            producer.connect(options.port)
        readers = [Reader(p) for p in range(RAW_PARTITIONS + 1)]
        library = Library(options.port)
        for number in range(options.rounds):
            recovery, count = run_round(
                broker, producers, readers, library, dice.uniform(0.1, 0.8), options.plant_loss_in)
            print(f"round {number + 1}: ready again after {recovery:.3f} s, {count} records stand", flush=True)
    except AssertionError as broken:
        print(f"FAILED: {broken}", file=sys.stderr)
        sys.exit(1)
    finally:
        broker.kill()


if __name__ == "__main__":
    main()
