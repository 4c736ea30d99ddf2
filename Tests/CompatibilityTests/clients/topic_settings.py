"""What settings of topics do to what is stored: topic_settings.py PORT. Each function below is a scenario, and prints one line
of JSON with what it saw, which does not depend on whose broker it is. Settings change while the topic is served, and
scenarios wait for that: news takes a moment to come around."""

import glob
import json
import os
import random
import struct
import sys
import time

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic
from wire import Connection, batch, crc32c, string, varint

WAIT = 30
SMALL = {"internal.segment.bytes": "20000"}


class Broker:
    def __init__(self, port):
        self.wire = Connection(port, WAIT)
        self.admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}"})
        reply = self.wire.ask(35, 1, struct.pack(">i", -1))
        size, = struct.unpack_from(">h", reply, 10)
        self.directory = reply[12:12 + size].decode()

    def create(self, topic, partitions=1, **settings):
        return outcome(self.admin.create_topics([NewTopic(topic, partitions, 1, config=dotted(settings))])[topic])

    def alter(self, topic, **settings):
        """Sets what has a value, and takes back what has none."""
        edits = [ConfigEntry(name, value or "", incremental_operation=AlterConfigOpType.SET if value is not None
                             else AlterConfigOpType.DELETE) for name, value in dotted(settings).items()]
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=edits)
        return outcome(self.admin.incremental_alter_configs([resource])[resource])

    def produce(self, topic, data, partition=0):
        """The error, the first offset and the time of the append."""
        part = struct.pack(">iii", 1, partition, len(data)) + data
        reply = self.wire.ask(0, 7, string(None) + struct.pack(">hii", -1, 30000, 1) + string(topic) + part)
        return struct.unpack_from(">hqq", reply, 4 + len(string(topic)) + 4 + 4)

    def must(self, topic, data, partition=0):
        """Produces where a topic that is new may not be known yet."""
        seen = until(lambda: self.produce(topic, data, partition), lambda seen: seen[0] == 0)
        assert seen[0] == 0, f"{topic}: error {seen[0]}"
        return seen

    def stored(self, topic, offset):
        """Attributes and size of the batch at an offset."""
        data = self.wire.fetch(topic, 0, offset)[2]
        return struct.unpack_from(">h", data, 21)[0], struct.unpack_from(">i", data, 8)[0]

    def count(self, topic):
        """How many records can be read; from the start again where that goes on meanwhile."""
        offset, found = self.offset(topic, -2), 0
        while offset < self.offset(topic, -1):
            error, _, data = self.wire.fetch(topic, 0, offset)
            if error:
                return self.count(topic)
            at = 0
            while at + 61 <= len(data):
                base, length = struct.unpack_from(">qi", data, at)
                last, = struct.unpack_from(">i", data, at + 23)
                found += struct.unpack_from(">i", data, at + 57)[0]
                offset, at = base + last + 1, at + 12 + length
        return found

    def offset(self, topic, time_or_end):
        return self.offsets(topic, time_or_end, 7)[2]

    def offsets(self, topic, time_or_end, version):
        """What ListOffsets says: the error, the time, the offset, the epoch."""
        name = bytes([len(topic) + 1]) + topic.encode()
        body = b"\0" + struct.pack(">ib", -1, 0) + b"\2" + name + b"\2" + struct.pack(">iiq", 0, -1, time_or_end) + b"\0\0"
        reply = self.wire.ask(2, version, body + (struct.pack(">i", WAIT * 1000) if version >= 10 else b"") + b"\0")
        return struct.unpack_from(">hqqi", reply, 1 + 4 + 1 + len(name) + 1 + 4)

    def delete_records(self, topic, offset):
        body = struct.pack(">i", 1) + string(topic) + struct.pack(">iiqi", 1, 0, offset, WAIT * 1000)
        return struct.unpack_from(">h", self.wire.ask(21, 1, body), 4 + 4 + len(string(topic)) + 4 + 4 + 8)[0]

    def files(self, topic, suffix, partition=0):
        """Base offsets and sizes of files that end so."""
        paths = sorted(glob.glob(f"{self.directory}/{topic}-{partition}/*{suffix}"))
        return [(int(os.path.basename(path).split(".")[0]), os.path.getsize(path)) for path in paths]

    def deleted(self, topic):
        """How many segments are still there that were deleted."""
        return sum(".log" in path for path in glob.glob(f"{self.directory}/{topic}-0/*.deleted"))

    def segments(self, topic, partition=0):
        return [base for base, _ in self.files(topic, ".log", partition)]


