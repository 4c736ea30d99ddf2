"""Transactions of real clients: who reads committed sees all of a transaction or nothing of it.

    transactions.py SCENARIO PORT LOG -- COMMAND…
"""

import asyncio
import collections
import sys
import time

from aiokafka import AIOKafkaProducer
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata
from kafka.structs import TopicPartition as Place

from broker import BrokerProcess

LIMIT = 30
PARTITIONS = 2


class World:
    """A broker with topics `in` and `out`, and what clients do with it."""

    def __init__(self, port, log, command):
        self.address = f"127.0.0.1:{port}"
        self.broker = BrokerProcess(command, port, log)
        self.broker.start()
        admin = AdminClient({"bootstrap.servers": self.address})
        made = admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in ("in", "out")])
        for future in made.values():
            future.result(LIMIT)

    def producer(self, name, **settings):
        """A transactional producer, which has its id."""
        producer = Producer({
            "bootstrap.servers": self.address, "transactional.id": name,
            **{key.replace("_", "."): value for key, value in settings.items()}})
        producer.init_transactions(LIMIT)
        return producer

    def consumer(self, group, **settings):
        return Consumer({
            "bootstrap.servers": self.address, "group.id": group, "auto.offset.reset": "earliest",
            "isolation.level": "read_committed", "enable.auto.commit": False, "enable.partition.eof": True,
            **{key.replace("_", "."): value for key, value in settings.items()}})

    def read(self, topic="out", level="read_committed"):
        """All values of a topic, in order of their text."""
        consumer = self.consumer("reader", isolation_level=level)
        consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        values, ended, deadline = [], set(), time.monotonic() + LIMIT
        while len(ended) < PARTITIONS:
            assert time.monotonic() < deadline, f"{topic} has no end for {level}: {values}"
            message = consumer.poll(1)
            if message is None:
                continue
            if message.error():
                ended.add(message.partition())
            else:
                values.append(message.value().decode())
        consumer.close()
        return sorted(values)

    def ends(self, level):
        """Where the partitions of `out` end for who reads at `level`."""
        consumer = self.consumer("reader", isolation_level=level)
        ends = [
            consumer.get_watermark_offsets(TopicPartition("out", number), LIMIT)[1]
            for number in range(PARTITIONS)]
        consumer.close()
        return ends

    def restart(self):
        self.broker.kill()
        self.broker.start()


def write(producer, values, topic="out"):
    """Begins a transaction and writes into both partitions, durably."""
    producer.begin_transaction()
    for number, value in enumerate(values):
        producer.produce(topic, value, partition=number % PARTITIONS)
    assert producer.flush(LIMIT) == 0, "not everything was acknowledged"


def expect(world, wanted, level="read_committed"):
    """Nothing but these values is in the output, and soon all of them are: an end is answered when it stands, before
    each partition has its marker."""
    deadline = time.monotonic() + LIMIT
    while (found := world.read(level=level)) != sorted(wanted):
        surplus = collections.Counter(found) - collections.Counter(wanted)
        assert not surplus, f"{sorted(surplus)} beside {sorted(wanted)}"
        assert time.monotonic() < deadline, f"{found} instead of {sorted(wanted)}"


def commit_and_abort(world):
    """Two producers, interleaved: one commits, the other one does not."""
    one, other = world.producer("one"), world.producer("other")
    write(one, ["a", "b"])
    write(other, ["c", "d"])
    expect(world, [])
    one.commit_transaction(LIMIT)
    expect(world, ["a", "b", "c", "d"], level="read_uncommitted")
    other.abort_transaction(LIMIT)
    expect(world, ["a", "b"])
    for number in range(20):
        write(one, [f"e{number}"])
        one.commit_transaction(LIMIT)
    expect(world, ["a", "b"] + [f"e{number}" for number in range(20)])


def zombie(world):
    """A producer that takes the id has the other one's transaction aborted, and fences it."""
    former = world.producer("one")
    write(former, ["lost"])
    later = world.producer("one")
    expect(world, [])
    try:
        former.commit_transaction(LIMIT)
        raise AssertionError("a fenced producer committed")
    except KafkaException as error:
        assert error.args[0].fatal(), error
    write(later, ["kept"])
    later.commit_transaction(LIMIT)
    expect(world, ["kept"])


def timeout(world):
    """A producer that is gone holds up readers no longer than its timeout."""
    gone = world.producer("one", transaction_timeout_ms=2000)
    write(gone, ["lost"])
    began = time.monotonic()
    while world.ends("read_committed") != world.ends("read_uncommitted"):
        assert time.monotonic() - began < LIMIT, "the transaction is still open"
        time.sleep(0.1)
    expect(world, [])
    try:
        gone.commit_transaction(LIMIT)
        raise AssertionError("a transaction was committed that had been aborted")
    except KafkaException:
        pass


