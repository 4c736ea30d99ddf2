"""Asks Apache Kafka what it makes of every case of odd_batches.py, and writes fixtures/produce/batches.jsonl.gz:
record_batches.py PORT OUTPUT, with Kafka on PORT and KAFKA_ORACLE set. Of what Kafka stores it notes whether the Java
consumer and librdkafka can read it. With another broker on PORT and --codes-only it notes answers only."""

import gzip
import json
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, TopicPartition
from odd_batches import TOPICS, cases
from wire import Connection, string

HERE = Path(__file__).parent


def unsigned(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def compact(data):
    return b"\0" if data is None else unsigned(len(data) + 1) + data


def produce_body(case, topic, partition):
    version, records = case["version"], case["records"]
    head = struct.pack(">hi", -1, 30_000)
    name = None if case["transactional"] is None else case["transactional"].encode()
    if version < 9:
        data = struct.pack(">i", -1 if records is None else len(records)) + (records or b"")
        return (string(case["transactional"]) + head + struct.pack(">i", 1) + string(topic)
                + struct.pack(">ii", 1, partition) + data)
    part = struct.pack(">i", partition) + compact(records) + b"\0"
    return compact(name) + head + b"\2" + compact(topic.encode()) + b"\2" + part + b"\0\0"


class Reader:
    """Walks a reply, compact or not."""

    def __init__(self, data, flexible):
        self.data, self.flexible, self.at = data, flexible, 0

    def take(self, form):
        value, = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def unsigned(self):
        number = shift = 0
        while True:
            byte = self.take("B")
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    def count(self, form):
        return self.unsigned() - 1 if self.flexible else self.take(form)

    def text(self):
        size = self.count("h")
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size:self.at].decode()


def produced(answer, version):
    """What the one partition was answered."""
    reader = Reader(answer, version >= 9)
    if version >= 9:
        reader.unsigned()
    reader.count("i")
    reader.text()
    reader.count("i")
    reader.take("i")
    result = {"code": reader.take("h"), "base": reader.take("q"), "time": reader.take("q")}
    result["start"] = reader.take("q") if version >= 5 else None
    if version >= 8:
        faults = []
        for _ in range(reader.count("i")):
            faults.append([reader.take("i"), reader.text()])
            if version >= 9:
                reader.unsigned()
        result["faults"] = [number for number, _ in faults]
        result["message"] = reader.text()
    return result


class Broker:
    """One broker under question, asked again over a new connection where it closes one."""

    def __init__(self, port):
        self.port = port
        self.connection = Connection(port)

    def create(self, name, partitions, configs):
        settings = b"".join(string(key) + string(value) for key, value in configs.items())
        body = struct.pack(">i", 1) + string(name) + struct.pack(">ihi", partitions, 1, 0)
        body += struct.pack(">i", len(configs)) + settings + struct.pack(">ib", 60_000, 0)
        answer = self.connection.ask(19, 2, body)
        code, = struct.unpack_from(">h", answer, 8 + len(string(name)))
        assert code == 0, f"creating {name}: error {code}"
        for partition in range(partitions):
            for _ in range(1000):
                if self.connection.fetch(name, partition, 0, wait=0)[0] == 0:
                    break
                time.sleep(0.01)

    def start_transactions(self):
        """Has the broker make its transaction coordinator, where it has one, so that ids can be unknown to it."""
        for _ in range(100):
            answer = self.connection.ask(10, 1, string("known") + b"\1")
            if struct.unpack_from(">h", answer, 4)[0] == 0:
                return
            time.sleep(0.1)

    def judge(self, case, topic, partition):
        version = case["version"]
        head = struct.pack(">hhi", 0, version, 1) + string("wire") + (b"\0" if version >= 9 else b"")
        frame = head + produce_body(case, topic, partition)
        self.connection.socket.sendall(struct.pack(">i", len(frame)) + frame)
        try:
            return produced(self.connection.receive()[1], version)
        except (ConnectionError, TimeoutError):
            self.connection = Connection(self.port)
            return {"code": None}

    def stored(self, topic, partition):
        code, _, data = self.connection.fetch(topic, partition, 0, wait=0)
        assert code == 0, f"fetching {topic}-{partition}: error {code}"
        return data


