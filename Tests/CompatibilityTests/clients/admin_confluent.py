"""confluent-kafka's AdminClient: every method, one line of JSON for each call. admin_confluent.py PORT"""

import sys

from confluent_kafka import (
    ConsumerGroupState, ConsumerGroupTopicPartitions, ConsumerGroupType, ElectionType, IsolationLevel, Producer, TopicCollection,
    TopicPartition)
from confluent_kafka.admin import (
    AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource,
    NewPartitions, NewTopic, OffsetSpec, ResourcePatternType, ResourceType, ScramCredentialInfo, ScramMechanism,
    UserScramCredentialDeletion, UserScramCredentialUpsertion)

from admin_calls import Calls

LEFT_OUT = {"set_sasl_credentials": "needs SASL", "poll": "asks no broker"}
PORT = int(sys.argv[1])
ADDRESS = {"bootstrap.servers": f"127.0.0.1:{PORT}"}
TOPIC, GROUP = "confluent", "confluent-group"


def topics(call):
    call("create_topics", [
        NewTopic(TOPIC, 2, 1), NewTopic(TOPIC + "-compacted", 1, 1, config={"cleanup.policy": "compact"}),
        NewTopic("bad/name", 1, 1), NewTopic(TOPIC + "-wrong", 1, 1, config={"retention.ms": "soon"})])
    call("create_topics", [NewTopic(TOPIC, 2, 1)], what="again")
    call("create_topics", [NewTopic(TOPIC + "-only", 2, 1)], what="validated", validate_only=True)
    call("create_topics", [NewTopic(TOPIC + "-many", 1, 3)], what="replicas")
    call("create_partitions", [NewPartitions(TOPIC, 3)])
    call("create_partitions", [NewPartitions(TOPIC, 2)], what="fewer")
    call("create_partitions", [NewPartitions("nothing", 2)], what="nothing")
    call.settle()
    call("list_topics", TOPIC, timeout=10)
    call("describe_topics", TopicCollection([TOPIC, "nothing"]))
    call("describe_topics", TopicCollection([TOPIC]), what="authorized", include_authorized_operations=True)
    call("describe_cluster")
    call("describe_cluster", what="authorized", include_authorized_operations=True)
    call.called.add("cluster_id")  # is asked of describe_cluster


def records(call):
    producer = Producer(ADDRESS)
    for number in range(5):
        producer.produce(TOPIC, value=str(number), partition=0, timestamp=1000 * (number + 1))
    producer.flush(30)
    zero = TopicPartition(TOPIC, 0)
    for name, spec in [("earliest", OffsetSpec.earliest()), ("latest", OffsetSpec.latest()),
                       ("max", OffsetSpec.max_timestamp()), ("2500", OffsetSpec.for_timestamp(2500))]:
        call("list_offsets", {zero: spec}, what=name, isolation_level=IsolationLevel.READ_COMMITTED)
    call("list_offsets", {TopicPartition("nothing", 0): OffsetSpec.latest()}, what="nothing", request_timeout=5)
    call("delete_records", [TopicPartition(TOPIC, 0, 2)])
    call("delete_records", [TopicPartition(TOPIC, 0, 99)], what="beyond")
    call("elect_leaders", ElectionType.PREFERRED, [zero])
    call("elect_leaders", ElectionType.UNCLEAN, [zero], what="unclean")


def groups(call):
    offsets = ConsumerGroupTopicPartitions(GROUP, [TopicPartition(TOPIC, 0, 3)])
    call("alter_consumer_group_offsets", [offsets])
    call("list_consumer_group_offsets", [ConsumerGroupTopicPartitions(GROUP)])
    call("list_consumer_group_offsets", [ConsumerGroupTopicPartitions(GROUP, [TopicPartition(TOPIC, 1)])], what="none")
    call("list_consumer_groups", states={ConsumerGroupState.EMPTY}, types={ConsumerGroupType.CLASSIC})
    call("list_groups", GROUP, 10)
    call("describe_consumer_groups", [GROUP, "nothing"], include_authorized_operations=True)
    call("delete_consumer_groups", [GROUP, "nothing"])


def configs(call):
    topic = ConfigResource(ConfigResource.Type.TOPIC, TOPIC)
    call("describe_configs", [topic])

    def changing(kind, *entries):
        return ConfigResource(kind, TOPIC, incremental_configs=[
            ConfigEntry(name, value, incremental_operation=operation) for name, value, operation in entries])
    kinds, edits = ConfigResource.Type, AlterConfigOpType
    call("incremental_alter_configs", [changing(kinds.TOPIC, ("retention.ms", "5000", edits.SET))])
    call("incremental_alter_configs", [changing(kinds.TOPIC, ("cleanup.policy", "compact", edits.APPEND))], what="append")
    call("incremental_alter_configs", [changing(kinds.TOPIC, ("retention.ms", None, edits.DELETE))], what="delete")
    call("incremental_alter_configs", [changing(kinds.TOPIC, ("nothing", "x", edits.SET))], what="nothing")
    call("alter_configs", [ConfigResource(ConfigResource.Type.TOPIC, TOPIC, set_config={"max.message.bytes": "2000"})])
    call.settle()
    call("describe_configs", [topic], what="afterwards")
    call("describe_configs", [ConfigResource(ConfigResource.Type.TOPIC, "nothing")], what="nothing")


def security(call):
    binding = AclBinding(
        ResourceType.TOPIC, TOPIC, ResourcePatternType.LITERAL, "User:u", "*", AclOperation.READ, AclPermissionType.ALLOW)
    asked = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY)
    call("describe_acls", asked)
    call("create_acls", [binding])
    call("delete_acls", [asked])
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 8192)
    call("alter_user_scram_credentials", [UserScramCredentialUpsertion("cu", info, b"secret", b"salt")])
    call.settle()
    call("describe_user_scram_credentials", ["cu", "nobody"])
    call("alter_user_scram_credentials", [UserScramCredentialDeletion("cu", ScramMechanism.SCRAM_SHA_256)],
         what="delete")
    call.settle()
    call("describe_user_scram_credentials", ["cu"], what="afterwards")


def main():
    call = Calls(AdminClient(ADDRESS), PORT, LEFT_OUT)
    for part in (topics, records, groups, configs, security):
        part(call)
    call("delete_topics", [TOPIC, TOPIC + "-compacted", "nothing"])
    call.finish()


main()
