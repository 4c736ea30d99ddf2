"""Transactional clients under fire, and what they did and saw as a history that TransactionChecker judges.

    transaction_history.py run --seed S --seconds N --port PORT --log FILE --history FOLDER -- COMMAND…

Writers append numbers to lists (partitions) in transactions that end either way; processors carry records of `in` to `out`
with their offsets in the transaction; readers of both isolation levels follow every partition. Meanwhile the broker is
killed and stopped, and so are clients. Each client is a process of its own and notes what it is about to do before it does
it, one JSON object a line, in FOLDER/NAME.jsonl. At the end everything is read once more. Times are nanoseconds of the
system's monotonic clock, which all processes share.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

from confluent_kafka import (
    Consumer, ConsumerGroupTopicPartitions, IsolationLevel, KafkaError, KafkaException, OFFSET_BEGINNING, Producer,
    TopicPartition)
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from broker import BrokerProcess

LIST, INPUT, OUTPUT = "list", "in", "out"
PARTITIONS = {LIST: 3, INPUT: 2, OUTPUT: 2}
GROUP = "processors"
WRITERS, PROCESSORS = 3, 2
TIMEOUT = 5  # of transactions, in seconds
SETTLING = 90  # seconds within which nothing may be open any more
APPENDS_MAX = 6
# A session's numbers are its own, and increase in the order in which they are sent.
SESSION_NUMBERS = 1_000_000

is_over = False


class Notes:
    """The history of one client; a line is with the system before anything follows from it."""

    def __init__(self, folder, name):
        self.descriptor = os.open(f"{folder}/{name}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(self, do, **members):
        line = json.dumps({"do": do, "at": time.monotonic_ns(), **members}) + "\n"
        os.write(self.descriptor, line.encode())


def connection(port):
    return {
        "bootstrap.servers": f"127.0.0.1:{port}", "reconnect.backoff.max.ms": 300, "log_level": 0,
        "socket.timeout.ms": 4000}


def list_name(topic, partition):
    return f"{topic}-{partition}"


class Session:
    """One life of a transactional client; the next one of the same transactional id fences it."""

    def __init__(self, options, prefix):
        self.notes = Notes(options.history, options.name)
        self.name = options.name
        self.dice = random.Random(f"{options.seed} {options.name}")
        self.next_number = options.number * SESSION_NUMBERS
        self.transactions = 0
        self.producer = Producer({
            **connection(options.port), "transactional.id": f"{prefix}-{options.identity}",
            "transaction.timeout.ms": TIMEOUT * 1000, "message.timeout.ms": TIMEOUT * 1000, "linger.ms": 1})
        self.producer.init_transactions(60)

    def append(self, transaction, topic, partition, source=None):
        number = self.next_number
        self.next_number += 1
        to = list_name(topic, partition)
        self.notes.write(
            "append", transaction=transaction, partition=to, value=number, **({"input": source} if source else {}))

        def delivered(error, message):
            if not error:
                self.notes.write("acked", partition=to, value=number, offset=message.offset())
        self.producer.produce(topic, b"%d" % number, partition=partition, on_delivery=delivered)
        self.producer.poll(0)

    def attempt(self, fill, ends_well=True):
        """One transaction; whether it was committed as far as this client knows."""
        name = f"{self.name}:{self.transactions}"
        self.transactions += 1
        self.notes.write("begin", transaction=name, producer=self.name)
        try:
            self.producer.begin_transaction()
            fill(name)
            if not ends_well:
                return self.give_up(name)
            self.notes.write("commit", transaction=name)
            self.retried(self.producer.commit_transaction)
            self.notes.write("committed", transaction=name)
            return True
        except KafkaException as failure:
            if not failure.args[0].txn_requires_abort():
                raise
            return self.give_up(name)

    def give_up(self, name):
        self.notes.write("abort", transaction=name)
        self.retried(self.producer.abort_transaction)
        self.notes.write("aborted", transaction=name)
        return False

    def retried(self, operation):
        """The library's own advice: what can be tried again is called again."""
        while True:
            try:
                return operation(TIMEOUT)
            except KafkaException as failure:
                if not failure.args[0].retriable():
                    raise


def run_writer(options):
    session = Session(options, "writer")
    while not is_over:
        def fill(name):
            for _ in range(session.dice.randint(1, APPENDS_MAX)):
                topic = session.dice.choice([LIST, LIST, INPUT])
                session.append(name, topic, session.dice.randrange(PARTITIONS[topic]))
                if session.dice.random() < 0.2:
                    time.sleep(session.dice.uniform(0, 0.05))
        session.attempt(fill, ends_well=session.dice.random() < 0.7)


