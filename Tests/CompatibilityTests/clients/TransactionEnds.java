// Leaves transactions in every state in which a crash can find them, and tells what a broker made of them.
// java -cp 'kafka/*' TransactionEnds PORT make|tell|end crashed|stopped
// make   begins and ends transactions, and writes into __transaction_state what a coordinator writes just before it crashes
// tell   waits until everything is ended that has somebody who does so, and prints what is there
// end    aborts what hangs, and goes on with each transactional id
// Of a coordinator that stopped nothing is overdue, and nothing decided is left to do: Kafka drops such markers at a start, unless a
// Kafka stopped before it.

import java.time.Duration;
import java.util.*;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.protocol.*;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogValue;

@SuppressWarnings("removal")
public class TransactionEnds {
    static final String LOG = "__transaction_state", SOURCE = "ends-source";
    static final int PARTITIONS = 2, LIMIT_MS = 60_000;
    static final byte ONGOING = 1, PREPARE_COMMIT = 2, PREPARE_ABORT = 3;

    /** How a transaction is left. */
    enum Case {
        COMMITTED, ABORTED,
        /** Open, and its time is over. */
        OPEN,
        /** Decided, by the rules of either version, and no marker is written. */
        COMMIT_1, COMMIT_2, ABORT_1, ABORT_2,
        /** Open in the partitions, but the coordinator knows nothing of it. */
        HANGING;

        boolean isLeftByCrash() { return this == COMMIT_1 || this == COMMIT_2 || this == ABORT_1 || this == ABORT_2; }

        String topic() { return "ends-" + name().toLowerCase(Locale.ROOT).replace('_', '-'); }

        List<TopicPartition> partitions() {
            return IntStream.range(0, PARTITIONS).mapToObj(number -> new TopicPartition(topic(), number)).toList();
        }
    }

    static String address;
    static Admin admin;
    static boolean isCrashed;
    static List<Case> cases;

    static <K, V> Consumer<K, V> consumer(String level, Deserializer<K> keys, Deserializer<V> values) {
        return new KafkaConsumer<>(
            Map.of("bootstrap.servers", address, "isolation.level", level, "enable.auto.commit", false), keys, values);
    }

    /** All records between the ends of partitions that a reader is told. */
    static <K, V> List<ConsumerRecord<K, V>> read(Consumer<K, V> consumer, List<TopicPartition> places) {
        List<ConsumerRecord<K, V>> found = new ArrayList<>();
        consumer.assign(places);
        consumer.seekToBeginning(places);
        Map<TopicPartition, Long> ends = consumer.endOffsets(places);
        while (places.stream().anyMatch(place -> consumer.position(place) < ends.get(place))) {
            consumer.poll(Duration.ofMillis(100)).forEach(found::add);
        }
        return found;
    }

    // MARK: make

    /** One transaction that writes two records into each partition, and an offset unless nobody would end that. */
    static void begin(Case left) throws Exception {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", address, "transactional.id", left.topic(), "transaction.timeout.ms", 600_000);
        // Never closed: that would abort it.
        Producer<String, String> producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
        producer.initTransactions();
        producer.beginTransaction();
        for (TopicPartition place : left.partitions()) {
            for (String value : List.of("a", "b")) producer.send(new ProducerRecord<>(place.topic(), place.partition(), null, value)).get();
        }
        if (left != Case.HANGING) {
            producer.sendOffsetsToTransaction(
                Map.of(new TopicPartition(SOURCE, 0), new OffsetAndMetadata(7, left.topic())), new ConsumerGroupMetadata(left.topic()));
        }
        if (left == Case.COMMITTED) producer.commitTransaction();
        if (left == Case.ABORTED) producer.abortTransaction();
    }

    /** The partition of the coordinator's log that holds an id. */
    static TopicPartition place(String id) throws Exception {
        int count = admin.describeTopics(List.of(LOG)).allTopicNames().get().get(LOG).partitions().size();
        return new TopicPartition(LOG, Utils.abs(id.hashCode()) % count);
    }

