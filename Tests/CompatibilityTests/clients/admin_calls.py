"""What the scripts of admin clients share: each call is one line of JSON, with what it gave or how it failed."""

import enum
import json
import re
import sys
import time
import uuid


class Calls:
    """Calls methods of `admin`, and remembers which; `left_out` has those that nobody calls, with reasons."""

    def __init__(self, admin, port, left_out):
        self.admin, self.port, self.left_out = admin, port, left_out
        self.called = set()

    def show(self, name, what, result=None, error=None):
        """Prints one call."""
        line = {"call": f"{name} {what}".strip()}
        if error is not None:
            line["error"] = self.masked(f"{type(error).__name__}: {error}")
        else:
            line["result"] = self.masked(plain(result))
        print(json.dumps(line, sort_keys=True), flush=True)

    def __call__(self, name, *arguments, what="", only=None, **options):
        """Calls the method `name`, `only` says what counts of a list."""
        self.called.add(name)
        try:
            result = settled(getattr(self.admin, name)(*arguments, **options))
        except Exception as error:  # how it fails is what is compared
            self.show(name, what, error=error)
            return None
        self.show(name, what, chosen(result, only))
        return result

    @staticmethod
    def settle():
        """Lets the news of a change come around."""
        time.sleep(0.5)

    def finish(self):
        """Fails where the client has a method that is neither called nor left out."""
        public = {name for name in dir(type(self.admin)) if not name.startswith("_") and callable(getattr(self.admin, name))}
        forgotten = public - self.called - set(self.left_out)
        if forgotten:
            sys.exit(f"never called: {sorted(forgotten)}")

    def masked(self, value):
        """Without what differs between any two brokers."""
        if isinstance(value, dict):
            return {self.masked(key): "MASKED" if key in MASKED else self.masked(inner)
                    for key, inner in value.items() if key not in OUR_OWN}
        if isinstance(value, list):
            masked = [self.masked(inner) for inner in value if not is_our_own(inner)]
            # Configurations, and topics that were deleted, come in an order of hashes.
            for name in ("config_names", "name", "topic"):
                if masked and all(isinstance(inner, dict) and inner.get(name) for inner in masked):
                    return sorted(masked, key=lambda inner: inner[name])
            return masked
        if value == self.port:
            return "PORT"
        if isinstance(value, str):
            value = value.replace(str(self.port), "PORT").replace("localhost", "127.0.0.1")
            # The C client adds one to some texts.
            value = value.replace("\x01", "")
            for pattern, text in PATTERNS:
                value = re.sub(pattern, text, value)
        return value


# Kafka sets it for all brokers (GAPS.md).
OUR_OWN = {"min.insync.replicas"}
# Ids, times and places, by what clients call them.
MASKED = {
    "topic_id", "cluster_id", "member_id", "correlation_id", "controller_id_epoch", "throttle_time_ms", "log_dir",
    "leader_epoch_time", "timestamp_ms", "total_bytes", "usable_bytes", "last_caught_up_timestamp", "last_fetch_timestamp",
    "high_watermark", "log_end_offset", "last_timestamp", "producer_id", "finalized_features_epoch", "replica_directory_id",
    "listeners", "transaction_start_time_ms", "age_ms",
}
PATTERNS = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"\b1[6-9]\d{11}\b", "TIME"),
    (r"0x[0-9a-f]{8,}", "OBJECT"),
    (r"correlation id \d+", "correlation id N"),
]


def is_our_own(value):
    """Whether this is a configuration that rightly differs."""
    return isinstance(value, dict) and value.get("config_names") in OUR_OWN


def chosen(value, only):
    """The elements of a list that count, in one order."""
    return value if only is None else sorted((inner for inner in value if only(inner)), key=str)


def settled(value):
    """A result with what is still to come in it."""
    if hasattr(value, "result") and callable(value.result):
        return value.result()
    if isinstance(value, dict):
        settled_values = {}
        for key, inner in value.items():
            try:
                settled_values[key] = settled(inner)
            except Exception as error:
                settled_values[key] = error
        return settled_values
    return value


def plain(value):
    """A value as JSON has it; objects are their fields."""
    if value is None or isinstance(value, (bool, int, float, str)) and not isinstance(value, enum.Enum):
        return value
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dict):
        return {key if isinstance(key, str) else json.dumps(plain(key), sort_keys=True): plain(inner)
                for key, inner in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, (set, frozenset)):
        return sorted((plain(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if hasattr(value, "to_object"):
        return plain(value.to_object())
    fields = {name: inner for name, inner in vars(value).items() if not name.startswith("_")} if hasattr(value, "__dict__") else {}
    return plain(fields) if fields else str(value)
