"""confluent-kafka (librdkafka): writes or reads the expected records. Idempotent producer, five requests in flight."""

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

import expected


def produce(options):
    admin = AdminClient({"bootstrap.servers": options.bootstrap})
    new = NewTopic(options.topic, expected.PARTITIONS, 1)
    admin.create_topics([new])[options.topic].result(30)
    producer = Producer({
        "bootstrap.servers": options.bootstrap, "compression.type": options.codec, "enable.idempotence": True,
        "linger.ms": 20, "message.timeout.ms": int(options.deadline * 1000), "queue.buffering.max.messages": 500_000,
    })
    failures = []

    def delivered(error, message):
        if error:
            failures.append(str(error))

    for number in range(options.count):
        while True:
            try:
                producer.produce(
                    options.topic, value=expected.value(number), key=expected.key(number),
                    partition=expected.partition(number), headers=expected.headers(number),
                    timestamp=expected.timestamp(number, options.base), on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 1000 == 0:
            producer.poll(0)
    left = producer.flush(options.deadline)
    if left or failures:
        expected.fail(f"{left} records not delivered, {len(failures)} failed: {failures[:3]}")


def consume(options):
    consumer = Consumer({
        "bootstrap.servers": options.bootstrap, "group.id": "unused", "enable.auto.commit": False,
        "auto.offset.reset": "error",
    })
    consumer.assign([
        TopicPartition(options.topic, p, OFFSET_BEGINNING) for p in range(expected.PARTITIONS)])
    checker = expected.Checker(options.count, options.base)
    end = time.monotonic() + options.deadline
    while not checker.done:
        if time.monotonic() > end:
            expected.fail(f"only {checker.seen} of {options.count} records in time")
        for message in consumer.consume(5000, 1):
            if message.error():
                expected.fail(f"consumer: {message.error()}")
            checker.accept(
                message.partition(), message.offset(), message.key(), message.value(), message.headers(),
                message.timestamp()[1])
    consumer.close()


if __name__ == "__main__":
    chosen = expected.arguments(__doc__)
    produce(chosen) if chosen.mode == "produce" else consume(chosen)