def dotted(settings):
    return {name.replace("_", "."): value for name, value in settings.items()}


def outcome(future):
    """None, or the code and the sentence of a refusal."""
    try:
        future.result(WAIT)
    except KafkaException as error:
        return error.args[0].code(), error.args[0].str()
    return None


def until(look, is_enough):
    """What is seen, as soon as it is enough, or the last of it."""
    end = time.monotonic() + WAIT
    while True:
        seen = look()
        if is_enough(seen) or time.monotonic() > end:
            return seen
        time.sleep(0.05)


def keyed(key, value):
    """A batch of one record with a key."""
    body = b"\0" + varint(0) + varint(0) + varint(len(key)) + key + varint(len(value)) + value + varint(0)
    now = int(time.time() * 1000)
    rest = struct.pack(">hiqqqhii", 0, 0, now, now, -1, -1, -1, 1) + varint(len(body)) + body
    return struct.pack(">qiibI", 0, len(rest) + 9, -1, 2, crc32c(rest)) + rest


def compression(broker):
    """The codec of a topic, and each of its levels, count from the next batch on."""
    chosen = random.Random(1)
    data, seen = batch([b"".join(
        b'{"id": %d, "name": "user %d", "score": %d}' % (number, chosen.randrange(50), chosen.randrange(9) ** 3)
        for number in range(100)) for _ in range(12)]), {}

    def next_batch(topic, is_enough):
        return until(lambda: broker.stored(topic, broker.must(topic, data)[1]), is_enough)
    for codec, low, high in [("gzip", "1", "9"), ("lz4", "1", "17"), ("zstd", "1", "19")]:
        level = f"compression_{codec}_level"
        broker.create(codec, compression_type=codec, **{level: low})
        first = next_batch(codec, lambda _: True)
        broker.alter(codec, **{level: high})
        second = next_batch(codec, lambda found: found[1] != first[1])
        seen[codec] = [first[0] & 7, second[0] & 7, "smaller" if second[1] < first[1] else "not smaller"]
    for codec, number in [("snappy", 2), ("uncompressed", 0), ("lz4", 3), ("producer", 0)]:
        broker.alter("zstd", compression_type=codec)
        seen["then " + codec] = next_batch("zstd", lambda found, number=number: found[0] & 7 == number)[0] & 7
    return seen


def message_size(broker):
    """max.message.bytes goes by the batch as it is stored, and counts from the next one on."""
    broker.create("sized")
    data, seen = batch([b"x" * 3000]), []
    seen.append(broker.must("sized", data)[0])
    for value, wanted in [("2000", 10), ("4000", 0), ("1", 10), (None, 0)]:
        broker.alter("sized", max_message_bytes=value)
        seen.append(until(lambda: broker.produce("sized", data)[0], lambda code, wanted=wanted: code == wanted))
    return seen