    /** What the coordinator wrote of an id last. */
    static ConsumerRecord<byte[], byte[]> last(String id) throws Exception {
        try (Consumer<byte[], byte[]> consumer = consumer("read_uncommitted", new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            return read(consumer, List.of(place(id))).stream()
                .filter(record -> new String(record.key()).endsWith(id)).reduce((first, second) -> second).orElseThrow();
        }
    }

    /** What the coordinator's next record says, were it not for the crash. */
    static byte[] next(Case left, byte[] known) {
        if (left == Case.HANGING) return null;
        ByteBufferAccessor reader = new ByteBufferAccessor(java.nio.ByteBuffer.wrap(known));
        short version = reader.readShort();
        TransactionLogValue value = new TransactionLogValue(reader, version);
        boolean isSecond = left == Case.COMMIT_2 || left == Case.ABORT_2;
        switch (left) {
            case OPEN -> value.setTransactionStartTimestampMs(value.transactionStartTimestampMs() - 3_600_000);
            case COMMIT_1, COMMIT_2 -> value.setTransactionStatus(PREPARE_COMMIT);
            default -> value.setTransactionStatus(PREPARE_ABORT);
        }
        if (left != Case.OPEN) {
            value.setClientTransactionVersion((short) (isSecond ? 2 : 0));
            // From version 2 on the markers have the next epoch.
            if (isSecond) value.setProducerEpoch((short) (value.producerEpoch() + 1));
        }
        return MessageUtil.toVersionPrefixedBytes(version, value);
    }

    static void make() throws Exception {
        List<NewTopic> topics = new ArrayList<>(List.of(new NewTopic(SOURCE, 1, (short) 1)));
        for (Case left : cases) topics.add(new NewTopic(left.topic(), PARTITIONS, (short) 1).configs(Map.of("retention.ms", "-1")));
        admin.createTopics(topics).all().get();
        for (Case left : cases) begin(left);
        // The name with which tools write into the logs of coordinators.
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", address, "client.id", "__admin_client", "enable.idempotence", false);
        try (Producer<byte[], byte[]> writer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (Case left : cases) {
                if (left == Case.COMMITTED || left == Case.ABORTED || (left == Case.OPEN && !isCrashed)) continue;
                ConsumerRecord<byte[], byte[]> known = last(left.topic());
                byte[] value = next(left, known.value());
                writer.send(new ProducerRecord<>(LOG, known.partition(), known.key(), value)).get();
            }
        }
    }

    // MARK: tell

    static Map<TopicPartition, Long> ends(String level, List<TopicPartition> places) {
        try (Consumer<String, String> consumer = consumer(level, new StringDeserializer(), new StringDeserializer())) {
            return new TreeMap<>(Comparator.comparing(TopicPartition::toString)) {{ putAll(consumer.endOffsets(places)); }};
        }
    }

    static void await(List<TopicPartition> places) throws Exception {
        long end = System.currentTimeMillis() + LIMIT_MS;
        while (!ends("read_committed", places).equals(ends("read_uncommitted", places))) {
            if (System.currentTimeMillis() > end) {
                throw new IllegalStateException("open: " + ends("read_committed", places) + " of " + ends("read_uncommitted", places));
            }
            Thread.sleep(100);
        }
    }

    static void tell() throws Exception {
        await(cases.stream().filter(left -> left != Case.HANGING && (left != Case.OPEN || isCrashed))
            .flatMap(left -> left.partitions().stream()).toList());
        for (Case left : cases) {
            for (String level : List.of("read_uncommitted", "read_committed")) {
                try (Consumer<String, String> consumer = consumer(level, new StringDeserializer(), new StringDeserializer())) {
                    System.out.println(left.topic() + " " + level + " " + read(consumer, left.partitions()).stream()
                        .map(record -> record.partition() + ":" + record.offset() + record.value()).sorted().toList());
                }
                System.out.println(left.topic() + " " + level + " ends " + ends(level, left.partitions()).values());
            }
            System.out.println(left.topic() + " offsets " + admin.listConsumerGroupOffsets(
                left.topic(), new ListConsumerGroupOffsetsOptions().requireStable(isCrashed)).partitionsToOffsetAndMetadata().get());
            for (TopicPartition place : left.partitions()) {
                for (ProducerState state : admin.describeProducers(List.of(place)).partitionResult(place).get().activeProducers()) {
                    System.out.println(place + " epoch " + state.producerEpoch() + " open from " + state.currentTransactionStartOffset());
                }
            }
        }
        long end = System.currentTimeMillis() + LIMIT_MS;
        List<String> states;
        do {
            Map<String, TransactionDescription> all = new TreeMap<>(admin.describeTransactions(admin.listTransactions().all().get()
                .stream().map(TransactionListing::transactionalId).toList()).all().get());
            states = all.entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue().state() + " " + entry.getValue().producerEpoch()).toList();
        } while (states.toString().contains("Prepare") && System.currentTimeMillis() < end);
        System.out.println("ids " + states);
    }

    // MARK: end

    /** Ends what hangs, and has each id used again. */
    static void end() throws Exception {
        for (TopicPartition place : Case.HANGING.partitions()) {
            for (ProducerState state : admin.describeProducers(List.of(place)).partitionResult(place).get().activeProducers()) {
                admin.abortTransaction(new AbortTransactionSpec(
                    place, state.producerId(), (short) state.producerEpoch(), state.coordinatorEpoch().orElse(0))).all().get();
            }
        }
        await(Case.HANGING.partitions());
        for (Case left : cases) {
            Map<String, Object> settings = Map.of("bootstrap.servers", address, "transactional.id", left.topic());
            try (Producer<String, String> producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
                producer.initTransactions();
                producer.beginTransaction();
                for (TopicPartition place : left.partitions()) producer.send(new ProducerRecord<>(place.topic(), place.partition(), null, "z"));
                producer.commitTransaction();
            }
        }
    }

    public static void main(String[] words) throws Exception {
        address = "127.0.0.1:" + words[0];
        admin = Admin.create(Map.of("bootstrap.servers", address));
        isCrashed = words[2].equals("crashed");
        cases = Arrays.stream(Case.values()).filter(left -> isCrashed || !left.isLeftByCrash()).toList();
        switch (words[1]) {
            case "make" -> make();
            case "tell" -> tell();
            default -> end();
        }
        // Without closing anything: what is open stays so.
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
