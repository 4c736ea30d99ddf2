"""aiokafka's admin client: every method, one line of JSON for each call. admin_aiokafka.py PORT"""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from admin_calls import Calls, chosen

LEFT_OUT = {"start": "connects", "close": "asks no broker"}
PORT = int(sys.argv[1])
ADDRESS = f"127.0.0.1:{PORT}"
TOPIC, GROUP = "aiokafka", "aiokafka-group"


class AwaitedCalls(Calls):
    """Calls whose results have to be awaited."""

    async def ask(self, name, *arguments, what="", only=None, **options):
        """Calls the method `name`, as `Calls` does."""
        self.called.add(name)
        try:
            result = await getattr(self.admin, name)(*arguments, **options)
        except Exception as error:  # how it fails is what is compared
            self.show(name, what, error=error)
        else:
            self.show(name, what, chosen(result, only))


async def topics(call):
    await call.ask("create_topics", [NewTopic(TOPIC, 2, 1), NewTopic("bad/name", 1, 1)])
    await call.ask("create_topics", [NewTopic(TOPIC, 2, 1)], what="again")
    await call.ask("create_topics", [NewTopic(TOPIC + "-only", 2, 1)], what="validated", validate_only=True)
    await call.ask("create_topics", [NewTopic(TOPIC + "-many", 2, 3)], what="replicas")
    await call.ask("create_topics", [NewTopic(TOPIC + "-wrong", 1, 1, topic_configs={"retention.ms": "soon"})], what="invalid")
    await call.ask("create_partitions", {TOPIC: NewPartitions(3)})
    await call.ask("create_partitions", {TOPIC: NewPartitions(2)}, what="fewer")
    call.settle()
    await call.ask("list_topics", only=lambda name: name.startswith(TOPIC))
    await call.ask("describe_topics", [TOPIC])
    await call.ask("describe_cluster")


async def records(call):
    producer = AIOKafkaProducer(bootstrap_servers=ADDRESS)
    await producer.start()
    for number in range(5):
        await producer.send_and_wait(TOPIC, b"%d" % number, partition=0)
    await producer.stop()
    zero = TopicPartition(TOPIC, 0)
    await call.ask("delete_records", {zero: RecordsToDelete(before_offset=2)})
    await call.ask("delete_records", {zero: RecordsToDelete(before_offset=99)}, what="beyond")


async def groups(call):
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=ADDRESS, group_id=GROUP, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    while not consumer.assignment():
        await asyncio.sleep(0.05)
    await consumer.commit({TopicPartition(TOPIC, 0): 3})
    await call.ask("find_coordinator", GROUP)
    await call.ask("describe_consumer_groups", [GROUP], what="live")
    await consumer.stop()
    await call.ask("describe_consumer_groups", [GROUP], include_authorized_operations=True)
    await call.ask("describe_consumer_groups", ["nothing"], what="nothing")
    await call.ask("list_consumer_groups", only=lambda group: group[0] == GROUP)
    await call.ask("list_consumer_group_offsets", GROUP)
    await call.ask("list_consumer_group_offsets", GROUP, what="none", partitions=[TopicPartition(TOPIC, 1)])


async def configs(call):
    def resource(configs=None, name=TOPIC):
        return ConfigResource(ConfigResourceType.TOPIC, name, configs)
    await call.ask("describe_configs", [resource()], include_synonyms=True)
    await call.ask("alter_configs", [resource({"retention.ms": "5000000"})])
    await call.ask("alter_configs", [resource({"retention.ms": "soon"})], what="invalid")
    await call.ask("alter_configs", [resource({"nothing": "x"})], what="nothing")
    call.settle()
    await call.ask("describe_configs", [resource({"retention.ms": None})], what="afterwards")
    await call.ask("describe_configs", [resource(name="nothing")], what="nothing")


async def main():
    admin = AIOKafkaAdminClient(bootstrap_servers=ADDRESS)
    await admin.start()
    call = AwaitedCalls(admin, PORT, LEFT_OUT)
    for part in (topics, records, groups, configs):
        await part(call)
    await call.ask("delete_topics", [TOPIC, "nothing"])
    await admin.close()
    call.finish()


asyncio.run(main())