def timestamps(broker):
    """The kind of times, and how far those of producers may lie off."""
    broker.create("timed")
    hour = 3_600_000
    now = int(time.time() * 1000)
    old, new, future = batch([b"v"], timestamp=now - 10 * hour), batch([b"v"]), batch([b"v"], timestamp=now + 10 * hour)
    seen = {"at first": [broker.must("timed", new)[2], broker.produce("timed", old)[0], broker.produce("timed", future)[0]]}
    for settings, data, wanted in [
            ({"message_timestamp_before_max_ms": str(hour)}, old, 32), ({"message_timestamp_before_max_ms": None}, old, 0),
            ({"message_timestamp_after_max_ms": str(20 * hour)}, future, 0), ({"message_timestamp_after_max_ms": None}, future, 32)]:
        broker.alter("timed", **settings)
        seen[str(settings)] = until(lambda: broker.produce("timed", data)[0], lambda code, wanted=wanted: code == wanted)
    broker.alter("timed", message_timestamp_type="LogAppendTime", message_timestamp_before_max_ms=str(hour))
    _, base, appended = until(lambda: broker.produce("timed", future), lambda found: found[0] == 0 and found[2] > 0)
    seen["append time"] = [abs(appended - now) < 60_000, broker.stored("timed", base)[0]]
    broker.alter("timed", message_timestamp_type=None)
    _, base, appended = until(lambda: broker.produce("timed", new), lambda found: found[0] == 0 and found[2] == -1)
    return {**seen, "at last": [appended, broker.stored("timed", base)[0]]}


