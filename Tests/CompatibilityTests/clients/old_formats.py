"""Clients of the time before format v2: old_formats.py BOOTSTRAP BASE, with PYTHONPATH on kafka-python 1.4, which speaks as
brokers of 0.8.2, 0.9 and 0.10 understood it. Each writes with each codec, and each reads what the others wrote, and what
librdkafka writes today, whose headers it does not see."""

import sys
import time
from types import SimpleNamespace

import kafka
import kafka.codec
from confluent_kafka import Producer
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

import expected
from odd_bytes import xxh32

COUNT = 600
VERSIONS = [(0, 8, 2), (0, 9), (0, 10, 0)]
OLD_CODECS = ("none", "gzip", "snappy", "lz4")
DEADLINE = 60

# The package would compute the old checksum of lz4's header with a library that nothing else here needs.
kafka.codec.xxhash = SimpleNamespace(
    xxh32=lambda data: SimpleNamespace(digest=lambda: xxh32(bytes(data)).to_bytes(4, "big")))


def has_times(version):
    return version >= (0, 10)


def write_old(bootstrap, topic, codec, version, base):
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, api_version=version, compression_type=None if codec == "none" else codec,
        acks="all", linger_ms=20, batch_size=20_000, retries=0)
    times = (lambda number: {"timestamp_ms": expected.timestamp(number, base)}) if has_times(version) else (lambda _: {})
    waiting = [
        producer.send(topic, value=expected.value(number), key=expected.key(number), partition=expected.partition(number),
                      **times(number))
        for number in range(COUNT)]
    producer.flush(DEADLINE)
    failures = [one for one in waiting if not one.succeeded()]
    if failures:
        expected.fail(f"{topic}: {len(failures)} records not delivered: {failures[0].exception}")
    producer.close()


def write_new(bootstrap, topic, codec, base):
    failures = []
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": codec, "linger.ms": 20})
    for number in range(COUNT):
        producer.produce(
            topic, value=expected.value(number), key=expected.key(number), partition=expected.partition(number),
            headers=expected.headers(number), timestamp=expected.timestamp(number, base),
            on_delivery=lambda error, _: failures.append(str(error)) if error else None)
    if producer.flush(DEADLINE) or failures:
        expected.fail(f"{topic}: records not delivered: {failures[:3]}")


def read_old(consumer, topic, version, base, written_with_times):
    parts = [TopicPartition(topic, part) for part in range(expected.PARTITIONS)]
    consumer.assign(parts)
    for part in parts:
        consumer.seek(part, 0)
    checker = expected.Checker(COUNT, base, with_headers=False, with_timestamps=has_times(version) and written_with_times)
    end = time.monotonic() + DEADLINE
    while not checker.done:
        if time.monotonic() > end:
            expected.fail(f"{topic} as {version}: only {checker.seen} of {COUNT} records in time")
        for part, records in consumer.poll(timeout_ms=500, max_records=5000).items():
            for record in records:
                checker.accept(part.partition, record.offset, record.key, record.value, None, record.timestamp)
                # What has no time says so.
                if has_times(version) and not written_with_times and record.timestamp != -1:
                    expected.fail(f"{topic} as {version}: a time of {record.timestamp} that nobody gave")


def main(bootstrap, base):
    assert kafka.__version__.startswith("1.4."), kafka.__version__
    topics = {}
    for version in VERSIONS:
        for codec in OLD_CODECS:
            topic = f"{'.'.join(map(str, version))}-{codec}"
            write_old(bootstrap, topic, codec, version, base)
            topics[topic] = has_times(version)
    for codec in expected.CODECS:
        write_new(bootstrap, f"new-{codec}", codec, base)
        topics[f"new-{codec}"] = True
    for version in VERSIONS:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap, api_version=version, group_id=None, auto_offset_reset="earliest",
            enable_auto_commit=False, check_crcs=True)
        for topic, with_times in topics.items():
            read_old(consumer, topic, version, base, with_times)
        consumer.close()
    print(f"{len(topics)} topics read by {len(VERSIONS)} versions")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
