"""Hand-overs of one data directory between two brokers: writes records, tells what a reader finds, keeps up a load.

handover.py BOOTSTRAP write ROUND [transactions]   topics in every codec, a compacted one, one of this round only; groups
handover.py BOOTSTRAP read                         prints for each partition how many records there are, and their digest
handover.py BOOTSTRAP rules ROUND|read             access rules: makes those of a round, and prints all
handover.py BOOTSTRAP load FILE                    writes until FILE exists, prints what was acknowledged
handover.py BOOTSTRAP check FILE                   compares the topic of the load with what it printed
"""

import hashlib
import json
import os
import sys
import time

from confluent_kafka import (
    OFFSET_BEGINNING, Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic

import cluster_metadata

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
LOAD = "h-load"
GROWN = "h-grown"
RECORDS = 200
SECONDS = 90


def wait(futures):
    for future in futures.values():
        try:
            future.result()
        except Exception as error:
            # The other broker did it in this round.
            if error.args[0].code() not in (
                    KafkaError.TOPIC_ALREADY_EXISTS, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.GROUP_ID_NOT_FOUND):
                raise


def create(bootstrap, round_number):
    small = {"segment.bytes": "1048576", "index.interval.bytes": "512"}
    topics = [NewTopic(f"h-{codec}", 2, 1, config=small) for codec in CODECS]
    topics.append(NewTopic("h-compact", 1, 1, config={"cleanup.policy": "compact"}))
    topics.append(NewTopic("h-tx", 2, 1, config=small))
    topics.append(NewTopic(LOAD, 1, 1))
    topics.append(NewTopic(GROWN, 1, 1))
    topics.append(NewTopic(f"h-round-{round_number}", 3, 1, config={"retention.ms": "-1"}))
    admin = AdminClient({"bootstrap.servers": bootstrap})
    wait(admin.create_topics(topics, operation_timeout=SECONDS))
    if round_number > 0:
        wait(admin.delete_topics([f"h-round-{round_number - 1}"], operation_timeout=SECONDS))


def grow(bootstrap):
    """One partition more each time, whoever keeps the directory; how many there are then."""
    admin = AdminClient({"bootstrap.servers": bootstrap})

    def count():
        return len(admin.list_topics(GROWN, timeout=SECONDS).topics[GROWN].partitions)
    wanted = count() + 1
    wait(admin.create_partitions([NewPartitions(GROWN, wanted)]))
    end = time.monotonic() + SECONDS
    while count() < wanted:
        if time.monotonic() > end:
            sys.exit(f"{GROWN} has {count()} partitions, not {wanted}")
        time.sleep(0.05)
    return wanted


CONFIGURED = {
    (ConfigResource.Type.TOPIC, "h-none"): "max.compaction.lag.ms",
    (ConfigResource.Type.BROKER, "1"): "log.segment.delete.delay.ms",
}


def configure(bootstrap, round_number):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for (kind, name), key in CONFIGURED.items():
        entry = ConfigEntry(key, str(50000 + round_number), incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(kind, name, incremental_configs=[entry])
        admin.incremental_alter_configs([resource])[resource].result(SECONDS)


def read_configs(bootstrap):
    """What was set while a broker ran; Kafka sets min.insync.replicas itself."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    found = {}
    for kind, name in CONFIGURED:
        resource = ConfigResource(kind, name)
        try:
            told = admin.describe_configs([resource])[resource].result(SECONDS)
        except KafkaException as error:
            # Read before anything was written.
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
            continue
        found[f"configurations of {name}"] = repr(sorted(
            (entry.name, entry.value, entry.source) for entry in told.values()
            if entry.source in (1, 2, 3) and entry.name != "min.insync.replicas"))
    return found


def refuse(error, message):
    if error is not None:
        sys.exit(f"not written to {message.topic()}: {error}")


def fill(producer, topic, partitions, round_number, count=RECORDS):
    for number in range(count):
        value = None if number % 7 == 3 else f"{topic} {round_number} {number} ".encode() * (number % 90 + 1)
        producer.produce(
            topic, partition=number % partitions, key=f"key-{number % 13}".encode(), value=value,
            headers=[("round", str(round_number).encode()), ("empty", b"")], on_delivery=refuse)
        producer.poll(0)


def write(bootstrap, round_number, with_transactions):
    create(bootstrap, round_number)
    configure(bootstrap, round_number)
    grown = grow(bootstrap)
    cluster_metadata.write(bootstrap, round_number)
    for codec in CODECS:
        producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": codec})
        fill(producer, f"h-{codec}", 2, round_number)
        if codec == "none":
            fill(producer, "h-compact", 1, round_number)
            fill(producer, f"h-round-{round_number}", 3, round_number)
            fill(producer, GROWN, grown, round_number)
        if producer.flush(SECONDS):
            sys.exit("not everything was written in time")
    groups(bootstrap, round_number)
    if with_transactions:
        transactions(bootstrap, round_number)


def groups(bootstrap, round_number):
    """A group that everyone leaves, and one whose static member stays in it when the broker stops."""
    for name, instance in [("h-left", None), ("h-stays", "one"), (f"h-group-{round_number}", None)]:
        settings = {"bootstrap.servers": bootstrap, "group.id": name, "enable.auto.commit": False,
                    "auto.offset.reset": "earliest", "session.timeout.ms": 1000000, "max.poll.interval.ms": 1200000}
        consumer = Consumer(settings | ({"group.instance.id": instance} if instance else {}))
        consumer.subscribe(["h-none"])
        end = time.monotonic() + SECONDS
        while not (messages := consumer.consume(50, 1)):
            assert time.monotonic() < end, f"{name} gets no records"
        last = messages[-1]
        consumer.commit(offsets=[TopicPartition(
            last.topic(), last.partition(), last.offset() + 1, f"round {round_number} é")], asynchronous=False)
        consumer.close()
    if round_number > 0:
        admin = AdminClient({"bootstrap.servers": bootstrap})
        wait(admin.delete_consumer_groups([f"h-group-{round_number - 1}"]))


def read_groups(bootstrap):
    """All groups with members and offsets, as soon as the coordinator has loaded them."""
    # What it prints is compared, so the library itself says nothing.
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    end = time.monotonic() + SECONDS
    while True:
        try:
            listed = admin.list_consumer_groups().result(SECONDS)
            assert not listed.errors, listed.errors
            found = {}
            for group in sorted(g.group_id for g in listed.valid if g.group_id.startswith("h-")):
                told = admin.describe_consumer_groups([group])[group].result(SECONDS)
                offsets = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(SECONDS)
                found["group " + group] = repr((
                    told.state.name, told.partition_assignor,
                    sorted((m.member_id, m.client_id, m.group_instance_id, sorted(
                        (p.topic, p.partition) for p in m.assignment.topic_partitions)) for m in told.members),
                    sorted((p.topic, p.partition, p.offset, p.leader_epoch, p.metadata) for p in offsets.topic_partitions)))
            return found
        except (KafkaException, AssertionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def transactions(bootstrap, round_number):
    """One that commits, one that aborts, and one that nobody ends before the broker stops."""
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "h", "transaction.timeout.ms": 600000})
    producer.init_transactions(SECONDS)
    for end in [producer.commit_transaction, producer.abort_transaction, None]:
        producer.begin_transaction()
        fill(producer, "h-tx", 2, round_number, 20)
        producer.flush(SECONDS)
        if end:
            end(SECONDS)
    os._exit(0)


def read(bootstrap):
    found = {}
    for isolation in ["read_uncommitted", "read_committed"]:
        consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": "none", "enable.auto.commit": False,
            "log_level": 0, "isolation.level": isolation, "enable.partition.eof": True, "check.crcs": True})
        topics = consumer.list_topics(timeout=SECONDS).topics
        parts = [TopicPartition(name, p, OFFSET_BEGINNING) for name, topic in sorted(topics.items())
                 for p in topic.partitions if not name.startswith("__") and name != LOAD]
        consumer.assign(parts)
        digests = {(p.topic, p.partition): [0, hashlib.sha256()] for p in parts}
        last = {}
        waiting = set(digests)
        end = time.monotonic() + SECONDS
        while waiting:
            message = consumer.poll(1)
            if time.monotonic() > end:
                sys.exit(f"the ends of {sorted(waiting)} were not reached")
            if message is None:
                continue
            place = (message.topic(), message.partition())
            if message.error():
                if message.error().code() == KafkaError._PARTITION_EOF:
                    waiting.discard(place)
                elif not message.error().retriable():
                    sys.exit(str(message.error()))
                continue
            if place[0] == "h-compact":
                # Compaction may have been at work; what it must not change is the last value of each key.
                last[message.key()] = message.value()
                continue
            digests[place][0] += 1
            digests[place][1].update(repr((
                message.offset(), message.timestamp(), message.key(), message.value(), message.headers())).encode())
        for (topic, partition), (count, digest) in digests.items():
            found[f"{isolation} {topic}-{partition}"] = f"{count} {digest.hexdigest()}"
        found[f"{isolation} h-compact"] = repr(sorted((k, v) for k, v in last.items() if v is not None))
        consumer.close()
    found |= read_groups(bootstrap) | read_configs(bootstrap) | cluster_metadata.read(bootstrap)
    print(json.dumps(found, sort_keys=True, indent=1))


def load(bootstrap, until):
    producer = Producer({
        "bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "message.timeout.ms": 280000,
        "reconnect.backoff.max.ms": 500})
    acknowledged = []
    number = 0
    while not os.path.exists(until):
        producer.produce(LOAD, partition=0, value=str(number).encode(), on_delivery=lambda error, message: (
            refuse(error, message), acknowledged.append(int(message.value()))))
        number += 1
        producer.poll(0.002)
        while len(producer) > 5000:
            producer.poll(0.1)
    if producer.flush(SECONDS):
        sys.exit("the load was not written in time")
    print(json.dumps(acknowledged))


def check(bootstrap, file):
    with open(file) as lines:
        acknowledged = json.loads(lines.read().strip().split("\n")[-1])
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "none", "enable.auto.commit": False, "enable.partition.eof": True})
    consumer.assign([TopicPartition(LOAD, 0, OFFSET_BEGINNING)])
    values = []
    while True:
        message = consumer.poll(SECONDS)
        if message is None:
            sys.exit("no end")
        if message.error():
            if message.error().code() == KafkaError._PARTITION_EOF:
                break
            continue
        values.append(int(message.value()))
    consumer.close()
    if values != list(range(len(acknowledged))) or sorted(acknowledged) != values:
        sys.exit(f"{len(acknowledged)} were acknowledged, {len(values)} are there, {len(set(values))} different ones")
    print(f"{len(values)} records")


if __name__ == "__main__":
    address, mode = sys.argv[1], sys.argv[2]
    if mode == "write":
        write(address, int(sys.argv[3]), len(sys.argv) > 4)
    elif mode == "read":
        read(address)
    elif mode == "rules":
        print(json.dumps(cluster_metadata.rules(address, None if sys.argv[3] == "read" else int(sys.argv[3]))))
    elif mode == "load":
        load(address, sys.argv[3])
    else:
        check(address, sys.argv[3])