def indexes(broker):
    """How often an index gets an entry, and that a full one closes its segment."""
    stamp = int(time.time() * 1000) - 1000
    seen = {}
    for interval in ("0", "1000", "4096", "20000"):
        topic = "every-" + interval
        broker.create(topic, index_interval_bytes=interval, internal_segment_bytes="60000")
        # Times that stay are not indexed again.
        for number in range(90):
            broker.must(topic, batch([b"x" * 900], timestamp=stamp + number // 3))
        until(lambda: broker.files(topic, ".index"), lambda found: found and found[0][1] < 10_000)
        seen[interval] = [broker.segments(topic), broker.files(topic, ".index")[0], broker.files(topic, ".timeindex")[0]]
    for size in ("12", "100", "103"):
        topic = "index-" + size
        broker.create(topic, index_interval_bytes="0", segment_index_bytes=size)
        for number in range(30):
            broker.must(topic, batch([b"x" * 100], timestamp=stamp + number // 3))
        seen["index of " + size] = broker.segments(topic)
    return seen


def segment_age(broker):
    """segment.ms goes by the times of records; segment.jitter.ms makes it less, and not the same everywhere."""
    begun, count, seen = int(time.time() * 1000) - 60_000, 20, {}
    for jitter in ("0", "8000"):
        for delta in (1500, 6000, 10_001) if jitter != "0" else (10_000, 10_001):
            topic = f"aged-{jitter}-{delta}"
            broker.create(topic, count, segment_ms="10000", segment_jitter_ms=jitter)
            for partition in range(count):
                broker.must(topic, batch([b"v"], timestamp=begun), partition)
                broker.must(topic, batch([b"v"], timestamp=begun + delta), partition)
            rolled = sum(len(broker.segments(topic, partition)) == 2 for partition in range(count))
            seen[topic] = "none" if rolled == 0 else "all" if rolled == count else "some"
    return seen


def segment_size(broker):
    """segment.bytes counts from the next batch on."""
    broker.create("grown")
    data = batch([b"x" * 100_000])
    for _ in range(12):
        broker.must("grown", data)
    seen = [len(broker.segments("grown"))]
    broker.alter("grown", segment_bytes="1048576")
    seen.append(until(lambda: broker.must("grown", data) and len(broker.segments("grown")), lambda found: found > 1))
    return seen


def retention(broker):
    """Bytes and age of what is kept, and how long the files of what is not remain."""
    seen = {}
    for delay, wanted in (("60000", 2), ("100", 0)):
        topic = "kept-" + delay
        broker.create(topic, file_delete_delay_ms=delay, **SMALL)
        for _ in range(10):
            broker.must(topic, batch([b"x" * 9000]))
        broker.alter(topic, retention_bytes="40000")
        first = until(lambda: broker.offset(topic, -2), lambda found: found >= 4)
        gone = until(lambda: broker.deleted(topic), lambda found: found == wanted)
        seen[topic] = [first, gone]
        broker.alter(topic, retention_bytes=None, retention_ms="1")
        seen[topic] += [until(lambda: broker.offset(topic, -2), lambda found: found == 10), broker.offset(topic, -1)]
        broker.alter(topic, retention_ms=None)
    return seen


def cleanup(broker):
    """A topic becomes a compacted one, and deletes again, while it is served."""
    broker.create("cleaned", min_cleanable_dirty_ratio="0.01", **SMALL)
    unkeyed, seen = batch([b"v"]), {}

    def turn(policy, code):
        broker.alter("cleaned", cleanup_policy=policy)
        return until(lambda: broker.produce("cleaned", unkeyed)[0], lambda found: found == code)
    seen["delete"] = [broker.must("cleaned", unkeyed)[0], broker.delete_records("cleaned", 1)]
    seen["compact"] = [turn("compact", 87)]
    for number in range(60):
        broker.must("cleaned", keyed(b"k%d" % (number % 2), b"x" * 1000))
    # The last segments are not closed, and each of the others keeps at most two records.
    seen["compact"] += [until(lambda: broker.count("cleaned"), lambda found: found < 25) < 25, broker.delete_records("cleaned", 5)]
    seen["both"] = [turn("compact,delete", 87), broker.delete_records("cleaned", 5)]
    broker.alter("cleaned", retention_ms="1")
    seen["both"].append(until(lambda: broker.count("cleaned"), lambda found: found == 0))
    broker.alter("cleaned", retention_ms=None)
    seen["deletes again"] = [turn("delete", 0)]
    for number in range(40):
        broker.must("cleaned", keyed(b"k", b"x" * 1000))
    time.sleep(1)
    seen["deletes again"].append(broker.count("cleaned") >= 40)
    return seen


def tiers(broker):
    """There is no remote storage: what asks for it is refused, what goes with it is kept, and offsets say so."""
    seen, number = {}, 0
    for settings in [
            {"remote_storage_enable": "true"}, {"remote_storage_enable": "true", "cleanup_policy": "compact"},
            {"remote_storage_enable": "perhaps"}, {"remote_storage_enable": "false"}, {"remote_log_copy_disable": "true"},
            {"remote_log_delete_on_disable": "true"}, {"local_retention_ms": "1000"}, {"local_retention_bytes": "100"},
            {"local_retention_ms": "-3"}, {"local_retention_bytes": "-3"}, {"local_retention_ms": "5000", "retention_ms": "1000"},
            {"local_retention_bytes": "5000", "retention_bytes": "1000"}]:
        number += 1
        made = broker.create(f"tier{number}", **settings)
        broker.create(f"changed{number}")
        changed = until(lambda: broker.alter(f"changed{number}", **settings), lambda found: not found or found[0] != 3)
        seen[str(settings)] = [made, changed]
    broker.create("offsets", retention_ms="-1", **SMALL)
    for number in range(3):
        if number:
            broker.must("offsets", batch([b"x" * 3000] * 3, timestamp=1_700_000_000_000))
        if number == 2:
            broker.delete_records("offsets", 2)
        for version in (7, 8, 9, 10, 11):
            for spec in (-1, -2, -4, -5, -6, -7):
                found = until(lambda: broker.offsets("offsets", spec, version), lambda found: found[0] not in (3, 6))
                seen[f"step {number} v{version} {spec}"] = found
    return seen


def main():
    chosen = sys.argv[2:] or ["compression", "message_size", "timestamps", "indexes", "segment_age", "segment_size", "retention",
                              "cleanup", "tiers"]
    broker = Broker(int(sys.argv[1]))
    for name in chosen:
        print(json.dumps({"scenario": name, "saw": globals()[name](broker)}), flush=True)


if __name__ == "__main__":
    main()
