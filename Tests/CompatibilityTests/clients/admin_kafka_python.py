"""kafka-python's admin client: every method, one line of JSON for each call. admin_kafka_python.py PORT"""

import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL, AbortTransactionSpec, ACLFilter, ACLOperation, ACLPermissionType, ACLResourcePatternType, ConfigResource, KafkaAdminClient, MemberToRemove,
    OffsetSpec, OffsetTimestamp, ResourcePattern, ResourcePatternFilter, ResourceType, UserScramCredentialDeletion, UserScramCredentialUpsertion)
from kafka.structs import OffsetAndMetadata

from admin_calls import Calls

LEFT_OUT = {
    "close": "asks no broker", "wait_for_topics": "asks what describe_topics asks",
    "api_versions": "each broker serves what it serves", "get_broker_version_data": "each broker serves what it serves",
    "describe_features": "what is announced is served",
}
PORT = int(sys.argv[1])
ADDRESS = f"127.0.0.1:{PORT}"
TOPIC, GROUP = "kafkapython", "kafkapython-group"
ZERO = TopicPartition(TOPIC, 0)


def topics(call):
    def one(name, partitions=2, replicas=1, **more):
        return {name: {"num_partitions": partitions, "replication_factor": replicas, **more}}
    call("create_topics", one(TOPIC))
    call("create_topics", one(TOPIC), what="again")
    call("create_topics", one(TOPIC), what="again, quietly", raise_errors=False)
    call("create_topics", one(TOPIC + "-only"), what="validated", validate_only=True)
    call("create_topics", one(TOPIC + "-many", replicas=3), what="replicas", raise_errors=False)
    call("create_topics", one("bad/name"), what="bad name", raise_errors=False)
    call("create_topics", one(TOPIC + "-c", 1, configs={"cleanup.policy": "compact"}), what="compacted", raise_errors=False)
    call("create_partitions", {TOPIC: 3})
    call("create_partitions", {TOPIC: 2}, what="fewer", raise_errors=False)
    call("create_partitions", {"nothing": 2}, what="nothing", raise_errors=False)
    call.settle()
    call("list_topics", only=lambda name: name.startswith(TOPIC))
    call("describe_topics", [TOPIC, "nothing"])
    call("describe_topic_partitions", [TOPIC, "nothing"])
    call("describe_topic_partitions", [TOPIC], what="one", response_partition_limit=1)
    call("describe_topic_partitions", [TOPIC], what="rest", cursor={"topic_name": TOPIC, "partition_index": 1})
    call("describe_cluster")


def records(call):
    producer = KafkaProducer(bootstrap_servers=ADDRESS)
    for number in range(5):
        producer.send(TOPIC, value=b"%d" % number, partition=0, timestamp_ms=1000 * (number + 1)).get(30)
    producer.close()
    for spec in (OffsetSpec.EARLIEST, OffsetSpec.LATEST, OffsetSpec.MAX_TIMESTAMP, OffsetTimestamp(2500)):
        call("list_partition_offsets", {ZERO: spec}, what=str(spec))
    call("list_partition_offsets", {TopicPartition("nothing", 0): OffsetSpec.LATEST}, what="nothing", timeout_ms=2000)
    call("delete_records", {ZERO: 2})
    call("delete_records", {ZERO: 99}, what="beyond")
    call("describe_producers", [ZERO])


def placement(call):
    call("elect_leaders", 0, {TOPIC: [0]}, raise_errors=False)
    call("elect_leaders", 1, {TOPIC: [0]}, what="unclean", raise_errors=False)
    call("elect_leaders", 0, {"nothing": [0]}, what="nothing", raise_errors=False)
    call("alter_partition_reassignments", {ZERO: [1]})
    call("alter_partition_reassignments", {ZERO: [1, 2]}, what="elsewhere")
    call("alter_partition_reassignments", {ZERO: None}, what="cancel")
    call("list_partition_reassignments")
    call("list_partition_reassignments", {TOPIC: [0]}, what="one")
    call("describe_log_dirs", {TOPIC: [0]})
    call("alter_replica_log_dirs", {(TOPIC, 0, 1): "/nowhere"})
    call("describe_metadata_quorum")
    call("update_features", {"group.version": 1})
    call("update_features", {"nothing": 1}, what="nothing")


