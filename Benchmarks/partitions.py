#!/usr/bin/env python3
"""How long one Produce request with a small batch for each of many partitions takes until all of it is durable.

Usage: partitions.py --broker .build/release/apus [--partitions 100] [--bytes 4096] [--rounds 2000] [--acks -1] [--data DIR]
Prints the median, the 99th percentile and the mean of a round in milliseconds.
"""
import argparse
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def varint(number):
    number = number << 1 ^ number >> 63
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def batch(value):
    body = b"\0" + varint(0) + varint(0) + varint(-1) + varint(len(value)) + value + varint(0)
    record = varint(len(body)) + body
    now = int(time.time() * 1000)
    tail = struct.pack(">hiqqqhii", 0, 0, now, now, -1, -1, -1, 1) + record
    return struct.pack(">qiibI", 0, len(tail) + 9, -1, 2, crc32c(tail)) + tail


def text(string):
    return struct.pack(">h", len(string)) + string.encode()


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, frame):
        self.socket.sendall(frame)
        need, reply = 4, b""
        while len(reply) < need:
            piece = self.socket.recv(1 << 20)
            if not piece:
                raise SystemExit("partitions.py: the broker closed the connection")
            reply += piece
            if need == 4 and len(reply) >= 4:
                need = 4 + struct.unpack(">i", reply[:4])[0]
        return reply[4:]


def frame(key, version, body):
    request = struct.pack(">hhi", key, version, 1) + text("partitions") + body
    return struct.pack(">i", len(request)) + request


def produce(topic, partitions, records, acks):
    parts = b"".join(struct.pack(">ii", number, len(records)) + records for number in range(partitions))
    return frame(0, 3, struct.pack(">hhii", -1, acks, 30000, 1) + text(topic) + struct.pack(">i", partitions) + parts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", default=".build/release/apus")
    parser.add_argument("--partitions", type=int, default=100)
    parser.add_argument("--bytes", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--acks", type=int, default=-1)
    parser.add_argument("--data", default="")
    options = parser.parse_args()
    data = options.data or tempfile.mkdtemp(prefix="apus-partitions-", dir=".")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    broker = subprocess.Popen(
        [options.broker, "serve", "--data", os.path.join(data, "d"), "--listen", f"127.0.0.1:{port}"],
        stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                client = Client(port)
                break
            except OSError:
                time.sleep(0.05)
        create = struct.pack(">i", 1) + text("many") + struct.pack(">ihii", options.partitions, 1, 0, 0)
        client.call(frame(19, 2, create + struct.pack(">ib", 30000, 0)))
        request = produce("many", options.partitions, batch(os.urandom(options.bytes - 80)), options.acks)
        times = []
        for number in range(options.rounds + 200):
            begun = time.perf_counter()
            reply = client.call(request)
            times.append((time.perf_counter() - begun) * 1000)
            if number == 0 and struct.unpack(">h", reply[22:24])[0]:
                raise SystemExit(f"partitions.py: the broker answered {reply[:40].hex()}")
        warm = sorted(times[200:])
        print(f"{options.partitions} partitions x {options.bytes} bytes, acks={options.acks}: "
              f"p50 {warm[len(warm) // 2]:.2f} ms, p99 {warm[len(warm) * 99 // 100]:.2f} ms, "
              f"max {warm[-1]:.1f} ms, mean {sum(warm) / len(warm):.2f} ms")
    finally:
        broker.terminate()
        broker.wait()
        if not options.data:
            shutil.rmtree(data)


if __name__ == "__main__":
    main()
