#!/usr/bin/env python3
"""How many instructions a request costs, the broker's other threads included, as callgrind counts them.

Usage: instructions.py --broker old=PATH --broker new=.build/release/apus [--kinds produce,fetch,heartbeat,commit,metadata] [--requests 1000]
Runs each broker under valgrind twice for each kind of request, with so many requests and with three times as many; the
difference is theirs alone. Prints instructions for each request, and the last broker's as a ratio to the first one's.
Needs valgrind. Unlike times, these figures hardly depend on what else the machine does.
"""
import argparse
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time

from partitions import Client, batch, frame, text

KINDS = ["produce", "fetch", "heartbeat", "commit", "metadata"]


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port):
    for _ in range(600):
        try:
            return Client(port)
        except OSError:
            time.sleep(0.1)
    raise SystemExit("instructions.py: the broker does not answer")


def request(kind, client):
    """The frame that is sent again and again, after whatever it needs was made."""
    records = batch(b"x" * 100)
    produce = struct.pack(">hhii", -1, 1, 30000, 1) + text("t") + struct.pack(">iii", 1, 0, len(records)) + records
    client.call(frame(3, 1, struct.pack(">i", 1) + text("t")))
    time.sleep(1)
    client.call(frame(0, 3, produce))
    if kind == "produce":
        return frame(0, 3, produce)
    if kind == "fetch":
        return frame(1, 4, struct.pack(">iiiibi", -1, 0, 1, 1 << 20, 0, 1) + text("t") + struct.pack(">iiqi", 1, 0, 0, 1 << 20))
    if kind == "metadata":
        return frame(3, 1, struct.pack(">i", 1) + text("t"))
    join = text("g") + struct.pack(">i", 60000) + text("") + text("consumer") + struct.pack(">i", 1) + text("range") + struct.pack(">i", 0)
    client.call(frame(10, 0, text("g")))
    for _ in range(100):
        reply = client.call(frame(11, 0, join))
        if struct.unpack(">h", reply[4:6])[0] == 0:
            break
        time.sleep(0.1)
    generation = struct.unpack(">i", reply[6:10])[0]
    at = 10
    names = []
    for _ in range(3):
        size = struct.unpack(">h", reply[at:at + 2])[0]
        names.append(reply[at + 2:at + 2 + size].decode())
        at += 2 + size
    member = names[2]
    client.call(frame(14, 0, text("g") + struct.pack(">i", generation) + text(member) + struct.pack(">i", 1) + text(member) + struct.pack(">i", 0)))
    if kind == "commit":
        offsets = struct.pack(">qi", -1, 1) + text("t") + struct.pack(">iiq", 1, 0, 7) + text("")
        return frame(8, 2, text("g") + struct.pack(">i", generation) + text(member) + offsets)
    return frame(12, 0, text("g") + struct.pack(">i", generation) + text(member))


def count(broker, kind, requests):
    data, port = tempfile.mkdtemp(prefix="apus-instructions-"), free_port()
    process = subprocess.Popen(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", broker, "serve", "--data", data,
         "--listen", f"127.0.0.1:{port}"], stderr=subprocess.PIPE, text=True)
    try:
        client = connect(port)
        sent = request(kind, client)
        for _ in range(requests):
            client.call(sent)
        process.send_signal(signal.SIGTERM)
        errors = process.communicate(timeout=120)[1]
    finally:
        process.kill()
        shutil.rmtree(data, ignore_errors=True)
    return int(re.search(r"Collected : (\d+)", errors).group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--broker", action="append", required=True, help="name=path, once or more")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--requests", type=int, default=1000)
    options = parser.parse_args()
    brokers = [pair.split("=", 1) for pair in options.broker]
    for kind in options.kinds.split(","):
        costs = []
        for name, path in brokers:
            few, many = count(path, kind, options.requests), count(path, kind, 3 * options.requests)
            costs.append((many - few) / (2 * options.requests))
            print(f"{kind:10} {name:10} {costs[-1]:10,.0f} instructions a request", flush=True)
        if len(costs) > 1:
            print(f"{kind:10} {brokers[-1][0]} : {brokers[0][0]} = {costs[-1] / costs[0]:.3f}", flush=True)


if __name__ == "__main__":
    main()
