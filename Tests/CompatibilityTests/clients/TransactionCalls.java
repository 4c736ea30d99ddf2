// Java's producer and consumer with transactions: one line of JSON for each step, with what it gave or how it failed.
// java -cp 'kafka/*' TransactionCalls PORT

import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.serialization.*;

@SuppressWarnings("removal")
public class TransactionCalls {
    static final String IN = "jt-in", OUT = "jt-out";
    static final int INPUTS = 6, LIMIT_MS = 30_000;
    static final List<TopicPartition> PLACES = List.of(new TopicPartition(OUT, 0), new TopicPartition(OUT, 1));
    static final ObjectMapper MAPPER = new ObjectMapper();
    static String address;
    static Admin admin;

    interface Step {
        Object run() throws Exception;
    }

    static void step(String name, Step step) throws Exception {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("call", name);
        try {
            line.put("result", String.valueOf(step.run()));
        } catch (Exception error) {
            Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
            // Some messages of the client name its producer id, or a place in memory.
            line.put("error", cause.getClass().getSimpleName() + ": " + ("" + cause.getMessage())
                .replaceAll("[iI]d [0-9]+", "id N").replaceAll("@[0-9a-f]+", "@").replaceAll("producerId=\\d+", "producerId=N"));
        }
        System.out.println(MAPPER.writeValueAsString(line));
    }