def as_sent(sent, stored):
    """Whether only the leader epoch differs; the base offset is 0 in both."""
    return sent is not None and stored[:12] + stored[16:] == sent[:12] + sent[16:]


def read_as_worker(port):
    """Says for each (topic, partition) of its input what librdkafka reads there; may die over one."""
    consumer = Consumer({
        "bootstrap.servers": f"127.0.0.1:{port}", "group.id": "unused", "enable.partition.eof": True,
        "auto.offset.reset": "earliest", "check.crcs": True, "fetch.wait.max.ms": 10, "fetch.error.backoff.ms": 10})
    for line in sys.stdin:
        topic, partition = line.split()
        consumer.assign([TopicPartition(topic, int(partition), 0)])
        result = "silence"
        for _ in range(100):
            found = consumer.poll(2.0)
            if found is None:
                break
            if found.error() is None:
                continue
            result = "ok" if found.error().code() == KafkaError._PARTITION_EOF else found.error().name()
            break
        consumer.unassign()
        print(topic, partition, result, flush=True)


def results_of(command, places):
    """What a reading program says of each place; it is started anew where it dies over one."""
    results, rest = {}, list(places)
    while rest:
        lines = "".join(f"{topic} {partition}\n" for topic, partition in rest)
        answer = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True)
        for line in answer.stdout.splitlines():
            topic, partition, word = line.split(" ", 2)
            results[topic, int(partition)] = True if word == "ok" else word
        rest = [place for place in rest if place not in results]
        if rest:
            results[rest.pop(0)] = "dies"
    return results


def read_by_librdkafka(port, places):
    return results_of([sys.executable, __file__, str(port), "--read"], places)


def read_by_java(port, places):
    oracle = os.environ["KAFKA_ORACLE"]
    return results_of(
        ["java", "-Xmx256m", "-cp", f"{oracle}/kafka/*", f"-Dlog4j2.configurationFile={oracle}/log4j2-tools.properties",
         str(HERE / "ReadBack.java"), f"127.0.0.1:{port}"], places)


def main(port, output, codes_only):
    broker = Broker(port)
    if not codes_only:
        broker.start_transactions()
    every = list(cases())
    lines, places = [], {}
    counts = dict.fromkeys(TOPICS, 0)
    for case in every:
        case["partition"] = counts[case["topic"]]
        counts[case["topic"]] += 1
    suffix = f"-{os.getpid()}"
    for topic, configs in TOPICS.items():
        # The records are old; retention must not come before they are read.
        broker.create(topic + suffix, counts[topic], {**configs, "retention.ms": "-1"})
    for number, case in enumerate(every):
        topic, partition = case["topic"] + suffix, case.pop("partition")
        result = broker.judge(case, topic, partition)
        line = {**case, **result, "records": None if case["records"] is None else case["records"].hex()}
        if line["transactional"] is None:
            del line["transactional"]
        if result["code"] == 0 and not codes_only:
            stored = broker.stored(topic, partition)
            if not as_sent(case["records"], stored):
                line["stored"] = stored.hex()
            places[topic, partition] = number
        lines.append(line)
    write(output, lines)
    if codes_only:
        return
    for name, read in (("java", read_by_java), ("librdkafka", read_by_librdkafka)):
        for place, result in read(port, places).items():
            lines[places[place]][name] = result
        write(output, lines)


def write(output, lines):
    with gzip.GzipFile(output, "wb", mtime=0) as file:
        for line in lines:
            file.write(json.dumps(line).encode() + b"\n")


if __name__ == "__main__" and "--read" in sys.argv:
    read_as_worker(int(sys.argv[1]))
elif __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], "--codes-only" in sys.argv)