def run_processor(options):
    session = Session(options, "processor")
    # Of the new protocol's members the broker alone says how often they are heard of.
    pace = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500} if options.protocol == "classic" else {}
    consumer = Consumer({
        **connection(options.port), **pace, "group.id": GROUP, "group.protocol": options.protocol,
        "enable.auto.commit": False, "auto.offset.reset": "earliest", "isolation.level": "read_committed"})
    consumer.subscribe([INPUT])
    while not is_over:
        messages = [m for m in consumer.consume(session.dice.randint(1, 8), 0.2) if not m.error()]
        if not messages:
            continue

        def fill(name):
            following = {}
            for message in messages:
                session.append(
                    name, OUTPUT, session.dice.randrange(PARTITIONS[OUTPUT]),
                    f"{list_name(INPUT, message.partition())}:{message.offset()}")
                following[message.partition()] = message.offset() + 1
            session.notes.write(
                "inputs", transaction=name, offsets={list_name(INPUT, p): o for p, o in following.items()})
            session.retried(lambda seconds: session.producer.send_offsets_to_transaction(
                [TopicPartition(INPUT, p, o) for p, o in following.items()], consumer.consumer_group_metadata(),
                seconds))
        if not session.attempt(fill, ends_well=session.dice.random() < 0.9):
            rewind(consumer)
    consumer.close()


def rewind(consumer):
    """Goes on where the group stands, as what was read meanwhile was not processed."""
    while True:
        try:
            for place in consumer.committed(consumer.assignment(), TIMEOUT):
                if place.offset < 0:
                    place.offset = OFFSET_BEGINNING
                consumer.seek(place)
            return
        except KafkaException as failure:
            # Meanwhile the partition may have gone to another member.
            if failure.args[0].code() in (KafkaError._STATE, KafkaError._UNKNOWN_PARTITION):
                return
            if not failure.args[0].retriable() and failure.args[0].code() not in (
                    KafkaError._TIMED_OUT, KafkaError.UNSTABLE_OFFSET_COMMIT, KafkaError._TRANSPORT):
                raise


def reading(port, isolation):
    return Consumer({
        **connection(port), "group.id": "nobody", "enable.auto.commit": False, "isolation.level": isolation,
        "auto.offset.reset": "error", "fetch.wait.max.ms": 50, "check.crcs": True})


def everything():
    return [(topic, partition) for topic, count in PARTITIONS.items() for partition in range(count)]


def run_reader(options):
    notes = Notes(options.history, options.name)
    isolation = "read_committed" if options.identity % 2 == 0 else "read_uncommitted"
    consumer = reading(options.port, isolation)
    consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in everything()])
    while not is_over:
        seen = {}
        for message in consumer.consume(200, 0.1):
            if message.error():
                if message.error().code() == KafkaError._AUTO_OFFSET_RESET:
                    notes.write("failed", reader=options.name, error=str(message.error()))
                continue
            place = list_name(message.topic(), message.partition())
            seen.setdefault(place, []).append([message.offset(), int(message.value())])
        for place, records in seen.items():
            notes.write("read", reader=options.name, isolation=isolation, partition=place, records=records)


# The one who starts, kills and stops them all.

