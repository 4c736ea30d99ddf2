#!/usr/bin/env python3
"""Measures what consumer groups cost a broker: heartbeats, rebalances, durable offset commits, and a first join.

Usage: groups.py --broker apus='.build/release/apus serve --data {dir} --listen 127.0.0.1:{port}' [--broker kafka='…/kafka.sh exec {dir} {port}']
                 [--groups 1000] [--members 10] [--seconds 20] [--large 1000] [--commits 300000]

Every member has a connection of its own, as with real clients, and all requests are bytes built beforehand.
heartbeat   each member of each group sends one every 3 s: the broker's CPU seconds per second
rebalance   all members of one large group join again: from the first JoinGroup to the last SyncGroup answer
commit      16 connections, 8 requests in flight on each, 10 offsets a request: offsets per second, all of them durable
            with Apus, and in the page cache with Kafka
join        a first member of an empty group: from its JoinGroup to its SyncGroup answer, the median of 50
"""
import argparse
import os
import resource
import selectors
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import bench

TICKS = os.sysconf("SC_CLK_TCK")
HEARTBEAT_SECONDS = 3.0
SESSION_MS = 45_000
JOIN, HEARTBEAT, SYNC, COMMIT, FIND = (11, 2), (12, 1), (14, 1), (8, 6), (10, 1)
REBALANCE_IN_PROGRESS = 27


def text(value):
    raw = value.encode()
    return struct.pack(">h", len(raw)) + raw


def blob(value):
    return struct.pack(">i", len(value)) + value


def frame(api, body):
    head = struct.pack(">hhih", api[0], api[1], 7, 5) + b"bench"
    return struct.pack(">i", len(head) + len(body)) + head + body


class Reply:
    """The fields of an answer, one after another; the correlation id is passed over."""

    def __init__(self, data):
        self.data, self.at = data, 4

    def number(self, form):
        value, = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def text(self):
        size = self.number(">h")
        self.at += max(0, size)
        return self.data[self.at - max(0, size):self.at].decode()

    def blob(self):
        size = self.number(">i")
        self.at += max(0, size)
        return self.data[self.at - max(0, size):self.at]


