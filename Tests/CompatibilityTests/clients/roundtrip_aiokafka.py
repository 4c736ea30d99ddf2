"""aiokafka: writes or reads the expected records. Idempotent producer."""

import asyncio
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

import expected


async def produce(options):
    admin = AIOKafkaAdminClient(bootstrap_servers=options.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(options.topic, expected.PARTITIONS, 1)])
    await admin.close()
    producer = AIOKafkaProducer(
        bootstrap_servers=options.bootstrap, compression_type=None if options.codec == "none" else options.codec,
        enable_idempotence=True, linger_ms=20, max_batch_size=65536)
    await producer.start()
    waiting = []
    for number in range(options.count):
        waiting.append(await producer.send(
            options.topic, value=expected.value(number), key=expected.key(number),
            headers=expected.headers(number), partition=expected.partition(number),
            timestamp_ms=expected.timestamp(number, options.base)))
    await asyncio.wait_for(producer.flush(), options.deadline)
    for future in waiting:
        future.result()
    await producer.stop()


async def consume(options):
    consumer = AIOKafkaConsumer(
        bootstrap_servers=options.bootstrap, group_id=None, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    parts = [TopicPartition(options.topic, p) for p in range(expected.PARTITIONS)]
    consumer.assign(parts)
    await consumer.seek_to_beginning(*parts)
    checker = expected.Checker(options.count, options.base)
    end = time.monotonic() + options.deadline
    while not checker.done:
        if time.monotonic() > end:
            expected.fail(f"only {checker.seen} of {options.count} records in time")
        for part, records in (await consumer.getmany(timeout_ms=1000, max_records=5000)).items():
            for record in records:
                checker.accept(
                    part.partition, record.offset, record.key, record.value, record.headers, record.timestamp)
    await consumer.stop()


if __name__ == "__main__":
    chosen = expected.arguments(__doc__)
    asyncio.run(produce(chosen) if chosen.mode == "produce" else consume(chosen))
