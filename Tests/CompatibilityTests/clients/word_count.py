"""Kafka Streams counts words exactly once while the broker and the application are killed.

    word_count.py --kills N --seed S --port PORT --log FILE --folder FOLDER --java WORDS -- COMMAND…

WORDS is what starts Java with its class path. Lines go to the topic "lines" by an idempotent producer that lives through
everything; at the end the counts that readers of committed records see must be those of the lines, and none of a word's
counts may stand behind a higher one.
"""

import argparse
import collections
import random
import shlex
import subprocess
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from broker import BrokerProcess

WORDS = [f"word{n}" for n in range(50)]
PARTITIONS = 2
# So long the application may take until it has caught up, seconds.
CATCHING_UP = 120


class Application:
    def __init__(self, options):
        self.words = shlex.split(options.java) + [
            "WordCount", f"127.0.0.1:{options.port}", options.folder + "/state"]
        self.output = open(options.folder + "/application", "ab")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.words, stdout=self.output, stderr=self.output, stdin=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Lines:
    """The lines that are sent, and what they come to."""

    def __init__(self, port, dice):
        self.dice = dice
        self.counts = collections.Counter()
        self.failures = []
        self.producer = Producer({
            "bootstrap.servers": f"127.0.0.1:{port}", "enable.idempotence": True, "message.timeout.ms": 120_000,
            "reconnect.backoff.max.ms": 300, "linger.ms": 5, "log_level": 0})

    def send(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            words = self.dice.choices(WORDS, k=self.dice.randint(1, 5))
            self.counts.update(words)
            self.producer.produce(
                "lines", " ".join(words).encode(), partition=self.dice.randrange(PARTITIONS),
                on_delivery=lambda error, _: self.failures.append(str(error)) if error else None)
            self.producer.poll(0.002)

    def finish(self):
        assert self.producer.flush(100) == 0 and not self.failures, f"lines were lost: {self.failures[:3]}"


def follow_counts(port, wanted):
    """Reads what was counted until it is what is wanted; the counts of each word, as they came."""
    consumer = Consumer({
        "bootstrap.servers": f"127.0.0.1:{port}", "group.id": "nobody", "enable.auto.commit": False,
        "isolation.level": "read_committed", "auto.offset.reset": "earliest", "log_level": 0})
    consumer.assign([TopicPartition("counts", partition, 0) for partition in range(PARTITIONS)])
    counts = collections.defaultdict(list)
    end = time.monotonic() + CATCHING_UP
    quiet_until = None
    while time.monotonic() < end:
        for message in consumer.consume(500, 0.2):
            if not message.error():
                counts[message.key().decode()].append(int(message.value()))
        if {word: seen[-1] for word, seen in counts.items()} == wanted:
            # What comes too much comes afterwards.
            quiet_until = quiet_until or time.monotonic() + 2
            if time.monotonic() > quiet_until:
                break
        else:
            quiet_until = None
    consumer.close()
    return counts


def compare(counts, wanted):
    last = {word: seen[-1] for word, seen in counts.items()}
    wrong = [f"{word}: {last.get(word)}, not {count}" for word, count in wanted.items() if last.get(word) != count]
    assert not wrong, f"{len(wrong)} words are counted wrongly: {wrong[:5]}"
    for word, seen in counts.items():
        assert seen == sorted(set(seen)), f"{word} was counted {seen}"


def run(options, broker, dice):
    broker.start()
    topics = [NewTopic(name, PARTITIONS, 1) for name in ["lines", "counts"]]
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{options.port}", "log_level": 0})
    for future in admin.create_topics(topics).values():
        future.result()
    lines = Lines(options.port, dice)
    application = Application(options)
    try:
        for kill in range(options.kills):
            lines.send(dice.uniform(1, 4))
            if dice.random() < 0.6:
                broker.kill()
                broker.start()
            else:
                application.kill()
                application.start()
        lines.send(1)
        lines.finish()
        counts = follow_counts(options.port, dict(lines.counts))
        compare(counts, dict(lines.counts))
        print(f"{sum(lines.counts.values())} words, {sum(map(len, counts.values()))} counts, {options.kills} kills")
    finally:
        application.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--folder", required=True, help="for the application's state and what it says")
    parser.add_argument("--java", required=True)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    broker = BrokerProcess(options.command, options.port, options.log)
    try:
        run(options, broker, random.Random(options.seed))
    except AssertionError as broken:
        print(f"FAILED, seed {options.seed}: {broken}", file=sys.stderr)
        sys.exit(1)
    finally:
        if broker.process:
            broker.kill()


if __name__ == "__main__":
    main()
