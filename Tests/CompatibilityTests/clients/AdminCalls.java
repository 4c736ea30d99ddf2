// The Java client's Admin: every method, one line of JSON for each call, with what it gave or how it failed.
// java -cp 'kafka/*' AdminCalls.java PORT APIKEYS

import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.reflect.*;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.*;
import org.apache.kafka.common.resource.*;
import org.apache.kafka.common.serialization.*;

@SuppressWarnings("removal")
public class AdminCalls {
    /** Methods that are not called, by what stands for several of them. */
    static final Map<String, String> LEFT_OUT = Map.of(
        "DelegationToken", "needs SASL", "ShareGroup", "share groups are not served",
        "StreamsGroup", "streams groups are not served", "clientInstanceId", "needs a receiver of client metrics",
        "etricForSubscription|etricFromSubscription|^metrics$|^close$|^create$", "asks no broker",
        "listClientMetricsResources", "is what listConfigResources asks",
        "describeFeatures", "what is announced is served (GAPS.md)");
    static final String TOPIC = "java", GROUP = "java-group";
    static final TopicPartition ZERO = new TopicPartition(TOPIC, 0);
    static final ObjectMapper MAPPER = new ObjectMapper();

    interface Call {
        Object run() throws Exception;
    }

    /** Lists within texts that come in an order of hashes. */
    static final Pattern LISTS = Pattern.compile("(topicPartitions=|authorizedOperations=\\[)([^)\\]]*)");

    static Admin admin;
    static int port;
    static final Set<String> CALLED = new HashSet<>();

    /** Runs one call. */
    static void call(String name, Call call) throws Exception {
        CALLED.add(name.split(" ")[0]);
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("call", name);
        try {
            line.put("result", shown(call.run()));
        } catch (Exception error) {
            line.put("error", masked(String.valueOf(error instanceof ExecutionException ? error.getCause() : error)));
        }
        System.out.println(MAPPER.writeValueAsString(line));
    }

