"""What clients rely on beyond round trips: semantics.py SCENARIO BOOTSTRAP. Each function below is a scenario."""

import asyncio
import sys
import time

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as AIOTopicPartition
from confluent_kafka import (
    OFFSET_BEGINNING, OFFSET_END, TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaError,
    KafkaException, Producer, TopicPartition)
from confluent_kafka.admin import (
    AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ConfigSource, NewTopic)
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka import TopicPartition as PythonTopicPartition
from kafka.admin import ConfigResource as PythonConfigResource

WAIT = 30


def create(bootstrap, topic, partitions=1, **config):
    settings = {name.replace("_", "."): value for name, value in config.items()}
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, partitions, 1, config=settings)])[topic].result(WAIT)


def write(bootstrap, topic, records, **settings):
    """Writes dictionaries of produce's arguments; gives each record's (partition, offset) or its error's code."""
    results = {}
    producer = Producer({"bootstrap.servers": bootstrap, **{k.replace("_", "."): v for k, v in settings.items()}})
    for number, record in enumerate(records):
        def delivered(error, message, number=number):
            results[number] = error.code() if error else (message.partition(), message.offset())
        producer.produce(topic, on_delivery=delivered, **record)
    assert producer.flush(WAIT) == 0, "records not delivered"
    return [results[number] for number in range(len(records))]


def consumer(bootstrap, **settings):
    return Consumer({
        "bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False,
        "auto.offset.reset": "error", **{k.replace("_", "."): v for k, v in settings.items()}})


def read(bootstrap, topic, count, partition=0, offset=OFFSET_BEGINNING):
    reader = consumer(bootstrap)
    reader.assign([TopicPartition(topic, partition, offset)])
    records = []
    end = time.monotonic() + WAIT
    while len(records) < count and time.monotonic() < end:
        for message in reader.consume(1000, 0.2):
            assert not message.error(), message.error()
            records.append(message)
    reader.close()
    assert len(records) == count, f"{len(records)} of {count} records"
    return records


def refused(future):
    """The code of the error that an admin call ends with."""
    try:
        future.result(WAIT)
    except KafkaException as error:
        return error.args[0].code()
    return None


def acks(bootstrap):
    """acks 0, 1 and all, from two clients, each into a topic of its own."""
    for level in (0, 1, -1):
        topic = f"acks{level}"
        create(bootstrap, topic)
        results = write(bootstrap, topic, [{"value": b"%d" % n} for n in range(500)], acks=str(level))
        if level != 0:
            assert results == [(0, n) for n in range(500)], results[:3]
        assert [r.value() for r in read(bootstrap, topic, 500)] == [b"%d" % n for n in range(500)]
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks=level or 0, enable_idempotence=False)
        futures = [producer.send(topic, b"%d" % n, partition=0) for n in range(500, 1000)]
        producer.flush(WAIT)
        assert all(f.succeeded() for f in futures)
        producer.close()
        assert [r.value() for r in read(bootstrap, topic, 1000)] == [b"%d" % n for n in range(1000)]


def nulls(bootstrap):
    """A tombstone, a record that is null all over, a header without a value: all three clients read them as such."""
    create(bootstrap, "nulls")
    write(bootstrap, "nulls", [
        {"key": b"k", "value": None}, {"key": None, "value": None}, {"key": b"", "value": b"", "headers": [("h", None)]}])
    wanted = [(b"k", None, []), (None, None, []), (b"", b"", [("h", None)])]
    got = [(r.key(), r.value(), r.headers() or []) for r in read(bootstrap, "nulls", 3)]
    assert got == wanted, got
    old = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest")
    part = PythonTopicPartition("nulls", 0)
    old.assign([part])
    old.seek_to_beginning(part)
    got = []
    while len(got) < 3:
        got += [(r.key, r.value, list(r.headers)) for rs in old.poll(1000).values() for r in rs]
    old.close()
    assert got == wanted, got

    async def asynchronous():
        reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest")
        await reader.start()
        reader.assign([AIOTopicPartition("nulls", 0)])
        await reader.seek_to_beginning()
        records = []
        while len(records) < 3:
            for batch in (await reader.getmany(timeout_ms=1000)).values():
                records += [(r.key, r.value, list(r.headers)) for r in batch]
        await reader.stop()
        return records
    got = asyncio.run(asynchronous())
    assert got == wanted, got


def times(bootstrap):
    """Offsets for times: exact within a batch, with timestamps out of order, before the first and behind the last."""
    create(bootstrap, "times")
    start = int(time.time() - 3600) * 1000
    # The times step back at record 5 and again at 15: an earlier record must win over a nearer time.
    stamps = [start + 1000 * n - (3500 if n in (5, 15) else 0) for n in range(30)]
    write(bootstrap, "times", [{"value": b"v", "timestamp": t} for t in stamps], linger_ms=50, compression_type="zstd")
    reader = consumer(bootstrap)
    old = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    part = PythonTopicPartition("times", 0)
    for target in [start - 5000, start, start + 1, start + 4500, start + 14_999, start + 29_000, start + 29_001]:
        wanted = next((n for n, stamp in enumerate(stamps) if stamp >= target), None)
        [found] = reader.offsets_for_times([TopicPartition("times", 0, target)], WAIT)
        assert found.offset == (OFFSET_END if wanted is None else wanted), (target - start, wanted, found)
        found = old.offsets_for_times({part: target})[part]
        assert (found and found.offset) == wanted, (target - start, wanted, found)
        assert found is None or found.timestamp == stamps[wanted], found
    old.close()
    reader.close()