def groups(call):
    call("alter_group_offsets", GROUP, {ZERO: OffsetAndMetadata(3, "note", -1)})
    call("list_group_offsets", [GROUP])
    call("list_group_offsets", {GROUP: [TopicPartition(TOPIC, 1)]}, what="none")
    call("reset_group_offsets", GROUP, {ZERO: OffsetSpec.EARLIEST})
    call("reset_group_offsets", GROUP, {ZERO: 99}, what="beyond")
    call("delete_group_offsets", GROUP, [ZERO])
    call("alter_group_offsets", GROUP, {ZERO: OffsetAndMetadata(3, "", -1)}, what="once more")
    call("list_groups", states_filter=["Empty"], types_filter=["classic"],
         only=lambda group: group["group_id"].startswith(GROUP))
    call("describe_groups", [GROUP], include_authorized_operations=True)
    call("describe_groups", ["nothing"], what="nothing")
    consumer = KafkaConsumer(
        bootstrap_servers=ADDRESS, group_id=GROUP + "-live", group_instance_id="static", enable_auto_commit=False)
    consumer.subscribe([TOPIC])
    for _ in range(100):
        if consumer.assignment():
            break
        consumer.poll(100)
    call("describe_groups", [GROUP + "-live"], what="live")
    call("delete_groups", [GROUP + "-live"], what="live")
    call("remove_group_members", GROUP + "-live", [MemberToRemove(group_instance_id="nobody")], what="nobody")
    call("remove_group_members", GROUP + "-live", [MemberToRemove(group_instance_id="static")])
    consumer.close()
    call("delete_groups", [GROUP, GROUP + "-live", "nothing"])


def transactions(call):
    name = TOPIC + "-id"
    producer = KafkaProducer(bootstrap_servers=ADDRESS, transactional_id=name)
    producer.init_transactions()
    call("list_transactions", transactional_id_pattern="nothing", what="none")
    call("describe_transactions", ["nothing"], what="nothing")
    producer.begin_transaction()
    producer.send(TOPIC, value=b"open", partition=0).get(30)
    call("list_transactions", transactional_id_pattern=name)
    call("list_transactions", transactional_id_pattern=name, state_filters=["Empty"], what="empty ones")
    call("list_transactions", transactional_id_pattern=name, duration_filter_ms=600000, what="old ones")
    call("list_transactions", transactional_id_pattern="[", what="odd pattern")
    found = call("describe_transactions", [name])[name]
    call("find_hanging_transactions", max_transaction_timeout_ms=-300000)
    call("abort_transaction", AbortTransactionSpec(ZERO, found.producer_id, found.producer_epoch - 1), what="no epoch")
    call("abort_transaction", AbortTransactionSpec(TopicPartition("nothing", 0), found.producer_id, found.producer_epoch), what="nothing")
    call("abort_transaction", AbortTransactionSpec(ZERO, found.producer_id, found.producer_epoch))
    producer.abort_transaction()
    call.settle()
    call("describe_transactions", [name], what="aborted")
    producer.close()


def configs(call):
    def resource(configs=None, name=TOPIC, kind="TOPIC"):
        return ConfigResource(kind, name, configs)
    call("describe_configs", [resource()], include_synonyms=True, config_filter="all")
    call("alter_configs", [resource({"retention.ms": "5000000"})])
    call("alter_configs", [resource({"cleanup.policy": ("APPEND", "compact")})], what="append")
    call("alter_configs", [resource({"retention.ms": "soon"})], what="invalid")
    call("alter_configs", [resource({"nothing": "x"})], what="nothing", raise_on_unknown=False)
    call("alter_configs", [resource({"max.message.bytes": "2000"})], what="whole", incremental=False)
    call.settle()
    call("describe_configs", [resource()], what="modified")
    call("reset_configs", [resource(["max.message.bytes"])])
    call.settle()
    call("describe_configs", [resource()], what="afterwards")
    call("describe_configs", [resource(name="nothing")], what="nothing")
    call("alter_configs", [resource({"interval.ms": "5000"}, "kpm", "CLIENT_METRICS")], what="metrics")
    call.settle()
    call("list_config_resources", ["CLIENT_METRICS"])
    call("reset_configs", [resource(["interval.ms"], "kpm", "CLIENT_METRICS")], what="metrics")


def security(call):
    pattern = ResourcePattern(ResourceType.TOPIC, TOPIC)
    asked = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, ResourcePatternFilter(
        ResourceType.ANY, None, ACLResourcePatternType.ANY))
    call("describe_acls", asked)
    call("create_acls", [ACL("User:u", "*", ACLOperation.READ, ACLPermissionType.ALLOW, pattern)])
    call("delete_acls", [asked])
    upsertion = UserScramCredentialUpsertion("ku", "SCRAM_SHA_256", "secret", 8192, b"salt")
    call("alter_user_scram_credentials", [upsertion])
    call.settle()
    call("describe_user_scram_credentials", ["ku", "nobody"])
    call("alter_user_scram_credentials", [UserScramCredentialDeletion("ku", "SCRAM_SHA_256")], what="delete")
    call("alter_user_scram_credentials", [UserScramCredentialDeletion("ku", "SCRAM_SHA_256")], what="again")


def main():
    call = Calls(KafkaAdminClient(bootstrap_servers=ADDRESS), PORT, LEFT_OUT)
    for part in (topics, records, placement, groups, transactions, configs, security):
        part(call)
    call("delete_topics", [TOPIC, TOPIC + "-c", "nothing"], raise_errors=False)
    call.finish()


main()
