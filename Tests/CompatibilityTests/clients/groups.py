"""Small services that share work through consumer groups: groups.py SCENARIO PORT LOG -- COMMAND…

Each function below is a scenario that people rely on. The script runs the broker itself, as some scenarios end it.
"""

import asyncio
import subprocess
import sys
import threading
import time

from aiokafka import AIOKafkaConsumer
from confluent_kafka import (
    Consumer, ConsumerGroupState, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaConsumer

from broker import BrokerProcess

WAIT = 30
PARTITIONS = 4


class Broker(BrokerProcess):
    def __init__(self, command, port, log):
        super().__init__(command, port, log)
        self.address = f"127.0.0.1:{port}"
        self.start()
        self.admin = AdminClient({"bootstrap.servers": self.address})

    def create(self, topic, partitions=PARTITIONS):
        self.admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(WAIT)

    def write(self, topic, numbers, partitions=PARTITIONS):
        """Writes numbers, each into its own partition, and waits until all are acknowledged."""
        producer = Producer({"bootstrap.servers": self.address, "linger.ms": 5})
        failed = []
        for number in numbers:
            producer.produce(
                topic, b"%d" % number, partition=number % partitions,
                on_delivery=lambda error, _: failed.append(error) if error else None)
            producer.poll(0)
        assert producer.flush(WAIT) == 0 and not failed, failed[:1]

    def committed(self, group, topic, partitions=PARTITIONS):
        wanted = [ConsumerGroupTopicPartitions(group, [TopicPartition(topic, p) for p in range(partitions)])]
        result = self.admin.list_consumer_group_offsets(wanted)[group].result(WAIT)
        return [p.offset for p in result.topic_partitions]

    def describe(self, group):
        return self.admin.describe_consumer_groups([group])[group].result(WAIT)


class Member(threading.Thread):
    """A service: reads, notes what it read, commits by hand after each batch, until it is told to stop."""

    def __init__(self, broker, group, topic, seen, make=Consumer, **settings):
        super().__init__(daemon=True)
        self.seen, self.stopping, self.vanishing = seen, False, False
        self.assigned, self.assignments, self.problem = set(), 0, None
        self.consumer = make({
            "bootstrap.servers": broker.address, "group.id": group, "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "session.timeout.ms": 6000, "heartbeat.interval.ms": 300,
            **{name.replace("_", "."): value for name, value in settings.items()}})
        self.consumer.subscribe([topic], on_assign=self.on_assign, on_revoke=self.on_revoke)
        self.start()

    def on_assign(self, _, partitions):
        self.assigned |= {p.partition for p in partitions}
        self.assignments += 1

    def on_revoke(self, _, partitions):
        self.assigned -= {p.partition for p in partitions}

    def run(self):
        try:
            owes_commit = False
            while not self.stopping:
                messages = [m for m in self.consumer.consume(100, 0.1) if not m.error()]
                for message in messages:
                    self.seen.append((int(message.value()), message.partition(), message.offset()))
                if messages or owes_commit:
                    owes_commit = not self.commit()
        except Exception as problem:  # noqa: BLE001 - shown by the scenario
            self.problem = problem
        if not self.vanishing:
            self.consumer.close()

    def commit(self):
        """Commits what was read; false where a rebalance came first.

        Records of a partition that the member then loses come again, to whoever gets it. Those of one that it keeps do
        not, as a cooperative rebalance leaves its position alone: nobody but the member itself can commit them later.
        """
        try:
            self.consumer.commit(asynchronous=False)
        except KafkaException as error:
            code = error.args[0].code()
            if code == KafkaError._NO_OFFSET:
                return True
            assert code in (
                KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS,
                KafkaError._STATE), error
            return False
        return True

    def stop(self):
        self.stopping = True
        self.join(WAIT)
        assert self.problem is None, self.problem


def until(condition, what, seconds=WAIT):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def share(broker):
    """Members share all partitions; while the group is stable, nobody gets a record twice; 1, 4, 2 members under load."""
    broker.create("work")
    seen = []
    members = [Member(broker, "workers", "work", seen)]
    until(lambda: len(members[0].assigned) == PARTITIONS, "one member has everything")
    broker.write("work", range(500))
    until(lambda: len(seen) == 500, "500 records")
    assert sorted(number for number, _, _ in seen) == list(range(500)), "a record twice in a stable group"
    members += [Member(broker, "workers", "work", seen) for _ in range(3)]
    until(lambda: sorted(len(m.assigned) for m in members) == [1, 1, 1, 1], "four members have one partition each")
    assert set().union(*(m.assigned for m in members)) == set(range(PARTITIONS))
    before = len(seen)
    broker.write("work", range(500, 1000))
    until(lambda: len(seen) == before + 500, "500 more")
    assert sorted(number for number, _, _ in seen[before:]) == list(range(500, 1000))
    writing = threading.Thread(target=broker.write, args=("work", range(1000, 6000)))
    writing.start()
    for member in members[2:]:
        member.stop()
    until(lambda: sorted(len(m.assigned) for m in members[:2]) == [2, 2], "two members have two partitions each")
    writing.join()
    until(lambda: {number for number, _, _ in seen} == set(range(6000)), "every record is processed")
    until(lambda: sum(broker.committed("workers", "work")) == 6000, "every record is committed")
    described = broker.describe("workers")
    assert described.state == ConsumerGroupState.STABLE and len(described.members) == 2
    for member in members[:2]:
        member.stop()
    assert broker.describe("workers").state == ConsumerGroupState.EMPTY


def replaced(broker):
    """A member that is killed without a word is replaced after its session timeout; what it did not commit comes again."""
    broker.create("jobs")
    broker.write("jobs", range(200))
    script = (
        "import sys, time\n"
        "from confluent_kafka import Consumer\n"
        "c = Consumer({'bootstrap.servers': sys.argv[1], 'group.id': 'jobs', 'enable.auto.commit': False,\n"
        "  'auto.offset.reset': 'earliest', 'session.timeout.ms': 6000, 'heartbeat.interval.ms': 300})\n"
        "c.subscribe(['jobs'])\n"
        "n = 0\n"
        "while n < 200: n += sum(not m.error() for m in c.consume(50, 0.2))\n"
        "print('read', flush=True)\n"
        "while True: c.poll(0.1)\n")
    victim = subprocess.Popen([sys.executable, "-c", script, broker.address], stdout=subprocess.PIPE, text=True)
    assert victim.stdout.readline() == "read\n"
    seen = []
    member = Member(broker, "jobs", "jobs", seen)
    until(lambda: len(member.assigned) == PARTITIONS // 2, "the second member has its half")
    victim.kill()
    victim.wait()
    began = time.monotonic()
    until(lambda: len(member.assigned) == PARTITIONS, "it has everything", 12)
    took = time.monotonic() - began
    assert took > 4, f"the dead member was given up after {took:.1f} s, before its session ended"
    until(lambda: sorted(number for number, _, _ in seen) == list(range(200)), "all 200 come again")
    member.stop()


def restart(broker):
    """kill -9: no committed offset is lost, and a stable group goes on without a rebalance."""
    broker.create("orders")
    seen = []
    members = [Member(broker, "orders", "orders", seen, session_timeout_ms=20000) for _ in range(2)]
    until(lambda: sorted(len(m.assigned) for m in members) == [2, 2], "two and two")
    last = [0] * PARTITIONS
    for round in range(3):
        broker.write("orders", range(round * 400, (round + 1) * 400))
        until(lambda: len(seen) >= (round + 1) * 400, "everything was read")
        until(lambda: sum(broker.committed("orders", "orders")) == (round + 1) * 400, "everything is committed")
        before = broker.committed("orders", "orders")
        assignments = [m.assignments for m in members]
        described = {m.member_id for m in broker.describe("orders").members}
        broker.kill()
        broker.start()
        after = broker.committed("orders", "orders")
        assert after == before and all(a >= l for a, l in zip(after, last)), (before, after)
        last = after
        described_after = broker.describe("orders")
        assert described_after.state == ConsumerGroupState.STABLE, described_after.state
        assert {m.member_id for m in described_after.members} == described
    broker.write("orders", range(1200, 1600))
    until(lambda: len(seen) >= 1600, "the members read on")
    assert [m.assignments for m in members] == assignments, "the group was rebalanced"
    assert sorted(number for number, _, _ in seen) == list(range(1600)), "a record twice"
    for member in members:
        member.stop()


def independent(broker):
    """Two groups read everything; a new one may start at the end; reset and replay; lag is exact after each step."""
    broker.create("events")
    broker.write("events", range(100))
    for group in ("first", "second"):
        seen = []
        member = Member(broker, group, "events", seen)
        until(lambda: sorted(n for n, _, _ in seen) == list(range(100)), f"{group} reads everything")
        until(lambda: broker.committed(group, "events") == [25] * 4, "and commits it")
        member.stop()
    ends = lambda: [Consumer({"bootstrap.servers": broker.address, "group.id": "x"}).get_watermark_offsets(
        TopicPartition("events", p), WAIT)[1] for p in range(PARTITIONS)]
    lag = lambda group: [end - max(0, done) for end, done in zip(ends(), broker.committed(group, "events"))]
    assert lag("first") == [0] * 4
    broker.write("events", range(100, 110))
    assert sum(lag("first")) == 10 and sum(lag("second")) == 10
    # Starting at the end: only what comes later.
    late = []
    member = Member(broker, "late", "events", late, auto_offset_reset="latest")
    until(lambda: len(member.assigned) == PARTITIONS, "assigned")
    time.sleep(0.5)  # positions at the end are looked up after the assignment
    broker.write("events", range(110, 120))
    until(lambda: sorted(n for n, _, _ in late) == list(range(110, 120)), "only what came later")
    member.stop()
    # Reset, while nobody is in the group, and replay.
    reset = [ConsumerGroupTopicPartitions("first", [TopicPartition("events", p, 5) for p in range(PARTITIONS)])]
    broker.admin.alter_consumer_group_offsets(reset)["first"].result(WAIT)
    assert broker.committed("first", "events") == [5] * 4
    again = []
    member = Member(broker, "first", "events", again)
    until(lambda: len(again) == 120 - 20, "100 records come again")
    until(lambda: lag("first") == [0] * 4, "no lag")
    refused = broker.admin.alter_consumer_group_offsets(reset)["first"].result(WAIT).topic_partitions
    assert [p.error.code() for p in refused] == [KafkaError.UNKNOWN_MEMBER_ID] * 4, refused
    member.stop()
    broker.admin.delete_consumer_groups(["second"])["second"].result(WAIT)
    assert broker.committed("second", "events") == [-1001] * 4
    groups = {g.group_id for g in broker.admin.list_consumer_groups().result(WAIT).valid}
    assert groups >= {"first", "late"} and "second" not in groups, groups


def clients(broker):
    """librdkafka, kafka-python and aiokafka, each with several members and every assignor that it has, and commits by interval."""
    broker.create("mixed")
    broker.write("mixed", range(400))
    for strategy in ("range", "roundrobin", "cooperative-sticky"):
        seen = []
        members = [
            Member(broker, "rd-" + strategy, "mixed", seen, partition_assignment_strategy=strategy) for _ in range(2)]
        until(lambda: sorted(len(m.assigned) for m in members) == [2, 2], f"{strategy}: two and two")
        until(lambda: {n for n, _, _ in seen} == set(range(400)), f"{strategy}: everything")
        until(lambda: broker.committed("rd-" + strategy, "mixed") == [100] * 4, f"{strategy}: all is committed")
        for member in members:
            member.stop()
        assert broker.committed("rd-" + strategy, "mixed") == [100] * 4
    # Now and then one of two threads of kafka-python 3.0 stops polling, with Kafka too: then the other has it all, as
    # soon as the group has waited for its longest pause between two polls (five minutes, unless told otherwise).
    readers = [
        KafkaConsumer(
            "mixed", bootstrap_servers=broker.address, group_id="python", auto_offset_reset="earliest",
            auto_commit_interval_ms=200, session_timeout_ms=6000, heartbeat_interval_ms=300, max_poll_interval_ms=6000)
        for _ in range(2)]
    seen, stopping = [], threading.Event()

    def serve(reader):
        while not stopping.is_set():
            for messages in reader.poll(timeout_ms=200).values():
                seen.extend(int(m.value) for m in messages)
        reader.close()

    threads = [threading.Thread(target=serve, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    until(lambda: set(seen) == set(range(400)), "kafka-python reads everything")
    until(lambda: broker.committed("python", "mixed") == [100] * 4, "and commits it by interval")
    until(lambda: sum(len(r.assignment()) for r in readers) == 4, "kafka-python shares all four")
    stopping.set()
    for thread in threads:
        thread.join(WAIT)
    asyncio.run(aio(broker))
    assert broker.describe("aio").state == ConsumerGroupState.EMPTY
    assert broker.committed("aio", "mixed") == [100] * 4


async def aio(broker):
    readers = [
        AIOKafkaConsumer(
            "mixed", bootstrap_servers=broker.address, group_id="aio", auto_offset_reset="earliest",
            auto_commit_interval_ms=200, heartbeat_interval_ms=300)
        for _ in range(2)]
    for reader in readers:
        await reader.start()
    seen, end = set(), time.monotonic() + WAIT
    while len(seen) < 400 or sorted(len(r.assignment()) for r in readers) != [2, 2]:
        assert time.monotonic() < end, (len(seen), [len(r.assignment()) for r in readers])
        for reader in readers:
            for messages in (await reader.getmany(timeout_ms=100)).values():
                seen.update(int(m.value) for m in messages)
    for reader in readers:
        await reader.stop()


def static(broker):
    """A static member that is restarted takes its partitions again, without a rebalance of the others."""
    broker.create("pinned")
    seen = []
    first = Member(broker, "pinned", "pinned", seen, group_instance_id="one")
    second = Member(broker, "pinned", "pinned", seen, group_instance_id="two")
    until(lambda: sorted(len(m.assigned) for m in (first, second)) == [2, 2], "two and two")
    mine, assignments = set(second.assigned), first.assignments
    second.stop()
    third = Member(broker, "pinned", "pinned", seen, group_instance_id="two")
    until(lambda: third.assigned == mine, "the same partitions")
    assert first.assignments == assignments, "the other member was disturbed"
    broker.write("pinned", range(100))
    until(lambda: sorted(n for n, _, _ in seen) == list(range(100)), "all records, once")
    first.stop()
    third.stop()


if __name__ == "__main__":
    name, port, log = sys.argv[1:4]
    scenario = Broker(sys.argv[5:], int(port), log)
    try:
        globals()[name](scenario)
    finally:
        scenario.kill()
