"""Services in consumer groups of the new kind (KIP-848): groups848.py SCENARIO PORT LOG -- COMMAND…

The scenarios of groups.py that are about the coordinator's own assignment, and the move between the protocols.
"""

import sys
import time

from confluent_kafka import Consumer, ConsumerGroupState, ConsumerGroupType
from confluent_kafka.admin import AdminClient

from groups import PARTITIONS, Broker, Member, until


class NewMember(Member):
    """A member that lets the coordinator assign; its timeouts are the broker's."""

    def __init__(self, broker, group, topic, seen, **settings):
        def make(configuration):
            for name in ("session.timeout.ms", "heartbeat.interval.ms"):
                del configuration[name]
            return Consumer({**configuration, "group.protocol": "consumer"})

        super().__init__(broker, group, topic, seen, make=make, **settings)


def numbers(seen):
    return sorted(number for number, _, _ in seen)


def share(broker):
    """1, 3, 1 members share all partitions, one of them by a regular expression; no record twice, none lost."""
    broker.create("work")
    seen = []
    first = NewMember(broker, "workers", "work", seen)
    until(lambda: len(first.assigned) == PARTITIONS, "one member has everything")
    broker.write("work", range(400))
    until(lambda: len(seen) == 400, "400 records")
    others = [NewMember(broker, "workers", "^wor.$", seen), NewMember(broker, "workers", "work", seen)]
    members = [first] + others
    until(lambda: sorted(len(m.assigned) for m in members) == [1, 1, 2], "three members share")
    assert set().union(*(m.assigned for m in members)) == set(range(PARTITIONS))
    broker.write("work", range(400, 800))
    until(lambda: len(seen) == 800, "400 more")
    assert numbers(seen) == list(range(800)), "a record twice, or lost"
    description = broker.describe("workers")
    assert description.state == ConsumerGroupState.STABLE and description.type == ConsumerGroupType.CONSUMER
    assert sorted(len(m.assignment.topic_partitions) for m in description.members) == [1, 1, 2]
    for member in others:
        member.stop()
    until(lambda: len(first.assigned) == PARTITIONS, "one member has everything again")
    broker.write("work", range(800, 1000))
    until(lambda: len(seen) == 1000, "the rest")
    first.stop()
    assert numbers(seen) == list(range(1000))
    assert sum(broker.committed("workers", "work")) == 1000
    until(lambda: broker.describe("workers").state == ConsumerGroupState.EMPTY, "the group is empty")


def restart(broker):
    """kill -9 of the broker: members go on with what they had, and no commit is lost."""
    broker.create("work")
    seen = []
    members = [NewMember(broker, "workers", "work", seen) for _ in range(2)]
    until(lambda: sorted(len(m.assigned) for m in members) == [2, 2], "two members share")
    broker.write("work", range(300))
    until(lambda: sum(broker.committed("workers", "work")) == 300, "all is committed")
    assignments = [m.assignments for m in members]
    broker.kill()
    broker.start()
    # The client's admin handle sometimes does not connect again for half a minute.
    broker.admin = AdminClient({"bootstrap.servers": broker.address})
    broker.write("work", range(300, 600))
    until(lambda: len(seen) >= 600, "the rest")
    assert numbers(seen) == list(range(600)), "a record twice, or lost"
    assert [m.assignments for m in members] == assignments, "a rebalance although nothing changed"
    for member in members:
        member.stop()
    assert sum(broker.committed("workers", "work")) == 600


def replaced(broker):
    """A member that vanishes loses its partitions after its session; a static one that returns keeps them."""
    broker.create("work")
    seen = []
    stays = NewMember(broker, "workers", "work", seen)
    static = NewMember(broker, "workers", "work", seen, group_instance_id="desk")
    until(lambda: sorted(len(m.assigned) for m in (stays, static)) == [2, 2], "two members share")
    before = stays.assignments
    had = set(static.assigned)
    static.stop()
    again = NewMember(broker, "workers", "work", seen, group_instance_id="desk")
    until(lambda: again.assigned == had, "the static member has what it had")
    assert stays.assignments == before, "a rebalance although the static member came back"
    again.vanishing = again.stopping = True
    again.join()
    del again.consumer
    began = time.monotonic()
    until(lambda: len(stays.assigned) == PARTITIONS, "the one who stays has everything")
    print(f"replaced after {time.monotonic() - began:.1f} s")
    stays.stop()


def move(broker):
    """Services change to the new protocol one by one, and back, while they work: nothing is lost."""
    broker.create("work")
    seen = []
    old = [Member(broker, "workers", "work", seen, partition_assignment_strategy="range") for _ in range(2)]
    until(lambda: sorted(len(m.assigned) for m in old) == [2, 2], "two classic members share")
    broker.write("work", range(200))
    until(lambda: len(seen) == 200, "200 records")
    new = [NewMember(broker, "workers", "work", seen)]
    until(lambda: sorted(len(m.assigned) for m in old + new) == [1, 1, 2], "both kinds share")
    assert broker.describe("workers").type == ConsumerGroupType.CONSUMER
    broker.write("work", range(200, 400))
    until(lambda: len(set(numbers(seen))) == 400, "400 records")
    for member in old:
        member.stop()
    until(lambda: len(new[0].assigned) == PARTITIONS, "the new member has everything")
    back = Member(broker, "workers", "work", seen, partition_assignment_strategy="range")
    until(lambda: sorted(len(m.assigned) for m in (back, new[0])) == [2, 2], "both kinds share again")
    new[0].stop()
    until(lambda: len(back.assigned) == PARTITIONS, "the classic member has everything")
    until(lambda: broker.describe("workers").type == ConsumerGroupType.CLASSIC, "the group is classic again")
    broker.write("work", range(400, 600))
    until(lambda: len(set(numbers(seen))) == 600, "all records")
    back.stop()
    assert sum(broker.committed("workers", "work")) == 600


if __name__ == "__main__":
    scenario, port, log = sys.argv[1:4]
    broker = Broker(sys.argv[5:], int(port), log)
    try:
        {"share": share, "restart": restart, "replaced": replaced, "move": move}[scenario](broker)
    finally:
        broker.kill()
    print(f"{scenario}: good")