    static Producer<String, String> producer(String id, int timeout) {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", address, "transactional.id", id, "transaction.timeout.ms", timeout, "linger.ms", 0,
            "metadata.max.age.ms", 300);
        return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }

    static Producer<String, String> ready(String id) {
        Producer<String, String> producer = producer(id, 60_000);
        producer.initTransactions();
        return producer;
    }

    static Consumer<String, String> consumer(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(Map.of(
            "bootstrap.servers", address, "enable.auto.commit", false, "auto.offset.reset", "earliest", "max.poll.records", 2,
            "isolation.level", "read_committed"));
        settings.putAll(more);
        return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    }

    /** Begins a transaction and writes a record into each partition. */
    static void write(Producer<String, String> producer, String value) throws Exception {
        producer.beginTransaction();
        for (TopicPartition place : PLACES) producer.send(new ProducerRecord<>(OUT, place.partition(), null, value)).get();
    }

    /** What a reader finds in the output, by partition, up to the end that it is told of. */
    static List<List<String>> read(String level) {
        try (Consumer<String, String> consumer = consumer(Map.of("isolation.level", level, "max.poll.records", 500))) {
            List<List<String>> found = List.of(new ArrayList<>(), new ArrayList<>());
            consumer.assign(PLACES);
            consumer.seekToBeginning(PLACES);
            Map<TopicPartition, Long> ends = consumer.endOffsets(PLACES);
            while (PLACES.stream().anyMatch(place -> consumer.position(place) < ends.get(place))) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    if (record.offset() < ends.get(new TopicPartition(OUT, record.partition()))) {
                        found.get(record.partition()).add(record.value());
                    }
                }
            }
            return found;
        }
    }

    /** Waits until every transaction has its markers: a commit is answered when it stands, which is earlier. */
    static List<List<String>> settled() throws Exception {
        long end = System.currentTimeMillis() + LIMIT_MS;
        while (true) {
            Map<TopicPartition, Long> all = ends("read_uncommitted"), committed = ends("read_committed");
            if (all.equals(committed)) return read("read_committed");
            if (System.currentTimeMillis() > end) throw new IllegalStateException("open: " + committed + " of " + all);
            Thread.sleep(50);
        }
    }

    static Map<TopicPartition, Long> ends(String level) {
        try (Consumer<String, String> consumer = consumer(Map.of("isolation.level", level))) {
            return consumer.endOffsets(PLACES);
        }
    }

    static void commitAndAbort() throws Exception {
        try (Producer<String, String> one = ready("one"); Producer<String, String> other = ready("other")) {
            write(one, "a");
            write(other, "b");
            step("open", () -> read("read_committed"));
            step("open uncommitted", () -> read("read_uncommitted"));
            step("commit behind another", () -> { other.commitTransaction(); return read("read_committed"); });
            step("abort", () -> { one.abortTransaction(); return settled(); });
            step("abort empty", () -> { one.beginTransaction(); one.abortTransaction(); return settled(); });
            step("commit empty", () -> { one.beginTransaction(); one.commitTransaction(); return settled(); });
            step("commit after all", () -> { write(one, "c"); one.commitTransaction(); return settled(); });
            step("ends", () -> ends("read_committed"));
        }
        step("timeout beyond the limit", () -> {
            try (Producer<String, String> producer = producer("long", 900_001)) {
                producer.initTransactions();
                return null;
            }
        });
    }

    static void zombie() throws Exception {
        try (Producer<String, String> former = ready("zombie")) {
            write(former, "lost");
            try (Producer<String, String> later = ready("zombie")) {
                step("commit of a zombie", () -> { former.commitTransaction(); return null; });
                step("begin of a zombie", () -> { former.beginTransaction(); return null; });
                step("abort of a zombie", () -> { former.abortTransaction(); return null; });
                step("its successor", () -> { write(later, "d"); later.commitTransaction(); return settled(); });
            }
        }
        try (Producer<String, String> former = ready("writer")) {
            write(former, "lost");
            try (Producer<String, String> later = ready("writer")) {
                step("record of a zombie", () -> former.send(new ProducerRecord<>(OUT, 0, null, "lost")).get());
                step("abort after it", () -> { former.abortTransaction(); return settled(); });
            }
        }
    }

    /** A producer whose transaction is ended over its head says so at its next step. */
    static void overItsHead(String how, int timeout, Step end) throws Exception {
        for (String next : List.of("commit", "record", "abort")) {
            try (Producer<String, String> producer = producer(how, timeout)) {
                producer.initTransactions();
                write(producer, "lost");
                end.run();
                step(how, TransactionCalls::settled);
                step(how + ", then " + next, () -> switch (next) {
                    case "commit" -> { producer.commitTransaction(); yield null; }
                    case "abort" -> { producer.abortTransaction(); yield null; }
                    default -> producer.send(new ProducerRecord<>(OUT, 0, null, "lost")).get();
                });
            }
        }
    }

    static void transform(String protocol) throws Exception {
        TopicPartition place = new TopicPartition(IN, 0);
        String group = "jt-" + protocol;
        try (Producer<String, String> producer = ready("transform-" + protocol);
                Consumer<String, String> consumer = consumer(Map.of("group.id", group, "group.protocol", protocol))) {
            consumer.subscribe(List.of(IN));
            for (int round = 0, done = 0; done < INPUTS; round++) {
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
                if (records.isEmpty()) {
                    round--;
                    continue;
                }
                producer.beginTransaction();
                for (ConsumerRecord<String, String> record : records) {
                    producer.send(new ProducerRecord<>(OUT, 1, null, protocol + record.value()));
                }
                producer.sendOffsetsToTransaction(
                    Map.of(place, new OffsetAndMetadata(consumer.position(place), "round")), consumer.groupMetadata());
                if (round < 2) {
                    step(protocol + " pending", () -> consumer.committed(Set.of(place), Duration.ofMillis(700)));
                }
                if (round % 2 == 0) {
                    producer.abortTransaction();
                    consumer.seek(place, done);
                } else {
                    producer.commitTransaction();
                    done += records.count();
                }
                step(protocol + " committed", () -> consumer.committed(Set.of(place), Duration.ofMillis(LIMIT_MS)).get(place));
            }
            step(protocol + " output", TransactionCalls::settled);
            for (ConsumerGroupMetadata stale : List.of(
                    new ConsumerGroupMetadata(group, 99, consumer.groupMetadata().memberId(), Optional.empty()),
                    new ConsumerGroupMetadata(group, 1, "nobody", Optional.empty()), new ConsumerGroupMetadata(group))) {
                step(protocol + " offsets " + stale.generationId() + " " + stale.memberId().length(), () -> {
                    producer.beginTransaction();
                    producer.sendOffsetsToTransaction(Map.of(place, new OffsetAndMetadata(1)), stale);
                    return null;
                });
                step(protocol + " abort", () -> { producer.abortTransaction(); return null; });
            }
            step(protocol + " in the end", () -> consumer.committed(Set.of(place), Duration.ofMillis(LIMIT_MS)).get(place));
        }
    }

    /** Where a partition begins and ends, for either kind of reader. */
    static List<Long> bounds(TopicPartition place) {
        List<Long> bounds = new ArrayList<>();
        for (String level : List.of("read_uncommitted", "read_committed")) {
            try (Consumer<String, String> consumer = consumer(Map.of("isolation.level", level))) {
                bounds.addAll(consumer.beginningOffsets(List.of(place)).values());
                bounds.addAll(consumer.endOffsets(List.of(place)).values());
            }
        }
        return bounds;
    }

    /** The same once every transaction has its markers in a partition. */
    static List<Long> settledBounds(TopicPartition place) throws Exception {
        long end = System.currentTimeMillis() + LIMIT_MS;
        List<Long> bounds;
        while (!(bounds = bounds(place)).get(1).equals(bounds.get(3))) {
            if (System.currentTimeMillis() > end) throw new IllegalStateException("open: " + bounds);
            Thread.sleep(50);
        }
        return bounds;
    }

    /** Topics change while a transaction is open in them. */
    static void changes() throws Exception {
        TopicPartition place = new TopicPartition("jt-changed", 0), grown = new TopicPartition("jt-changed", 1);
        NewTopic topic = new NewTopic(place.topic(), 1, (short) 1);
        admin.createTopics(List.of(topic)).all().get();
        try (Producer<String, String> producer = ready("changes"); Producer<String, String> other = ready("other changes")) {
            producer.beginTransaction();
            for (int number = 0; number < 3; number++) producer.send(new ProducerRecord<>(place.topic(), 0, null, "v")).get();
            for (long offset : new long[] {2, -1, 9}) {
                step("delete to " + offset, () -> admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(offset)))
                    .lowWatermarks().get(place).get().lowWatermark());
                step("bounds", () -> bounds(place));
            }
            other.beginTransaction();
            other.send(new ProducerRecord<>(place.topic(), 0, null, "w")).get();
            step("commit of what is deleted", () -> { producer.commitTransaction(); return null; });
            step("abort behind it", () -> { other.abortTransaction(); return settledBounds(place); });
            admin.createPartitions(Map.of(place.topic(), NewPartitions.increaseTo(2))).all().get();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(place.topic(), 0, null, "v")).get();
            while (producer.partitionsFor(place.topic()).size() < 2) Thread.sleep(50);
            step("into a partition that is new", () -> producer.send(new ProducerRecord<>(place.topic(), 1, null, "v")).get().offset());
            step("commit in it", () -> {
                producer.commitTransaction();
                return List.of(settledBounds(place), settledBounds(grown));
            });
            write(producer, "e");
            producer.send(new ProducerRecord<>(place.topic(), 0, null, "v")).get();
            admin.deleteTopics(List.of(place.topic())).all().get();
            step("commit beside a topic that is deleted", () -> { producer.commitTransaction(); return settled(); });
            try {
                admin.createTopics(List.of(topic)).all().get();
            } catch (ExecutionException exists) {
                // A producer that asked for it has made it again.
            }
            step("in the next topic of that name", () -> {
                producer.beginTransaction();
                producer.send(new ProducerRecord<>(OUT, 0, null, "f")).get();
                producer.commitTransaction();
                return List.of(settled(), settledBounds(place));
            });
        }
    }

    public static void main(String[] args) throws Exception {
        address = "127.0.0.1:" + args[0];
        try (Admin client = Admin.create(Map.of("bootstrap.servers", address))) {
            admin = client;
            admin.createTopics(List.of(new NewTopic(IN, 1, (short) 1), new NewTopic(OUT, 2, (short) 1))).all().get();
            try (Producer<String, String> producer = ready("source")) {
                producer.beginTransaction();
                for (int number = 0; number < INPUTS; number++) producer.send(new ProducerRecord<>(IN, "" + number));
                producer.commitTransaction();
            }
            commitAndAbort();
            zombie();
            overItsHead("timeout", 1000, () -> null);
            overItsHead("terminated", 60_000, () -> admin.forceTerminateTransaction("terminated").result().get());
            overItsHead("fenced", 60_000, () -> admin.fenceProducers(List.of("fenced")).all().get());
            for (String protocol : List.of("classic", "consumer")) transform(protocol);
            changes();
            step("transactions", () -> admin.listTransactions().all().get().stream()
                .map(listed -> listed.transactionalId() + " " + listed.state()).sorted().toList());
        }
    }
}
