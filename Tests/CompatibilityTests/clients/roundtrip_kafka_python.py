"""kafka-python: writes or reads the expected records. With PYTHONPATH on an old release it is the client of 2019."""

import time

import kafka
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

import expected

IS_OLD = kafka.__version__.startswith("1.")


def create(options):
    admin = KafkaAdminClient(bootstrap_servers=options.bootstrap)
    if IS_OLD:
        # The old admin client looks at the answer of CreateTopics for itself.
        admin.create_topics([NewTopic(options.topic, expected.PARTITIONS, 1)])
    else:
        admin.create_topics({options.topic: {"num_partitions": expected.PARTITIONS, "replication_factor": 1}})
    admin.close()


def produce(options):
    create(options)
    settings = {} if IS_OLD else {"enable_idempotence": True}
    producer = KafkaProducer(
        bootstrap_servers=options.bootstrap, compression_type=None if options.codec == "none" else options.codec,
        acks="all", linger_ms=20, batch_size=65536, retries=5, max_in_flight_requests_per_connection=5, **settings)
    waiting = [
        producer.send(
            options.topic, value=expected.value(number), key=expected.key(number),
            headers=expected.headers(number), partition=expected.partition(number),
            timestamp_ms=expected.timestamp(number, options.base))
        for number in range(options.count)]
    producer.flush(options.deadline)
    failures = [f for f in waiting if not f.succeeded()]
    if failures:
        expected.fail(f"{len(failures)} records not delivered: {failures[0].exception}")
    producer.close()


def consume(options):
    consumer = KafkaConsumer(
        bootstrap_servers=options.bootstrap, group_id=None, auto_offset_reset="earliest", enable_auto_commit=False)
    parts = [TopicPartition(options.topic, p) for p in range(expected.PARTITIONS)]
    consumer.assign(parts)
    consumer.seek_to_beginning(*parts)
    checker = expected.Checker(options.count, options.base)
    end = time.monotonic() + options.deadline
    while not checker.done:
        if time.monotonic() > end:
            expected.fail(f"only {checker.seen} of {options.count} records in time")
        for part, records in consumer.poll(timeout_ms=1000, max_records=5000).items():
            for record in records:
                checker.accept(
                    part.partition, record.offset, record.key, record.value, record.headers, record.timestamp)
    consumer.close()


if __name__ == "__main__":
    chosen = expected.arguments(__doc__)
    produce(chosen) if chosen.mode == "produce" else consume(chosen)