def watermarks(bootstrap):
    """Low and high watermarks of an empty and of a filled partition, and seeks to each end and the middle."""
    create(bootstrap, "marks", 2)
    write(bootstrap, "marks", [{"value": b"%d" % n, "partition": 1} for n in range(100)])
    reader = consumer(bootstrap)
    assert reader.get_watermark_offsets(TopicPartition("marks", 0), WAIT) == (0, 0)
    assert reader.get_watermark_offsets(TopicPartition("marks", 1), WAIT) == (0, 100)
    reader.close()
    old = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    parts = [PythonTopicPartition("marks", p) for p in (0, 1)]
    assert old.beginning_offsets(parts) == {parts[0]: 0, parts[1]: 0}
    assert old.end_offsets(parts) == {parts[0]: 0, parts[1]: 100}
    old.close()
    assert read(bootstrap, "marks", 1, 1, 99)[0].value() == b"99"
    assert [r.offset() for r in read(bootstrap, "marks", 58, 1, 42)] == list(range(42, 100))
    reader = consumer(bootstrap)
    reader.assign([TopicPartition("marks", 1, 4711)])
    message = reader.poll(WAIT)
    assert message.error().code() == KafkaError._AUTO_OFFSET_RESET, message.error()
    reader.close()


def topics(bootstrap):
    """Create, refuse, list, delete, and create again under the same name."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    create(bootstrap, "made", 5, retention_ms="3600000")

    def attempt(topic, partitions=1, replicas=1, config=None, **more):
        new = NewTopic(topic, partitions, replicas, config=config or {})
        return refused(admin.create_topics([new], **more)[topic])
    assert attempt("made") == KafkaError.TOPIC_ALREADY_EXISTS
    assert attempt("bad name") == KafkaError.TOPIC_EXCEPTION
    assert attempt("x" * 250) == KafkaError.TOPIC_EXCEPTION
    assert attempt("none", partitions=0) == KafkaError.INVALID_PARTITIONS
    assert attempt("odd", config={"no.such.config": "1"}) == KafkaError.INVALID_CONFIG
    assert attempt("odd", config={"retention.ms": "soon"}) == KafkaError.INVALID_CONFIG
    assert attempt("dry", validate_only=True) is None
    listed = admin.list_topics(timeout=WAIT)
    assert "made" in listed.topics and "dry" not in listed.topics, list(listed.topics)
    assert sorted(listed.topics["made"].partitions) == [0, 1, 2, 3, 4]
    assert list(listed.brokers) == [listed.controller_id]
    write(bootstrap, "made", [{"value": b"old"}] * 10)
    assert refused(admin.delete_topics(["made"])["made"]) is None
    assert refused(admin.delete_topics(["made"])["made"]) == KafkaError.UNKNOWN_TOPIC_OR_PART
    assert "made" not in admin.list_topics(timeout=WAIT).topics
    create(bootstrap, "made", 1)
    reader = consumer(bootstrap)
    assert reader.get_watermark_offsets(TopicPartition("made", 0), WAIT) == (0, 0)
    reader.close()


def auto_creation(bootstrap):
    """A producer makes the topic that it writes to; a consumer that does not want to makes none."""
    assert write(bootstrap, "sprung", [{"value": b"1"}]) == [(0, 0)]
    reader = consumer(bootstrap, allow_auto_create_topics=False)
    error = reader.list_topics("never", timeout=WAIT).topics["never"].error
    assert error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART, error
    reader.close()
    listed = AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=WAIT).topics
    assert "sprung" in listed and "never" not in listed, list(listed)


def rules(bootstrap):
    """Configurations that produce checks: size, null keys under compaction, the kind of timestamp, the codec."""
    create(bootstrap, "small", max_message_bytes="2000")
    results = write(bootstrap, "small", [{"value": b"x" * 100}, {"value": b"x" * 5000}, {"value": b"y"}], linger_ms=0,
                    batch_num_messages=1)
    assert [r if isinstance(r, int) else 0 for r in results] == [0, KafkaError.MSG_SIZE_TOO_LARGE, 0], results
    create(bootstrap, "compacted", cleanup_policy="compact")
    results = write(bootstrap, "compacted", [{"value": b"no key"}, {"value": b"v", "key": b"k"}], batch_num_messages=1)
    assert results[0] == KafkaError.INVALID_RECORD and results[1] == (0, 0), results
    create(bootstrap, "stamped", message_timestamp_type="LogAppendTime")
    before = int(time.time() * 1000)
    write(bootstrap, "stamped", [{"value": b"v", "timestamp": before - 3_600_000}])
    kind, stamp = read(bootstrap, "stamped", 1)[0].timestamp()
    assert kind == TIMESTAMP_LOG_APPEND_TIME and before <= stamp <= time.time() * 1000, (kind, stamp)
    create(bootstrap, "early", message_timestamp_after_max_ms="1000")
    results = write(bootstrap, "early", [{"value": b"v", "timestamp": before + 600_000}])
    assert results == [KafkaError.INVALID_TIMESTAMP], results
    create(bootstrap, "recoded", compression_type="gzip")
    records = [{"value": b"v%d" % n, "timestamp": before} for n in range(50)]
    write(bootstrap, "recoded", records, compression_type="lz4")
    got = read(bootstrap, "recoded", 50)
    assert [(r.value(), r.timestamp()) for r in got] == [
        (b"v%d" % n, (TIMESTAMP_CREATE_TIME, before)) for n in range(50)]


def waiting(bootstrap):
    """A consumer at the end of a partition gets a new record at once, not at its next poll's end."""
    create(bootstrap, "fresh")
    reader = consumer(bootstrap, fetch_wait_max_ms=5000)
    reader.assign([TopicPartition("fresh", 0, OFFSET_BEGINNING)])
    assert reader.poll(1) is None
    took = []
    for number in range(5):
        write(bootstrap, "fresh", [{"value": b"%d" % number}], linger_ms=0)
        start = time.monotonic()
        message = reader.poll(WAIT)
        took.append(time.monotonic() - start)
        assert message.value() == b"%d" % number
    reader.close()
    assert sorted(took)[2] < 1, took


