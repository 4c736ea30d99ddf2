"""Writes and commits while partitions move, and checks what came of it: every record once and in order, every
commit the last one.

    moves.py --bootstrap HOST:PORT --topic TOPIC --partitions N --stop FILE

Writes until FILE is there. Prints how many records were written.
"""

import argparse
import os
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

parser = argparse.ArgumentParser()
parser.add_argument("--bootstrap", required=True)
parser.add_argument("--topic", required=True)
parser.add_argument("--partitions", type=int, required=True)
parser.add_argument("--stop", required=True)
arguments = parser.parse_args()

failures = []
counts = [0] * arguments.partitions
producer = Producer({
    "bootstrap.servers": arguments.bootstrap, "enable.idempotence": True, "linger.ms": 2,
    "queue.buffering.max.messages": 20000})
committer = Consumer({
    "bootstrap.servers": arguments.bootstrap, "group.id": "movers", "enable.auto.commit": False})


def delivered(error, message):
    if error is not None:
        failures.append(str(error))


commits = 0
deadline = time.monotonic() + 90
while not os.path.exists(arguments.stop) and time.monotonic() < deadline:
    for partition in range(arguments.partitions):
        for _ in range(20):
            while True:
                try:
                    producer.produce(
                        arguments.topic, b"%d:%d" % (partition, counts[partition]) + b"x" * 500,
                        partition=partition, on_delivery=delivered)
                    break
                except BufferError:
                    producer.poll(0.05)
            counts[partition] += 1
    producer.poll(0)
    commits += 1
    committer.commit(
        offsets=[TopicPartition(arguments.topic, p, commits) for p in range(arguments.partitions)],
        asynchronous=False)
assert producer.flush(30) == 0, "records are left that nobody took"
assert not failures, failures[:3]
stored = committer.committed([TopicPartition(arguments.topic, p) for p in range(arguments.partitions)], timeout=10)
assert all(place.offset == commits for place in stored), stored
committer.close()

reader = Consumer({
    "bootstrap.servers": arguments.bootstrap, "group.id": "readers", "enable.auto.commit": False,
    "enable.partition.eof": True})
reader.assign([TopicPartition(arguments.topic, p, 0) for p in range(arguments.partitions)])
seen, ended = [0] * arguments.partitions, set()
deadline = time.monotonic() + 60
while len(ended) < arguments.partitions:
    assert time.monotonic() < deadline, f"read {seen} of {counts}"
    message = reader.poll(1)
    if message is None:
        continue
    if message.error():
        assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
        ended.add(message.partition())
        continue
    partition = message.partition()
    wanted = b"%d:%d" % (partition, seen[partition])
    assert message.value().rstrip(b"x") == wanted, (message.value()[:40], wanted)
    assert message.offset() == seen[partition], (message.offset(), seen[partition])
    seen[partition] += 1
assert seen == counts, (seen, counts)
reader.close()
print(f"{sum(counts)} records, {commits} commits")
