"""What the cluster as a whole keeps, for hand-overs: users, and client quotas (no Python client knows them: frames of our own)."""

import struct

from confluent_kafka.admin import (
    AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient, ResourcePatternType, ResourceType,
    ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion)

import wire

SECONDS = 90


def _entity(entity):
    parts = b"".join(wire.string(kind) + wire.string(name) for kind, name in entity.items())
    return struct.pack(">i", len(entity)) + parts


def _alter_quotas(connection, changes):
    body = struct.pack(">i", len(changes))
    for entity, key, value in changes:
        body += _entity(entity) + struct.pack(">i", 1) + wire.string(key)
        body += struct.pack(">db", value or 0, value is None)
    answer = connection.ask(49, 0, body + b"\0")
    count, error = struct.unpack_from(">ih", answer, 4)
    assert count == len(changes) and error == 0, answer


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, layout):
        value, = struct.unpack_from(">" + layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return value

    def text(self):
        size = self.take("h")
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size:self.at].decode()

    def items(self, read):
        return [read() for _ in range(self.take("i"))]


def _quotas(connection):
    reader = _Reader(connection.ask(48, 0, struct.pack(">ib", 0, 0)))
    throttle, error, message = reader.take("i"), reader.take("h"), reader.text()
    assert error == 0, (throttle, error, message)
    return sorted(
        (sorted(reader.items(lambda: (reader.text(), repr(reader.text())))),
         sorted(reader.items(lambda: (reader.text(), reader.take("d")))))
        for _ in range(reader.take("i")))


def _admin(bootstrap):
    # What is printed is compared, so the library itself says nothing.
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


def _users(admin):
    found = admin.describe_user_scram_credentials().result(SECONDS)
    return sorted(
        (name, sorted((info.mechanism.name, info.iterations) for info in told.scram_credential_infos))
        for name, told in found.items())


def _alter_users(admin, round_number):
    """One whom each broker changes, and one of each round.

    None is deleted: of those that are set beside the last deletion of a mechanism's users Kafka's broker knows nothing.
    """
    def upsertion(name, mechanism, iterations):
        info = ScramCredentialInfo(mechanism, iterations)
        return UserScramCredentialUpsertion(name, info, b"password", b"salt")
    changes = [upsertion("h-user", ScramMechanism.SCRAM_SHA_256, 4096 + round_number),
               upsertion(f"h-{round_number}", ScramMechanism.SCRAM_SHA_512, 8192)]
    for future in admin.alter_user_scram_credentials(changes).values():
        future.result(SECONDS)


def rules(bootstrap, round_number):
    """All access rules, behind two of this round of which the second is taken back; None only reads them."""
    admin = _admin(bootstrap)
    if round_number is not None:
        made = [AclBinding(
            ResourceType.TOPIC, f"h-{round_number}", ResourcePatternType.PREFIXED, f"User:{name}", "*", AclOperation.READ,
            AclPermissionType.ALLOW) for name in ("stays", "goes")]
        for future in admin.create_acls(made).values():
            future.result(SECONDS)
        gone = AclBindingFilter(
            ResourceType.ANY, None, ResourcePatternType.ANY, "User:goes", None, AclOperation.ANY, AclPermissionType.ANY)
        for future in admin.delete_acls([gone]).values():
            future.result(SECONDS)
    everything = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY)
    return sorted(
        [rule.name, rule.principal, rule.operation.name] for rule in admin.describe_acls(everything).result(SECONDS))


def write(bootstrap, round_number):
    """A quota that each broker changes, and one of this round only."""
    connection = wire.Connection(int(bootstrap.split(":")[1]))
    _alter_quotas(connection, [
        ({"user": "h-user"}, "producer_byte_rate", 1000.0 + round_number),
        ({"user": None, "client-id": f"h-{round_number}"}, "request_percentage", 1.5),
        ({"user": None, "client-id": f"h-{round_number - 1}"}, "request_percentage", None),
    ])
    connection.close()
    _alter_users(_admin(bootstrap), round_number)


def read(bootstrap):
    connection = wire.Connection(int(bootstrap.split(":")[1]))
    found = {"quotas": repr(_quotas(connection)), "users": repr(_users(_admin(bootstrap)))}
    connection.close()
    return found