def configurations(bootstrap):
    """Two admin clients change what is configured, see each other's changes, and can set all that they are told."""
    create(bootstrap, "configured", retention_ms="100000")
    admin = AdminClient({"bootstrap.servers": bootstrap})
    topic = ConfigResource.Type.TOPIC

    def described(kind, name):
        resource = ConfigResource(kind, name)
        return admin.describe_configs([resource])[resource].result(WAIT)

    def alter(kind, name, *edits):
        entries = [ConfigEntry(key, value, incremental_operation=operation) for key, operation, value in edits]
        resource = ConfigResource(kind, name, incremental_configs=entries)
        admin.incremental_alter_configs([resource])[resource].result(WAIT)

    def wait_for(kind, name, key, value):
        """Kafka shows a change a moment after it is answered."""
        for _ in range(50):
            if (told := described(kind, name)[key].value) == value:
                return
            time.sleep(0.05)
        raise AssertionError(f"{key} of {name} is {told}, not {value}")

    assert described(topic, "configured")["retention.ms"].source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    alter(topic, "configured", ("cleanup.policy", AlterConfigOpType.APPEND, "compact"),
          ("retention.ms", AlterConfigOpType.DELETE, None), ("max.message.bytes", AlterConfigOpType.SET, "200"))
    wait_for(topic, "configured", "cleanup.policy", "delete,compact")
    assert described(topic, "configured")["retention.ms"].is_default
    assert write(bootstrap, "configured", [{"key": b"k", "value": b"x" * 300}]) == [KafkaError.MSG_SIZE_TOO_LARGE]
    try:
        alter(topic, "configured", ("retention.ms", AlterConfigOpType.SET, "soon"))
        raise AssertionError("a retention that is no number is accepted")
    except KafkaException as error:
        assert error.args[0].code() == KafkaError.INVALID_CONFIG, error
        assert error.args[0].str().endswith("Not a number of type LONG"), error

    other = KafkaAdminClient(bootstrap_servers=bootstrap)
    asked = PythonConfigResource("TOPIC", "configured", None)
    told = other.describe_configs([asked])["topic"]["configured"]
    assert told["max.message.bytes"]["value"] == "200", told
    other.alter_configs([PythonConfigResource("TOPIC", "configured", {"segment.ms": "90000"})])
    wait_for(topic, "configured", "segment.ms", "90000")
    # The older request replaces all that is set.
    other.alter_configs(
        [PythonConfigResource("TOPIC", "configured", {"retention.ms": "80000"})], incremental=False)
    wait_for(topic, "configured", "retention.ms", "80000")

    node = next(iter(admin.list_topics(timeout=WAIT).brokers))
    for kind, name in [(topic, "configured"), (ConfigResource.Type.BROKER, str(node))]:
        entries = [entry for entry in described(kind, name).values()
                   if not entry.is_read_only and not entry.is_sensitive and entry.value is not None
                   and not entry.name.startswith(("listener", "ssl.", "min.insync."))]
        assert len(entries) > 10, entries
        alter(kind, name, *[(entry.name, AlterConfigOpType.SET, entry.value) for entry in entries])
        alter(kind, name, *[(entry.name, AlterConfigOpType.DELETE, None) for entry in entries])


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