    /** A result in one order, with what is still to come in it. */
    static Object shown(Object value) throws Exception {
        if (value instanceof KafkaFuture<?> future) {
            try {
                return shown(future.get());
            } catch (ExecutionException error) {
                return masked(String.valueOf(error.getCause()));
            }
        }
        if (value instanceof Config config) {
            return shown(config.entries().stream().filter(entry -> !entry.name().equals("min.insync.replicas"))
                .map(String::valueOf).sorted().toList());
        }
        if (value instanceof Optional<?> optional) return optional.isPresent() ? shown(optional.get()) : null;
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> sorted = new TreeMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) sorted.put(masked(String.valueOf(entry.getKey())), shown(entry.getValue()));
            return sorted;
        }
        if (value instanceof Collection<?> all) {
            List<Object> shown = new ArrayList<>();
            for (Object inner : all) shown.add(shown(inner));
            if (!(value instanceof List)) shown.sort(Comparator.comparing(String::valueOf));
            return shown;
        }
        return value == null ? null : masked(String.valueOf(value));
    }

    /** Without what differs between any two brokers. */
    static String masked(String text) {
        return LISTS.matcher(text.replace(Integer.toString(port), "PORT").replace("localhost", "127.0.0.1")
            .replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID")
            .replaceAll("([iI]d=|[iI]d: )[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])", "$1ID").replaceAll("\\b1[6-9]\\d{11}\\b", "TIME")
            .replaceAll("(highWatermark|logEndOffset|leaderEpoch|lastFetchTimestamp|lastCaughtUpTimestamp)=[^,)]*", "$1=N")
            .replaceAll("(totalBytes|usableBytes)=OptionalLong\\[\\d+\\]", "$1=N").replaceAll("@[0-9a-f]{6,8}\\b", "@")
            .replaceAll("kafkaStorage.*?/data|/[^ ,={}]*/data", "DATA").replaceAll("lastTimestamp=\\d+", "lastTimestamp=TIME"))
            .replaceAll(list -> list.group(1) + Arrays.stream(list.group(2).split(", ?")).sorted().collect(Collectors.joining(",")));
    }

    static void settle() throws Exception { Thread.sleep(500); }

    static void topics() throws Exception {
        call("createTopics", () -> admin.createTopics(List.of(
            new NewTopic(TOPIC, 2, (short) 1), new NewTopic("java-c", 1, (short) 1).configs(Map.of("cleanup.policy", "compact")),
            new NewTopic("bad/name", 1, (short) 1), new NewTopic("java-many", 1, (short) 3),
            new NewTopic("java-wrong", 1, (short) 1).configs(Map.of("retention.ms", "soon")),
            new NewTopic("java-assigned", Map.of(0, List.of(1), 1, List.of(1))))).values());
        call("createTopics again", () -> admin.createTopics(List.of(new NewTopic(TOPIC, 2, (short) 1))).values());
        call("createTopics config", () -> admin.createTopics(List.of(new NewTopic("java-d", 1, (short) 1))).config("java-d"));
        call("createTopics validated", () -> admin.createTopics(
            List.of(new NewTopic("java-only", 2, (short) 1)), new CreateTopicsOptions().validateOnly(true)).numPartitions("java-only"));
        settle();
        call("createPartitions", () -> admin.createPartitions(Map.of(
            TOPIC, NewPartitions.increaseTo(3), "java-c", NewPartitions.increaseTo(1), "java-d", NewPartitions.increaseTo(2, List.of(List.of(2))),
            "java-assigned", NewPartitions.increaseTo(3, List.of(List.of(1))))).values());
        settle();
        call("listTopics", () -> admin.listTopics().names().get().stream().filter(name -> name.startsWith(TOPIC)).collect(Collectors.toSet()));
        call("describeTopics", () -> admin.describeTopics(List.of(TOPIC, "nothing")).topicNameValues());
        call("describeTopics authorized", () -> admin.describeTopics(
            List.of("java-c"), new DescribeTopicsOptions().includeAuthorizedOperations(true)).allTopicNames());
        call("describeTopics by id", () -> admin.describeTopics(TopicCollection.ofTopicIds(List.of(new Uuid(1, 5)))).topicIdValues());
    }

    static void records() throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", "127.0.0.1:" + port);
        try (Producer<String, String> producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            for (int number = 0; number < 5; number++) {
                producer.send(new ProducerRecord<>(TOPIC, 0, 1000L * (number + 1), "k", "v" + number)).get();
            }
        }
        for (OffsetSpec spec : List.of(OffsetSpec.earliest(), OffsetSpec.latest(), OffsetSpec.maxTimestamp(), OffsetSpec.forTimestamp(2500),
                OffsetSpec.earliestLocal(), OffsetSpec.latestTiered(), OffsetSpec.earliestPendingUpload())) {
            call("listOffsets " + spec.getClass().getSimpleName(), () -> admin.listOffsets(Map.of(ZERO, spec)).partitionResult(ZERO).get());
        }
        call("deleteRecords", () -> admin.deleteRecords(Map.of(ZERO, RecordsToDelete.beforeOffset(2))).lowWatermarks());
        call("deleteRecords beyond", () -> admin.deleteRecords(Map.of(ZERO, RecordsToDelete.beforeOffset(99))).lowWatermarks());
        call("describeProducers", () -> admin.describeProducers(List.of(ZERO)).partitionResult(ZERO));
    }

    /** A producer that has begun a transaction and written one record in it. */
    static Producer<String, String> begun(String id) throws Exception {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", "127.0.0.1:" + port, "transactional.id", id, "transaction.timeout.ms", "600000");
        Producer<String, String> producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(TOPIC, 1, id, "v")).get();
        return producer;
    }

    static Object transactions(ListTransactionsOptions options) throws Exception {
        return admin.listTransactions(options).all().get().stream()
            .filter(listed -> listed.transactionalId().startsWith(TOPIC)).collect(Collectors.toSet());
    }

    static void transactions() throws Exception {
        TopicPartition one = new TopicPartition(TOPIC, 1), nowhere = new TopicPartition("nothing", 0);
        try (Producer<String, String> fenced = begun("java-fenced"); Producer<String, String> ended = begun("java-ended");
                Producer<String, String> aborted = begun("java-aborted")) {
            call("listTransactions", () -> transactions(new ListTransactionsOptions()));
            call("listTransactions states", () -> transactions(new ListTransactionsOptions().filterStates(
                List.of(TransactionState.ONGOING, TransactionState.COMPLETE_ABORT))));
            call("listTransactions other state", () -> transactions(new ListTransactionsOptions().filterStates(
                List.of(TransactionState.PREPARE_COMMIT))));
            call("listTransactions unknown state", () -> transactions(new ListTransactionsOptions().filterStates(
                List.of(TransactionState.UNKNOWN))));
            call("listTransactions longer", () -> transactions(new ListTransactionsOptions().filterOnDuration(600000)));
            call("listTransactions shorter", () -> transactions(new ListTransactionsOptions().filterOnDuration(0)));
            call("listTransactions pattern", () -> transactions(new ListTransactionsOptions().filterOnTransactionalIdPattern(".*ed")));
            call("listTransactions wrong pattern", () -> transactions(new ListTransactionsOptions().filterOnTransactionalIdPattern("(")));
            call("describeTransactions", () -> admin.describeTransactions(List.of("java-fenced", "java-ended")).all());
            call("describeTransactions nothing", () -> admin.describeTransactions(List.of("nothing")).all());
            call("describeProducers open", () -> admin.describeProducers(List.of(one)).partitionResult(one).get().activeProducers());
            call("describeProducers at", () -> admin.describeProducers(
                List.of(one), new DescribeProducersOptions().brokerId(1)).partitionResult(one).get().activeProducers());
            call("describeProducers nowhere", () -> admin.describeProducers(
                List.of(nowhere), new DescribeProducersOptions().brokerId(1).timeoutMs(1000)).partitionResult(nowhere));
            TransactionDescription known = admin.describeTransactions(List.of("java-aborted")).description("java-aborted").get();
            call("listTransactions producer", () -> transactions(
                new ListTransactionsOptions().filterProducerIds(List.of(known.producerId(), 987654321L))));
            for (int epoch : new int[] {known.producerEpoch() - 1, known.producerEpoch(), known.producerEpoch()}) {
                call("abortTransaction " + epoch, () -> admin.abortTransaction(
                    new AbortTransactionSpec(one, known.producerId(), (short) epoch, 0)).all());
            }
            call("describeProducers aborted", () -> admin.describeProducers(List.of(one)).partitionResult(one).get().activeProducers());
            call("fenceProducers", () -> admin.fenceProducers(List.of("java-fenced", "java-new")).fencedProducers());
            call("fenceProducers epochs", () -> {
                FenceProducersResult again = admin.fenceProducers(List.of("java-fenced"));
                return List.of(again.epochId("java-fenced").get(), again.producerId("java-fenced").get());
            });
            call("commitTransaction fenced", () -> { fenced.commitTransaction(); return null; });
            call("forceTerminateTransaction", () -> admin.forceTerminateTransaction("java-ended").result());
            call("commitTransaction ended", () -> { ended.commitTransaction(); return null; });
            call("forceTerminateTransaction nothing", () -> admin.forceTerminateTransaction("nothing").result());
            settle();
            call("describeTransactions afterwards", () -> admin.describeTransactions(
                List.of("java-fenced", "java-ended", "java-new")).all());
            call("forceTerminateTransaction aborted", () -> admin.forceTerminateTransaction("java-aborted").result());
            call("forceTerminateTransaction again", () -> admin.forceTerminateTransaction("java-ended").result());
            settle();
            call("listTransactions afterwards", () -> transactions(new ListTransactionsOptions()));
            call("describeProducers afterwards", () -> admin.describeProducers(List.of(one)).partitionResult(one).get().activeProducers());
        }
    }

    static void placement() throws Exception {
        TopicPartition nowhere = new TopicPartition("nothing", 0);
        TopicPartitionReplica replica = new TopicPartitionReplica(TOPIC, 0, 1);
        call("electLeaders", () -> admin.electLeaders(ElectionType.PREFERRED, Set.of(ZERO, nowhere)).partitions());
        call("electLeaders unclean", () -> admin.electLeaders(ElectionType.UNCLEAN, Set.of(ZERO)).partitions());
        call("alterPartitionReassignments", () -> admin.alterPartitionReassignments(Map.of(
            ZERO, Optional.of(new NewPartitionReassignment(List.of(1))), nowhere, Optional.empty(), new TopicPartition(TOPIC, 1),
            Optional.of(new NewPartitionReassignment(List.of(1, 2))))).values());
        call("alterPartitionReassignments cancel", () -> admin.alterPartitionReassignments(Map.of(ZERO, Optional.empty())).values());
        call("listPartitionReassignments", () -> admin.listPartitionReassignments().reassignments());
        call("listPartitionReassignments one", () -> admin.listPartitionReassignments(Set.of(ZERO)).reassignments());
        call("describeLogDirs", () -> admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).values().stream()
            .map(directory -> directory.replicaInfos().entrySet().stream().filter(entry -> entry.getKey().topic().equals(TOPIC))
                .map(String::valueOf).sorted().toList()).toList());
        call("describeReplicaLogDirs", () -> admin.describeReplicaLogDirs(List.of(replica)).all());
        call("alterReplicaLogDirs", () -> admin.alterReplicaLogDirs(Map.of(replica, "/nowhere")).values());
    }

    static void cluster() throws Exception {
        call("describeCluster", () -> {
            DescribeClusterResult cluster = admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true));
            return List.of(cluster.nodes().get(), cluster.controller().get(), cluster.authorizedOperations().get());
        });
        call("describeMetadataQuorum", () -> admin.describeMetadataQuorum().quorumInfo().get().voters().stream()
            .map(QuorumInfo.ReplicaState::replicaId).toList());
        call("addRaftVoter", () -> admin.addRaftVoter(
            2, new Uuid(1, 1), Set.of(new RaftVoterEndpoint("CONTROLLER", "127.0.0.1", 1))).all());
        call("removeRaftVoter", () -> admin.removeRaftVoter(2, new Uuid(1, 1)).all());
        call("updateFeatures", () -> admin.updateFeatures(Map.of(
            "nothing", new FeatureUpdate((short) 1, FeatureUpdate.UpgradeType.UPGRADE)), new UpdateFeaturesOptions()).values());
        call("updateFeatures validated", () -> admin.updateFeatures(
            Map.of("group.version", new FeatureUpdate((short) 1, FeatureUpdate.UpgradeType.UPGRADE)),
            new UpdateFeaturesOptions().validateOnly(true)).values());
        call("unregisterBroker", () -> admin.unregisterBroker(7).all());
    }

    static void groups() throws Exception {
        call("alterConsumerGroupOffsets", () -> admin.alterConsumerGroupOffsets(GROUP, Map.of(ZERO, new OffsetAndMetadata(3, "note"))).all());
        call("alterConsumerGroupOffsets nothing", () -> admin.alterConsumerGroupOffsets(
            GROUP, Map.of(new TopicPartition("nothing", 0), new OffsetAndMetadata(3))).all());
        call("listConsumerGroupOffsets", () -> admin.listConsumerGroupOffsets(GROUP).partitionsToOffsetAndMetadata());
        call("listConsumerGroupOffsets nothing", () -> admin.listConsumerGroupOffsets("nothing").partitionsToOffsetAndMetadata());
        call("listConsumerGroups", () -> admin.listConsumerGroups().all().get().stream()
            .filter(group -> group.groupId().startsWith(GROUP)).toList());
        call("listGroups", () -> admin.listGroups().all().get().stream().filter(group -> group.groupId().startsWith(GROUP)).toList());
        for (String protocol : List.of("classic", "consumer")) {
            String name = GROUP + "-" + protocol;
            Map<String, Object> settings = Map.of(
                "bootstrap.servers", "127.0.0.1:" + port, "group.id", name, "group.protocol", protocol, "group.instance.id", "static",
                "enable.auto.commit", "false");
            try (Consumer<String, String> consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
                consumer.subscribe(List.of(TOPIC));
                while (consumer.assignment().isEmpty()) consumer.poll(Duration.ofMillis(50));
                consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(2)));
                call("describeConsumerGroups " + protocol, () -> admin.describeConsumerGroups(List.of(name)).describedGroups());
                call("describeClassicGroups " + protocol, () -> admin.describeClassicGroups(List.of(name)).describedGroups());
                call("deleteConsumerGroupOffsets " + protocol, () -> admin.deleteConsumerGroupOffsets(name, Set.of(ZERO)).partitionResult(ZERO));
                call("deleteConsumerGroups " + protocol, () -> admin.deleteConsumerGroups(List.of(name)).deletedGroups());
                call("removeMembersFromConsumerGroup " + protocol, () -> admin.removeMembersFromConsumerGroup(
                    name, new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("nobody")))).all());
            }
        }
        call("removeMembersFromConsumerGroup static", () -> admin.removeMembersFromConsumerGroup(
            GROUP + "-classic", new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("static")))).all());
        call("describeConsumerGroups", () -> admin.describeConsumerGroups(List.of(GROUP, "nothing")).describedGroups());
        call("deleteConsumerGroupOffsets", () -> admin.deleteConsumerGroupOffsets(GROUP, Set.of(ZERO)).all());
        call("deleteConsumerGroups", () -> admin.deleteConsumerGroups(List.of(GROUP, GROUP + "-classic", "nothing")).deletedGroups());
    }

    static void configs() throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, TOPIC);
        ConfigResource metrics = new ConfigResource(ConfigResource.Type.CLIENT_METRICS, "java-metrics");
        ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, GROUP);
        call("describeConfigs", () -> admin.describeConfigs(List.of(topic), new DescribeConfigsOptions().includeSynonyms(true)).values());
        call("describeConfigs group", () -> admin.describeConfigs(List.of(group)).values());
        for (AlterConfigOp.OpType type : AlterConfigOp.OpType.values()) {
            call("incrementalAlterConfigs " + type, () -> admin.incrementalAlterConfigs(Map.of(topic, List.of(
                new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), type)))).values());
        }
        call("incrementalAlterConfigs wrong", () -> admin.incrementalAlterConfigs(Map.of(topic, List.of(
            new AlterConfigOp(new ConfigEntry("nothing", "x"), AlterConfigOp.OpType.SET)))).values());
        call("incrementalAlterConfigs others", () -> admin.incrementalAlterConfigs(Map.of(
            metrics, List.of(new AlterConfigOp(new ConfigEntry("interval.ms", "5000"), AlterConfigOp.OpType.SET)),
            group, List.of(new AlterConfigOp(new ConfigEntry("consumer.session.timeout.ms", "50000"), AlterConfigOp.OpType.SET)))).values());
        settle();
        call("describeConfigs afterwards", () -> admin.describeConfigs(List.of(topic, metrics, group)).values());
        call("listConfigResources", () -> admin.listConfigResources(
            Set.of(ConfigResource.Type.CLIENT_METRICS, ConfigResource.Type.GROUP), new ListConfigResourcesOptions()).all().get().stream()
            .filter(resource -> resource.name().startsWith(TOPIC)).collect(Collectors.toSet()));
        call("incrementalAlterConfigs delete", () -> admin.incrementalAlterConfigs(Map.of(metrics, List.of(
            new AlterConfigOp(new ConfigEntry("interval.ms", ""), AlterConfigOp.OpType.DELETE)))).values());
    }

    static void security() throws Exception {
        AclBinding binding = new AclBinding(
            new ResourcePattern(ResourceType.TOPIC, TOPIC, PatternType.LITERAL),
            new AccessControlEntry("User:u", "*", AclOperation.READ, AclPermissionType.ALLOW));
        call("describeAcls", () -> admin.describeAcls(AclBindingFilter.ANY).values());
        call("createAcls", () -> admin.createAcls(List.of(binding)).values());
        call("deleteAcls", () -> admin.deleteAcls(List.of(AclBindingFilter.ANY)).values());
        ScramCredentialInfo info = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 8192);
        call("alterUserScramCredentials", () -> admin.alterUserScramCredentials(
            List.of(new UserScramCredentialUpsertion("ju", info, "secret"))).values());
        settle();
        call("describeUserScramCredentials", () -> admin.describeUserScramCredentials(List.of("ju")).all());
        call("describeUserScramCredentials nobody", () -> admin.describeUserScramCredentials(List.of("nobody")).all());
        call("alterUserScramCredentials delete", () -> admin.alterUserScramCredentials(
            List.of(new UserScramCredentialDeletion("ju", ScramMechanism.SCRAM_SHA_256))).values());
        call("alterUserScramCredentials again", () -> admin.alterUserScramCredentials(
            List.of(new UserScramCredentialDeletion("ju", ScramMechanism.SCRAM_SHA_512))).values());
        ClientQuotaEntity user = new ClientQuotaEntity(Map.of(ClientQuotaEntity.USER, "ju"));
        ClientQuotaFilter asked = ClientQuotaFilter.containsOnly(List.of(ClientQuotaFilterComponent.ofEntity(ClientQuotaEntity.USER, "ju")));
        call("alterClientQuotas", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(
            user, List.of(new ClientQuotaAlteration.Op("producer_byte_rate", 1000.0))))).values());
        call("alterClientQuotas wrong", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(
            user, List.of(new ClientQuotaAlteration.Op("nothing", 1000.0))))).values());
        settle();
        call("describeClientQuotas", () -> admin.describeClientQuotas(asked).entities());
        call("alterClientQuotas delete", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(
            user, List.of(new ClientQuotaAlteration.Op("producer_byte_rate", null))))).values());
    }

    public static void main(String[] args) throws Exception {
        port = Integer.parseInt(args[0]);
        try (Admin client = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + port))) {
            admin = client;
            topics();
            records();
            transactions();
            placement();
            cluster();
            groups();
            configs();
            security();
            call("deleteTopics", () -> admin.deleteTopics(List.of(TOPIC, "java-c", "java-d", "java-assigned", "nothing")).topicNameValues());
            call("deleteTopics by id", () -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(new Uuid(1, 5)))).topicIdValues());
        }
        Set<String> forgotten = Arrays.stream(Admin.class.getMethods()).map(Method::getName).filter(name -> !CALLED.contains(name)
            && LEFT_OUT.keySet().stream().noneMatch(part -> name.matches(".*(" + part + ").*"))).collect(Collectors.toCollection(TreeSet::new));
        if (!forgotten.isEmpty()) {
            System.err.println("never called: " + forgotten);
            System.exit(1);
        }
    }
}
