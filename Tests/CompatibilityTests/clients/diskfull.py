"""A producer and a consumer on a disk that fills up. Usage: diskfull.py BOOTSTRAP STATE fill|produce COUNT|refused|check

fill       produces until the broker refuses, which must be with KAFKA_STORAGE_ERROR; prints how much it took
produce N  produces N records, none of which may be refused
refused    produces one record, which must be refused with KAFKA_STORAGE_ERROR
check      reads everything and compares what was acknowledged with what is there
STATE is the file that remembers what was acknowledged: partition, offset and digest of each record.
"""
import hashlib
import sys

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

TOPIC = "full"
PARTITIONS = 4
BYTES = 48 * 1024
FILL_MAX = 20_000


def value_of(number):
    seed = hashlib.sha256(str(number).encode()).digest()
    return (seed * (BYTES // len(seed) + 1))[:BYTES]


def produce(bootstrap, state, count):
    """Produces up to `count` records; how many were acknowledged, and the error of the first that was not."""
    producer = Producer({
        "bootstrap.servers": bootstrap, "acks": "all", "retries": 0, "linger.ms": 1,
        "message.timeout.ms": 20000, "queue.buffering.max.messages": 64,
    })
    first = lines(state)
    acknowledged, failures = [], []

    def delivered(number):
        def report(error, message):
            if error is None:
                digest = hashlib.sha256(value_of(number)).hexdigest()
                acknowledged.append((message.partition(), message.offset(), digest))
            else:
                failures.append(error.code())
        return report

    for number in range(first, first + count):
        while True:
            try:
                producer.produce(
                    TOPIC, value=value_of(number), partition=number % PARTITIONS, on_delivery=delivered(number))
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        if failures:
            break
    producer.flush(30)
    with open(state, "a") as out:
        for entry in acknowledged:
            out.write("%d %d %s\n" % entry)
    return len(acknowledged), failures


def lines(path):
    try:
        with open(path) as file:
            return sum(1 for _ in file)
    except FileNotFoundError:
        return 0


def check(bootstrap, state):
    expected = {}
    with open(state) as file:
        for line in file:
            partition, offset, digest = line.split()
            expected[int(partition), int(offset)] = digest
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False,
        "auto.offset.reset": "error", "enable.partition.eof": True,
    })
    consumer.assign([TopicPartition(TOPIC, partition, 0) for partition in range(PARTITIONS)])
    ended = set()
    for _ in range(10 * len(expected) + 1000):
        message = consumer.poll(20)
        assert message is not None, "nothing more comes, %d records are missing" % len(expected)
        if message.error():
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            ended.add(message.partition())
            if len(ended) == PARTITIONS:
                break
            continue
        digest = expected.pop((message.partition(), message.offset()), None)
        if digest is not None:
            assert hashlib.sha256(message.value()).hexdigest() == digest, "another record is at its offset"
    consumer.close()
    assert not expected, "%d acknowledged records are gone" % len(expected)


def main():
    bootstrap, state, mode = sys.argv[1:4]
    if mode == "check":
        check(bootstrap, state)
        return
    count = {"fill": FILL_MAX, "refused": 1}.get(mode) or int(sys.argv[4])
    acknowledged, failures = produce(bootstrap, state, count)
    if mode in ("fill", "refused"):
        assert failures, "%d records went in, and the disk is not full" % acknowledged
        wrong = [code for code in failures if code != KafkaError.KAFKA_STORAGE_ERROR]
        assert not wrong, "other errors than KAFKA_STORAGE_ERROR: %s" % wrong[:5]
    else:
        assert not failures, "refused: %s" % failures[:5]
    print(acknowledged)


main()
