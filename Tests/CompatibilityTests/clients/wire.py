"""A small Kafka client of our own, for tests that must control every request: what is in flight, what is sent again."""

import socket
import struct
import time

_TABLE = []
for _value in range(256):
    for _ in range(8):
        _value = (_value >> 1) ^ (0x82F63B78 if _value & 1 else 0)
    _TABLE.append(_value)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def varint(number):
    number = (number << 1) ^ (number >> 63)
    number &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data, at):
    shift = number = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), at
        shift += 7


def string(text):
    return b"\xff\xff" if text is None else struct.pack(">h", len(text.encode())) + text.encode()


def batch(values, producer=-1, epoch=-1, sequence=-1, timestamp=None):
    """One uncompressed record batch of format v2; values only."""
    timestamp = int(time.time() * 1000) if timestamp is None else timestamp
    records = bytearray()
    for delta, value in enumerate(values):
        body = b"\0" + varint(0) + varint(delta) + varint(-1) + varint(len(value)) + value + varint(0)
        records += varint(len(body)) + body
    rest = struct.pack(
        ">hiqqqhii", 0, len(values) - 1, timestamp, timestamp, producer, epoch, sequence, len(values)) + records
    return struct.pack(">qiibI", 0, len(rest) + 9, -1, 2, crc32c(rest)) + rest


def records(data):
    """(offset, producer, sequence, value) of every record of the uncompressed batches in `data`; a cut tail is dropped."""
    found = []
    at = 0
    while at + 12 <= len(data):
        base, length = struct.unpack_from(">qi", data, at)
        end = at + 12 + length
        if end > len(data):
            break
        crc, = struct.unpack_from(">I", data, at + 17)
        assert crc == crc32c(data[at + 21:end]), f"checksum of the batch at offset {base}"
        producer, _, sequence, count = struct.unpack_from(">qhii", data, at + 43)
        position = at + 61
        for _ in range(count):
            size, position = read_varint(data, position)
            stop = position + size
            position += 1
            _, position = read_varint(data, position)
            delta, position = read_varint(data, position)
            key, position = read_varint(data, position)
            position += max(key, 0)
            size, position = read_varint(data, position)
            found.append((base + delta, producer, sequence + delta, bytes(data[position:position + size])))
            position = stop
        at = end
    return found


class Connection:
    """One connection; requests may be pipelined with `send` and their answers taken in order with `receive`."""

    def __init__(self, port, timeout=30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation = 0
        self.buffer = b""

    def close(self):
        self.socket.close()

    def send(self, key, version, body):
        self.correlation += 1
        frame = struct.pack(">hhi", key, version, self.correlation) + string("wire") + body
        self.socket.sendall(struct.pack(">i", len(frame)) + frame)
        return self.correlation

    def receive(self):
        size, = struct.unpack(">i", self._take(4))
        frame = self._take(size)
        return struct.unpack_from(">i", frame)[0], frame[4:]

    def _take(self, count):
        while len(self.buffer) < count:
            more = self.socket.recv(1 << 20)
            if not more:
                raise ConnectionError("closed by the broker")
            self.buffer += more
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def ask(self, key, version, body):
        self.send(key, version, body)
        return self.receive()[1]

    def versions(self):
        return self.ask(18, 0, b"")

    def create_topic(self, name, partitions):
        body = struct.pack(">i", 1) + string(name) + struct.pack(">ihiiib", partitions, 1, 0, 0, 30000, 0)
        answer = self.ask(19, 2, body)
        at = 4 + 4 + len(string(name))
        return struct.unpack_from(">h", answer, at)[0]

    def producer_id(self):
        """A producer id and its epoch; waits until the broker hands them out."""
        for _ in range(600):
            error, producer, epoch = struct.unpack_from(">hqh", self.ask(22, 0, string(None) + struct.pack(">i", 1000)), 4)
            if error == 0:
                return producer, epoch
            time.sleep(0.05)
        raise TimeoutError(f"no producer id: error {error}")

    def send_produce(self, topic, partition, data, acks=-1):
        body = string(None) + struct.pack(">hii", acks, 30000, 1) + string(topic)
        return self.send(0, 7, body + struct.pack(">iii", 1, partition, len(data)) + data)

    def receive_produce(self, topic):
        """(error, base offset) of the one partition."""
        _, answer = self.receive()
        at = 4 + len(string(topic)) + 4
        _, error, base = struct.unpack_from(">ihq", answer, at)
        return error, base

    def fetch(self, topic, partition, offset, wait=100, maximum=1 << 20):
        """(error, high watermark, bytes of the batches)."""
        body = struct.pack(">iiiibi", -1, wait, 1, maximum, 0, 1) + string(topic)
        answer = self.ask(1, 4, body + struct.pack(">iiqi", 1, partition, offset, maximum))
        at = 4 + 4 + len(string(topic)) + 4
        _, error, high, _, aborted = struct.unpack_from(">ihqqi", answer, at)
        at += 26 + max(aborted, 0) * 16
        size, = struct.unpack_from(">i", answer, at)
        return error, high, answer[at + 4:at + 4 + max(size, 0)]


def wait_until_ready(port, process=None, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the broker ended with {process.returncode}")
        try:
            connection = Connection(port, 5)
            connection.versions()
            connection.close()
            return
        except (OSError, ConnectionError):
            time.sleep(0.01)
    raise TimeoutError("the broker does not answer")
