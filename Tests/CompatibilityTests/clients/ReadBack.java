// Reads one batch of each partition named on its input (TOPIC PARTITION a line) with the Java consumer, and says "ok" or
// how it failed: java -cp 'kafka/*' ReadBack.java BOOTSTRAP

import java.io.*;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;

public class ReadBack {
    public static void main(String[] words) throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", words[0]);
        settings.put("enable.auto.commit", "false");
        settings.put("auto.offset.reset", "earliest");
        settings.put("fetch.max.wait.ms", "10");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = input.readLine()) != null; ) {
            String[] place = line.split(" ");
            try (Consumer<byte[], byte[]> consumer =
                    new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                System.out.println(line + " " + read(consumer, new TopicPartition(place[0], Integer.parseInt(place[1]))));
            }
        }
    }

    static String read(Consumer<byte[], byte[]> consumer, TopicPartition partition) {
        consumer.assign(List.of(partition));
        consumer.seek(partition, 0);
        try {
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            for (int turn = 0; turn < 300 && consumer.position(partition) < end; turn++) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(10))) {
                    record.headers().toArray();
                }
            }
            return consumer.position(partition) >= end ? "ok" : "silence";
        } catch (Throwable problem) {
            Throwable cause = problem;
            while (cause.getCause() != null) cause = cause.getCause();
            return cause.getClass().getSimpleName();
        }
    }
}
