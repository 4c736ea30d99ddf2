// The Java client: writes or reads the expected records (see expected.py, whose functions these repeat).
// java -cp 'kafka/*' RoundTrip.java produce|consume BOOTSTRAP TOPIC CODEC COUNT BASE

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.*;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

public class RoundTrip {
    static final int PARTITIONS = 3;
    static final byte[] FILLER =
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit. ".repeat(100).getBytes(StandardCharsets.UTF_8);

    static byte[] utf8(String text) { return text.getBytes(StandardCharsets.UTF_8); }

    static byte[] key(int number) {
        if (number % 11 == 0 && number % 17 != 0) return null;
        if (number % 13 == 0) return new byte[0];
        return utf8("key-" + number % 1000);
    }

    static byte[] value(int number) {
        if (number % 17 == 0) return null;
        if (number % 19 == 0) return new byte[0];
        int size = number % 997 == 0 ? 4000 : (int) (number * 31L % 150);
        byte[] head = utf8(Integer.toString(number));
        byte[] all = Arrays.copyOf(head, head.length + 4 + size);
        all[head.length + 1] = (byte) 0xff;
        all[head.length + 2] = '\n';
        all[head.length + 3] = '\t';
        System.arraycopy(FILLER, number % 57, all, head.length + 4, size);
        return all;
    }

    static List<Header> headers(int number) {
        switch (number % 5) {
            case 0: return List.of();
            case 1: return List.of(new RecordHeader("n", utf8(Integer.toString(number))));
            case 2: return List.of(new RecordHeader("same", utf8("1")), new RecordHeader("same", utf8("2")));
            case 3: return List.of(
                new RecordHeader("empty", new byte[0]),
                new RecordHeader("größe", new byte[] {0, (byte) 0xfe}));
            default: return List.of(new RecordHeader("trace", utf8(String.format("%016x", number * 2654435761L))));
        }
    }

    static long timestamp(int number, long base) { return base + number * 7L - (number % 10) * 13L; }

    public static void main(String[] words) throws Exception {
        int count = Integer.parseInt(words[4]);
        long base = Long.parseLong(words[5]);
        if (words[0].equals("produce")) produce(words[1], words[2], words[3], count, base);
        else consume(words[1], words[2], count, base);
    }

    /** The client's defaults: idempotent, acks=all, five requests in flight. */
    static void produce(String bootstrap, String topic, String codec, int count, long base) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, (short) 1))).all().get();
        }
        AtomicReference<Exception> failure = new AtomicReference<>();
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", bootstrap, "compression.type", codec, "linger.ms", 20,
            "key.serializer", ByteArraySerializer.class, "value.serializer", ByteArraySerializer.class);
        try (Producer<byte[], byte[]> producer = new KafkaProducer<>(settings)) {
            for (int number = 0; number < count; number++) {
                producer.send(new ProducerRecord<>(
                    topic, number % PARTITIONS, timestamp(number, base), key(number), value(number), headers(number)),
                    (metadata, error) -> { if (error != null) failure.compareAndSet(null, error); });
            }
        }
        if (failure.get() != null) throw failure.get();
    }

    static void consume(String bootstrap, String topic, int count, long base) {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", bootstrap, "enable.auto.commit", false, "auto.offset.reset", "none",
            "key.deserializer", ByteArrayDeserializer.class, "value.deserializer", ByteArrayDeserializer.class);
        int[] seen = new int[PARTITIONS];
        int total = 0;
        long end = System.nanoTime() + Duration.ofSeconds(180).toNanos();
        try (Consumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            List<TopicPartition> parts = new ArrayList<>();
            for (int p = 0; p < PARTITIONS; p++) parts.add(new TopicPartition(topic, p));
            consumer.assign(parts);
            consumer.seekToBeginning(parts);
            while (total < count) {
                if (System.nanoTime() > end) throw new IllegalStateException("only " + total + " of " + count + " records");
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    check(record, seen[record.partition()]++ * PARTITIONS + record.partition(), base);
                    total++;
                }
            }
        }
    }

    static void check(ConsumerRecord<byte[], byte[]> record, int number, long base) {
        boolean isEqual = record.offset() == number / PARTITIONS
            && Arrays.equals(record.key(), key(number)) && Arrays.equals(record.value(), value(number))
            && record.timestamp() == timestamp(number, base)
            && Arrays.equals(record.headers().toArray(), headers(number).toArray());
        if (!isEqual) throw new IllegalStateException("record " + number + " came back as " + record);
    }
}
