"""Peers that no client is: hostile.py SCENARIO PORT PID MEMORY_MIB. Afterwards the broker must still serve, in bounded memory."""

import os
import random
import resource
import select
import socket
import struct
import sys
import threading
import time

import wire

SETTLE = 5


def connect(port):
    peer = socket.create_connection(("127.0.0.1", port), 20)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def is_closed(peer, seconds=SETTLE):
    """Whether the broker closes the connection in time, whatever it still says."""
    peer.settimeout(seconds)
    try:
        while peer.recv(65536):
            pass
    except socket.timeout:
        return False
    except OSError:
        pass
    return True


def must_close(port, data, what):
    peer = connect(port)
    try:
        peer.sendall(data)
    except OSError:
        pass
    assert is_closed(peer), f"{what}: the broker keeps the connection"
    peer.close()


def garbage(port):
    """Random bytes, HTTP, TLS, SSH, SMTP, and a PROXY header."""
    dice = random.Random(1)
    for length in (4, 5, 64, 1000, 100_000):
        data = bytearray(dice.randbytes(length))
        data[0] |= 0x80  # a negative size
        must_close(port, bytes(data), f"{length} random bytes")
    must_close(port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP")
    must_close(port, b"POST /topics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "HTTP POST")
    hello = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + dice.randbytes(32)
    must_close(port, hello + dice.randbytes(170), "TLS")
    must_close(port, b"SSH-2.0-OpenSSH_9.0\r\n", "SSH")
    must_close(port, b"EHLO localhost\r\n", "SMTP")
    # Sizes that fit, bodies that mean nothing.
    for _ in range(300):
        body = dice.randbytes(dice.randrange(0, 200))
        peer = connect(port)
        peer.sendall(struct.pack(">i", len(body)) + body)
        peer.close()


def lying_sizes(port):
    """Frame sizes that are negative, zero or beyond the limit, and sizes whose bytes never come."""
    for size in (-1, -2 ** 31, 2 ** 31 - 1, 104_857_601, 0, 1, 7):
        must_close(port, struct.pack(">i", size) + b"\0" * max(0, min(size, 7)), f"size {size}")
    peers = []
    for _ in range(200):
        peer = connect(port)
        peer.sendall(struct.pack(">i", 100_000_000) + b"\0\x03\0\x01")
        peers.append(peer)
    time.sleep(0.5)
    for peer in peers:
        peer.close()


def lying_lengths(port):
    """Counts and lengths inside a request that its bytes do not back."""
    head = struct.pack(">hhi", 3, 1, 1) + wire.string("x")
    for count in (2 ** 31 - 1, 10_000_000, 1000):
        body = head + struct.pack(">i", count)
        must_close(port, struct.pack(">i", len(body)) + body, f"Metadata of {count} topics")
    head = struct.pack(">hhi", 0, 7, 1) + wire.string("x") + wire.string(None)
    body = head + struct.pack(">hii", -1, 1000, 1) + wire.string("t") + struct.pack(">iii", 1, 0, 2 ** 31 - 1)
    must_close(port, struct.pack(">i", len(body)) + body, "Produce of 2 GiB that are not there")
    # A flexible request: a compact array of 2^32 - 2 elements, and a varint that never ends.
    head = struct.pack(">hhi", 3, 12, 1) + wire.string("x") + b"\0"
    for tail in (b"\xff\xff\xff\xff\x0f", b"\xff" * 12):
        must_close(port, struct.pack(">i", len(head + tail)) + head + tail, "a compact array without end")


def bombs(port):
    """Half a megabyte of gzip that is 500 MiB of zeros, which are no records."""
    import zlib
    connection = wire.Connection(port)
    assert connection.create_topic("bombs", 1) == 0
    time.sleep(0.5)
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = b"\0" * (1 << 20)
    packed = b"".join([deflate.compress(zeros) for _ in range(500)] + [deflate.flush()])
    for count in (1, 1000):
        rest = struct.pack(">hiqqqhii", 1, count - 1, 0, 0, -1, -1, -1, count) + packed
        data = struct.pack(">qiibI", 0, len(rest) + 9, -1, 2, wire.crc32c(rest)) + rest
        connection.send_produce("bombs", 0, data)
        error, _ = connection.receive_produce("bombs")
        assert error != 0, "a bomb was stored"


def truncated(port):
    """Requests that stop in the middle, at every byte."""
    whole = struct.pack(">hhi", 3, 1, 1) + wire.string("x") + struct.pack(">i", 1) + wire.string("topic")
    whole = struct.pack(">i", len(whole)) + whole
    for length in range(len(whole)):
        peer = connect(port)
        peer.sendall(whole[:length])
        peer.close()
    for length in range(0, len(whole) - 4):
        frame = struct.pack(">i", length) + whole[4:4 + length]
        peer = connect(port)
        peer.sendall(frame)
        peer.shutdown(socket.SHUT_WR)
        assert is_closed(peer), f"a frame cut to {length} bytes"
        peer.close()


def slow(port):
    """A request that arrives byte by byte is answered all the same."""
    frame = struct.pack(">hhi", 18, 0, 99) + wire.string("slow")
    peer = connect(port)
    for byte in struct.pack(">i", len(frame)) + frame:
        peer.sendall(bytes([byte]))
        time.sleep(0.005)
    peer.settimeout(10)
    assert struct.unpack(">ii", peer.recv(8))[1] == 99
    peer.close()


def tiny_frames(port):
    """A million of the smallest requests in one stream, every one answered, in order."""
    count = int(os.environ.get("APUS_TEST_TINY", "1000000"))
    peer = connect(port)
    step = 10_000
    requests = b"".join(struct.pack(">ihhihi", 14, 3, 1, n, -1, 0) for n in range(step))

    def write():
        for _ in range(count // step):
            peer.sendall(requests)
    writer = threading.Thread(target=write)
    writer.start()
    peer.settimeout(60)
    data = bytearray()
    while len(data) < 4:
        data += peer.recv(65536)
    size = 4 + struct.unpack_from(">i", data)[0]
    received = len(data)
    checked = 0
    while received < size * count:
        while len(data) >= size:
            correlation, = struct.unpack_from(">i", data, 4)
            assert correlation == checked % step, f"answer {checked} is for {correlation}"
            checked += 1
            # Every answer of the first steps, then only that all bytes come.
            if checked == 5 * step:
                data.clear()
                break
            del data[:size]
        more = peer.recv(1 << 20)
        assert more, f"closed after {received // size} answers"
        received += len(more)
        if checked < 5 * step:
            data += more
    writer.join()
    assert received == size * count, (received, size * count)
    peer.close()


def never_reads(port):
    """Asks and asks and never takes an answer: the broker stops reading instead of piling answers up."""
    peers = [connect(port) for _ in range(10)]
    request = struct.pack(">ihhih", 10, 18, 0, 1, -1) * 1000
    sent = 0
    end = time.monotonic() + 15
    for peer in peers:
        peer.setblocking(False)
    while time.monotonic() < end and sent < 400_000_000:
        _, writable, _ = select.select([], peers, [], 1)
        if not writable:
            break
        for peer in writable:
            try:
                sent += peer.send(request)
            except (BlockingIOError, ConnectionError):
                pass
    connection = wire.Connection(port, 10)
    connection.versions()
    for peer in peers:
        peer.close()


def idle(port):
    """A thousand connections that say nothing, beside which others are served."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    peers = [connect(port) for _ in range(1000)]
    started = time.monotonic()
    connection = wire.Connection(port, 10)
    for _ in range(100):
        connection.versions()
    assert time.monotonic() - started < 5, "served slowly beside idle connections"
    for peer in random.Random(2).sample(peers, 50):
        frame = struct.pack(">hhi", 18, 0, 5) + wire.string("late")
        peer.sendall(struct.pack(">i", len(frame)) + frame)
        peer.settimeout(10)
        assert struct.unpack(">ii", peer.recv(8))[1] == 5
    for peer in peers:
        peer.close()


def churn(port):
    """Connections that come and go, some of them reset."""
    for number in range(3000):
        peer = connect(port)
        if number % 3 == 0:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if number % 2 == 0:
            peer.sendall(struct.pack(">ihhih", 10, 18, 0, 1, -1))
        peer.close()


def vanish(port):
    """Consumers that long-poll five hundred partitions for an hour and are gone at once: some 100 KiB each, were it kept."""
    connection = wire.Connection(port)
    assert connection.create_topic("vanish", 500) == 0
    wanted = b"".join(struct.pack(">iqi", partition, 0, 1 << 20) for partition in range(500))
    poll = struct.pack(">iiiib", -1, 3_600_000, 1, 1 << 20, 0)
    poll += struct.pack(">i", 1) + wire.string("vanish") + struct.pack(">i", 500) + wanted
    for _ in range(60):
        peers = [wire.Connection(port) for _ in range(50)]
        for peer in peers:
            peer.send(1, 4, poll)
        for number, peer in enumerate(peers):
            if number % 3 == 0:
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()


def memory_mib(process, name):
    for line in open(f"/proc/{process}/status"):
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {name}")


def main():
    scenario, port, process, limit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    globals()[scenario](port)
    # A queue of a thousand connections may have to be worked off first.
    wire.wait_until_ready(port, seconds=30)
    peak = memory_mib(process, "VmHWM")
    print(f"{scenario}: {memory_mib(process, 'VmRSS'):.1f} MiB resident, {peak:.1f} MiB at most")
    assert peak < limit, f"{peak:.1f} MiB of memory, at most {limit} allowed"


if __name__ == "__main__":
    main()
