// Appends message sets to logs of Kafka's own, one each, without a broker around them, as brokers did that still served
// Produce v0-2, and prints what becomes of each: CODE EXCEPTION BASE TIME READ STORED, "-" for none. Its input is a line
// "topic NAME KEY=VALUE ..." for each kind of topic, then a line "NAME BASE64" for each set.
// java -Xmx5g -cp 'kafka/*' JudgeSets.java NOW-IN-MILLISECONDS DIRECTORY

import java.io.*;
import java.nio.ByteBuffer;
import java.nio.file.*;
import java.util.*;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.*;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.CloseableIterator;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.*;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

public class JudgeSets {
    static final Map<String, LogConfig> topics = new HashMap<>();
    static final BrokerTopicStats statistics = new BrokerTopicStats();
    static final KafkaScheduler scheduler = new KafkaScheduler(1);
    static Time time;
    static Path directory;
    static int count = 0;

    public static void main(String[] words) throws Exception {
        time = new StandingTime(Long.parseLong(words[0]));
        directory = Path.of(words[1]);
        scheduler.startup();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        PrintStream output = new PrintStream(new BufferedOutputStream(System.out, 1 << 16));
        for (String line; (line = input.readLine()) != null; ) {
            String[] parts = line.split(" ", -1);
            if (parts[0].equals("topic")) {
                Map<String, String> settings = new HashMap<>();
                for (String setting : Arrays.copyOfRange(parts, 2, parts.length)) {
                    String[] pair = setting.split("=", 2);
                    settings.put(pair[0], pair[1]);
                }
                // The records are old, and there are thousands of logs.
                settings.put("retention.ms", "-1");
                settings.put("segment.index.bytes", "4096");
                topics.put(parts[1], new LogConfig(settings));
            } else {
                output.println(judge(parts[0], Base64.getDecoder().decode(parts[1])));
            }
        }
        output.flush();
        System.exit(0);
    }

    static String judge(String topic, byte[] set) throws Exception {
        Path place = directory.resolve(topic + "-" + count++);
        UnifiedLog log = UnifiedLog.create(
            place.toFile(), topics.get(topic), 0, 0, scheduler, statistics, time, 900_000,
            new ProducerStateManagerConfig(86_400_000, false), 600_000, new LogDirFailureChannel(1), true, Optional.empty());
        try {
            LogAppendInfo info = log.appendAsLeader(MemoryRecords.readableRecords(ByteBuffer.wrap(set)), 0);
            log.flush(true);
            byte[] stored = Files.readAllBytes(place.resolve("00000000000000000000.log"));
            return "0 - " + info.firstOffset() + " " + info.logAppendTime() + " " + read(stored) + " "
                + (stored.length == 0 ? "-" : Base64.getEncoder().encodeToString(stored));
        } catch (Throwable problem) {
            // As ReplicaManager translates.
            Throwable cause = problem instanceof RecordValidationException
                ? ((RecordValidationException) problem).invalidException() : problem;
            return Errors.forException(cause).code() + " " + cause.getClass().getSimpleName() + " -1 -1 - -";
        } finally {
            log.close();
            try (Stream<Path> files = Files.walk(place)) {
                files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
            }
        }
    }

    /** "ok", or how reading what was stored fails. */
    static String read(byte[] stored) {
        try {
            for (RecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(stored)).batches()) {
                batch.ensureValid();
                try (CloseableIterator<org.apache.kafka.common.record.internal.Record> records =
                        batch.streamingIterator(BufferSupplier.NO_CACHING)) {
                    while (records.hasNext()) records.next().ensureValid();
                }
            }
            return "ok";
        } catch (Throwable problem) {
            return problem.getClass().getSimpleName();
        }
    }

    /** A clock that stands still. */
    record StandingTime(long now) implements Time {
        public long milliseconds() { return now; }
        public long nanoseconds() { return System.nanoTime(); }
        public void sleep(long milliseconds) {}
        public void waitObject(Object object, Supplier<Boolean> condition, long deadline) {}
    }
}