class Peer:
    """A connection that gathers frames."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""

    def send(self, data):
        self.socket.sendall(data)

    def frames(self):
        """What one read brings."""
        data = self.socket.recv(1 << 20)
        if not data:
            raise SystemExit("groups.py: the broker closed a connection")
        self.pending += data
        while len(self.pending) >= 4:
            size, = struct.unpack_from(">i", self.pending)
            if len(self.pending) < 4 + size:
                break
            frame, self.pending = self.pending[4:4 + size], self.pending[4 + size:]
            yield frame

    def call(self, data):
        self.send(data)
        while True:
            for answer in self.frames():
                return Reply(answer)


class Member:
    """One member of a classic group, as far as it can be driven by its answers."""

    def __init__(self, port, group):
        self.peer, self.group = Peer(port), group
        self.id, self.generation, self.stable = "", -1, False
        self.waiting_for = None

    def join(self):
        self.stable = False
        self.waiting_for = "join"
        protocols = struct.pack(">i", 1) + text("range") + blob(b"\0\1" + struct.pack(">i", 1) + text("bench") + b"\0\0\0\0")
        self.peer.send(frame(JOIN, text(self.group) + struct.pack(">ii", SESSION_MS, 60_000) + text(self.id)
                             + text("consumer") + protocols))

    def heartbeat(self):
        self.waiting_for = "heartbeat"
        self.peer.send(frame(HEARTBEAT, text(self.group) + struct.pack(">i", self.generation) + text(self.id)))

    def take(self, data):
        """Acts on an answer."""
        reply = Reply(data)
        reply.number(">i")
        error = reply.number(">h")
        kind, self.waiting_for = self.waiting_for, None
        if error == REBALANCE_IN_PROGRESS:
            return self.join()
        if error:
            raise SystemExit(f"groups.py: {kind} was answered with error {error}")
        if kind == "join":
            self.generation = reply.number(">i")
            reply.text()
            leader, self.id = reply.text(), reply.text()
            members = [(reply.text(), reply.blob())[0] for _ in range(reply.number(">i"))]
            shares = b"".join(text(member) + blob(b"\0\1\0\0\0\0\0\0\0\0") for member in members)
            self.waiting_for = "sync"
            count = len(members) if leader == self.id else 0
            self.peer.send(frame(SYNC, text(self.group) + struct.pack(">i", self.generation) + text(self.id)
                                 + struct.pack(">i", count) + shares))
        elif kind == "sync":
            self.stable = True


class Crowd:
    """Members on one selector."""

    def __init__(self, members):
        self.members = members
        self.selector = selectors.EpollSelector()
        for member in members:
            self.selector.register(member.peer.socket, selectors.EVENT_READ, member)

    def drive(self, until, seconds):
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                raise SystemExit(f"groups.py: {sum(not m.stable for m in self.members)} members are still waiting")
            self.once(0.2)

    def once(self, seconds):
        for key, _ in self.selector.select(seconds):
            for data in key.data.peer.frames():
                key.data.take(data)

    def settle(self, seconds=120):
        """Until every member is in the same generation of its group."""
        def is_settled():
            if not all(member.stable for member in self.members):
                return False
            generations = {}
            return all(generations.setdefault(m.group, m.generation) == m.generation for m in self.members)
        while True:
            self.drive(lambda: all(member.stable for member in self.members), seconds)
            if is_settled():
                return
            for member in self.members:
                if member.waiting_for is None:
                    member.heartbeat()
            self.drive(lambda: all(member.waiting_for is None for member in self.members), seconds)

    def close(self):
        self.selector.close()
        for member in self.members:
            member.peer.socket.close()


def cpu_seconds(process):
    """Of a process and those that it was replaced by or waits for."""
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def heartbeats(port, process, options):
    crowd = Crowd([Member(port, f"beat-{g}") for g in range(options.groups) for _ in range(options.members)])
    for start in range(0, len(crowd.members), 500):
        for member in crowd.members[start:start + 500]:
            member.join()
        crowd.drive(lambda: all(m.stable for m in crowd.members[:start + 500]), 120)
    crowd.settle()
    count = len(crowd.members)
    begun, cpu, sent = time.monotonic(), cpu_seconds(process), 0
    while time.monotonic() - begun < options.seconds:
        due = int((time.monotonic() - begun) / HEARTBEAT_SECONDS * count)
        while sent < due:
            member = crowd.members[sent % count]
            if member.waiting_for is None:
                member.heartbeat()
            sent += 1
        crowd.once(0.001)
    used = (cpu_seconds(process) - cpu) / (time.monotonic() - begun)
    crowd.close()
    return used


def rebalance(port, options):
    crowd = Crowd([Member(port, "large") for _ in range(options.large)])
    for member in crowd.members:
        member.join()
    crowd.settle()
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        for member in crowd.members:
            member.join()
        crowd.drive(lambda: all(member.stable for member in crowd.members), 60)
        times.append(time.perf_counter() - begun)
        crowd.settle()
    crowd.close()
    return sorted(times)[2]


def commits(port, process, options):
    offsets = 10
    peers = [Peer(port) for _ in range(16)]
    requests = []
    for number in range(len(peers)):
        parts = b"".join(struct.pack(">iqi", p, 1000, -1) + text("") for p in range(offsets))
        body = text(f"commit-{number}") + struct.pack(">i", -1) + text("") + struct.pack(">i", 1) + text("bench")
        requests.append(frame(COMMIT, body + struct.pack(">i", offsets) + parts))
    for peer, request in zip(peers, requests):
        answer = peer.call(request)
        answer.number(">i")
        answer.number(">i")
        answer.text()
        answer.number(">i")
        answer.number(">i")
        error = answer.number(">h")
        if error:
            raise SystemExit(f"groups.py: a commit was answered with error {error}")
    selector = selectors.EpollSelector()
    for peer, request in zip(peers, requests):
        selector.register(peer.socket, selectors.EVENT_READ, (peer, request))
    wanted = options.commits // offsets
    begun, cpu = time.perf_counter(), cpu_seconds(process)
    sent, done = 0, 0
    for peer, request in zip(peers, requests):
        peer.send(request * 8)
        sent += 8
    while done < sent:
        for key, _ in selector.select(10):
            peer, request = key.data
            count = sum(1 for _ in peer.frames())
            done += count
            if sent < wanted and count:
                peer.send(request * count)
                sent += count
    seconds = time.perf_counter() - begun
    used = cpu_seconds(process) - cpu
    return done * offsets / seconds, used / (done * offsets) * 1e6


def first_join(port):
    times = []
    for number in range(50):
        crowd = Crowd([Member(port, f"first-{number}")])
        begun = time.perf_counter()
        crowd.members[0].join()
        crowd.drive(lambda: crowd.members[0].stable, 30)
        times.append(time.perf_counter() - begun)
        crowd.close()
    return sorted(times)[25]


def prepare(port):
    """Waits for the broker and its coordinator, and makes the topic of the commits."""
    end = time.monotonic() + 60
    while True:
        try:
            peer = Peer(port)
            answer = peer.call(frame(FIND, text("commit-0") + b"\0"))
            answer.number(">i")
            if answer.number(">h") == 0:
                break
        except OSError:
            pass
        if time.monotonic() > end:
            raise SystemExit("groups.py: the broker has no coordinator after a minute")
        time.sleep(0.1)
    topic = text("bench") + struct.pack(">ihii", 10, 1, 0, 0)
    peer.call(frame((19, 2), struct.pack(">i", 1) + topic + struct.pack(">ib", 30_000, 0)))
    time.sleep(3)


def measure(name, command, options):
    data = tempfile.mkdtemp(prefix="apus-groups-", dir=".")
    port = bench.free_port()
    words = shlex.split(command.format(dir=os.path.abspath(data) + "/d", port=port))
    broker = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        prepare(port)
        result = {"join ms": first_join(port) * 1000, "rebalance ms": rebalance(port, options) * 1000}
        commits(port, broker.pid, argparse.Namespace(commits=options.commits // 5))
        result["offsets/s"], result["CPU us/offset"] = commits(port, broker.pid, options)
        result["heartbeat CPU %"] = heartbeats(port, broker.pid, options) * 100
        return result
    finally:
        broker.send_signal(signal.SIGTERM)
        broker.wait()
        shutil.rmtree(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", action="append", required=True, metavar="NAME=COMMAND")
    parser.add_argument("--groups", type=int, default=1000)
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--large", type=int, default=1000)
    parser.add_argument("--commits", type=int, default=300_000)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    results = {}
    for broker in options.broker:
        name, command = broker.split("=", 1)
        results[name] = measure(name, command, options)
    names = list(results)
    print(f"{'':18}" + "".join(f"{name:>14}" for name in names))
    for figure in results[names[0]]:
        print(f"{figure:18}" + "".join(f"{results[name][figure]:14.2f}" for name in names))


if __name__ == "__main__":
    sys.exit(main())