class Client:
    """A client process, and its lives one after the other."""

    def __init__(self, role, identity, options):
        self.role, self.identity, self.options = role, identity, options
        self.lives = 0

    def start(self):
        self.lives += 1
        index = {"writer": 0, "processor": 100, "reader": 200}[self.role] + self.identity
        words = [
            sys.executable, __file__, self.role, "--seed", str(self.options.seed), "--port", str(self.options.port),
            "--history", self.options.history, "--identity", str(self.identity), "--protocol", self.options.protocol,
            "--number", str(index * 1000 + self.lives), "--name", f"{self.role}{self.identity}.{self.lives}"]
        self.output = open(f"{self.options.history}/{self.role}{self.identity}.output", "ab")
        self.process = subprocess.Popen(words, stdout=self.output, stderr=self.output, stdin=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()


def torment(broker, clients, options, dice):
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        time.sleep(dice.uniform(0.2, 1.5))
        act = dice.choice(options.acts.split(","))
        client = dice.choice(clients)
        if act == "kill-broker":
            broker.kill()
            time.sleep(dice.uniform(0, 0.5))
            broker.start()
        elif act == "stop-broker":
            paused(broker.process, dice.uniform(0.2, 2))
        elif act == "kill-client":
            client.kill()
            client.start()
        elif act == "stop-client":
            # Some are away for longer than their transactions may be open.
            paused(client.process, dice.choice([dice.uniform(0.1, 1), TIMEOUT + dice.uniform(0, 2)]))
        for client in clients:
            # A fenced client is over for its application too, which starts it again.
            if client.process.poll() is not None:
                client.start()


def paused(process, seconds):
    process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    process.send_signal(signal.SIGCONT)


def finish(clients):
    for client in clients:
        client.process.terminate()
    end = time.monotonic() + 3 * TIMEOUT
    for client in clients:
        try:
            client.process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            client.kill()


def ends(admin, isolation):
    asked = {TopicPartition(topic, partition): OffsetSpec.latest() for topic, partition in everything()}
    answers = admin.list_offsets(asked, isolation_level=isolation, request_timeout=10)
    return {list_name(p.topic, p.partition): future.result().offset for p, future in answers.items()}


def read_all(port, isolation, ends_at):
    consumer = reading(port, isolation)
    consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in everything()])
    found = {list_name(topic, partition): [] for topic, partition in everything()}
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        for message in consumer.consume(500, 0.2):
            if not message.error():
                found[list_name(message.topic(), message.partition())].append(
                    [message.offset(), int(message.value())])
        places = consumer.position([TopicPartition(topic, partition) for topic, partition in everything()])
        if all(p.offset >= ends_at[list_name(p.topic, p.partition)] or not ends_at[list_name(p.topic, p.partition)]
               for p in places):
            break
    consumer.close()
    return found


def take_stock(options):
    """Waits until nothing is open any more, and notes everything that there is."""
    admin = AdminClient(connection(options.port))
    limit = time.monotonic() + SETTLING
    while True:
        latest = ends(admin, IsolationLevel.READ_UNCOMMITTED)
        stable = ends(admin, IsolationLevel.READ_COMMITTED)
        if stable == latest or time.monotonic() > limit:
            break
        time.sleep(0.25)
    notes = Notes(options.history, "stock")
    for isolation in ["read_committed", "read_uncommitted"]:
        for place, records in read_all(options.port, isolation, stable).items():
            notes.write(
                "final", isolation=isolation, partition=place, records=records, stable=stable[place],
                end=latest[place])
    places = [TopicPartition(INPUT, partition) for partition in range(PARTITIONS[INPUT])]
    request = ConsumerGroupTopicPartitions(GROUP, places)
    answer = admin.list_consumer_group_offsets([request], require_stable=True)[GROUP].result()
    for place in answer.topic_partitions:
        notes.write("offset", partition=list_name(INPUT, place.partition), offset=max(0, place.offset))


def run(options):
    dice = random.Random(options.seed)
    broker = BrokerProcess(options.command, options.port, options.log)
    broker.start()
    clients = []
    try:
        admin = AdminClient(connection(options.port))
        topics = [NewTopic(topic, count, 1) for topic, count in PARTITIONS.items()]
        for future in admin.create_topics(topics).values():
            future.result()
        clients = [Client("writer", n, options) for n in range(WRITERS)]
        clients += [Client("processor", n, options) for n in range(PROCESSORS)]
        clients += [Client("reader", n, options) for n in range(2)]
        for client in clients:
            client.start()
        torment(broker, clients, options, dice)
        finish(clients)
        take_stock(options)
    finally:
        for client in clients:
            client.kill()
        broker.kill()


def stop(*_):
    global is_over
    is_over = True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("role", choices=["run", "writer", "processor", "reader"])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--history", required=True, help="the folder for what clients note")
    parser.add_argument("--protocol", choices=["classic", "consumer"], default="classic", help="of the group")
    parser.add_argument("--seconds", type=float, default=10, help="how long there is trouble")
    parser.add_argument("--acts", default="kill-broker,stop-broker,kill-client,stop-client", help="what trouble")
    parser.add_argument("--log", help="the broker's log")
    parser.add_argument("--name", help="of one client's life")
    parser.add_argument("--identity", type=int, help="which client of its role")
    parser.add_argument("--number", type=int, help="of the life among all, for its numbers")
    words = sys.argv[1:]
    options, command = words, []
    if "--" in words:
        options, command = words[:words.index("--")], words[words.index("--") + 1:]
    options = parser.parse_args(options)
    options.command = command
    if options.role == "run":
        pathlib.Path(options.history).mkdir(parents=True, exist_ok=True)
        return run(options)
    signal.signal(signal.SIGTERM, stop)
    {"writer": run_writer, "processor": run_processor, "reader": run_reader}[options.role](options)


if __name__ == "__main__":
    main()