def transform(world, **settings):
    """Each input is there once in the output, with its offset, though every third transaction is aborted."""
    source = world.producer("source")
    inputs = [f"{number:02}" for number in range(30)]
    for first in range(0, len(inputs), 10):
        write(source, inputs[first:first + 10], "in")
        source.commit_transaction(LIMIT)
    producer, rounds, done = world.producer("transform"), 0, 0
    consumer = world.consumer("group", **settings)
    consumer.subscribe(["in"])
    deadline = time.monotonic() + 2 * LIMIT
    while done < len(inputs):
        assert time.monotonic() < deadline, f"{done} in {rounds} rounds"
        messages = [message for message in consumer.consume(4, 1) if not message.error()]
        if not messages:
            continue
        rounds += 1
        producer.begin_transaction()
        for message in messages:
            producer.produce("out", message.value(), partition=message.partition())
        ends = {}
        for message in messages:
            ends[message.partition()] = message.offset() + 1
        producer.send_offsets_to_transaction(
            [TopicPartition("in", partition, offset) for partition, offset in ends.items()],
            consumer.consumer_group_metadata(), LIMIT)
        if rounds % 3 == 0:
            producer.abort_transaction(LIMIT)
            for place in consumer.committed([TopicPartition("in", partition) for partition in ends], LIMIT):
                consumer.seek(TopicPartition("in", place.partition, max(0, place.offset)))
            continue
        producer.commit_transaction(LIMIT)
        done += len(messages)
    consumer.close()
    expect(world, inputs)


def transform_new(world):
    """The same with a group of the new protocol (KIP-848)."""
    transform(world, group_protocol="consumer")


def restart(world):
    """The broker is killed at every step; what was answered stays, and nothing else is seen."""
    producer, wanted = world.producer("one"), []
    for step in ("begun", "written", "committed", "aborted"):
        if step == "begun":
            producer.begin_transaction()
            world.restart()
            producer.produce("out", step, partition=0)
            producer.commit_transaction(LIMIT)
            wanted.append(step)
            continue
        write(producer, [step, step + "!"])
        if step == "written":
            world.restart()
        (producer.abort_transaction if step == "aborted" else producer.commit_transaction)(LIMIT)
        if step != "aborted":
            wanted += [step, step + "!"]
        if step != "written":
            world.restart()
        expect(world, wanted)
    write(producer, ["last"])
    producer.commit_transaction(LIMIT)
    expect(world, wanted + ["last"])


def other_client(world):
    """aiokafka, which speaks the first version of the protocol."""

    async def run():
        producer = AIOKafkaProducer(bootstrap_servers=world.address, transactional_id="aio")
        await producer.start()
        for value, fails in ((b"a", False), (b"b", True), (b"c", False)):
            try:
                async with producer.transaction():
                    await producer.send_and_wait("out", value, partition=0)
                    await producer.send_and_wait("out", value, partition=1)
                    if fails:
                        raise ValueError
            except ValueError:
                pass
        await producer.stop()

    asyncio.run(run())
    expect(world, ["a", "a", "c", "c"])


def kafka_python(world):
    """kafka-python, of the first version of the protocol too: commits and aborts, a zombie, offsets."""

    def producer():
        made = KafkaProducer(bootstrap_servers=world.address, transactional_id="python")
        made.init_transactions()
        return made

    def write(producer, value):
        producer.begin_transaction()
        for sent in [producer.send("out", value, partition=number) for number in range(PARTITIONS)]:
            sent.get(LIMIT)

    former = producer()
    for value, end in ((b"a", former.commit_transaction), (b"b", former.abort_transaction)):
        write(former, value)
        end()
    expect(world, ["a", "a"])
    write(former, b"lost")
    later = producer()
    try:
        former.commit_transaction()
        raise AssertionError("a fenced producer committed")
    except KafkaError:
        pass
    finally:
        former.close(timeout=1)
    consumer = KafkaConsumer(
        bootstrap_servers=world.address, group_id="python", enable_auto_commit=False, isolation_level="read_committed")
    place = Place("out", 0)
    for offset, end in ((1, later.commit_transaction), (2, later.abort_transaction), (3, None)):
        write(later, b"kept" if offset == 1 else b"lost")
        later.send_offsets_to_transaction({place: OffsetAndMetadata(offset, "note", -1)}, consumer.group_metadata())
        if end:
            end()
            assert consumer.committed(place) == 1, f"after {offset}"
    later.close(timeout=1)
    consumer.close()
    expect(world, ["a", "a", "kept", "kept"])


def main():
    name, port, log = sys.argv[1:4]
    world = World(int(port), log, sys.argv[5:])
    try:
        globals()[name](world)
    finally:
        world.broker.kill()


main()
