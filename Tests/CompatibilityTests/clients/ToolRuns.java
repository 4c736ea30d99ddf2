// Runs Kafka's command-line tools in one process, each command line against all brokers at once: starting a virtual machine for
// each would take longer than what they do.
// java -cp 'kafka/*' ToolRuns.java TABLE FOLDER PORT...
// TABLE holds a JSON array of {"main", "words", "input", "reads", "lasts", "ends", "awaited"}. In the words ADDRESS stands for a broker's address and
// FOLDER/ for a folder of its own. For each row there is one line: how it ended at each port, {"exit", "out", "err"}.

import com.fasterxml.jackson.databind.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.common.utils.Exit;

public class ToolRuns {
    static final ObjectMapper MAPPER = new ObjectMapper();
    static final int SECONDS = 60;
    /** Keep counts in static fields, so that they run at one broker after the other. */
    static final Set<String> ALONE = Set.of("org.apache.kafka.tools.consumer.ConsoleConsumer");
    // Replies that only tell of something may be asked for before the news of it have come around.
    static final int ATTEMPTS = 6;
    static final int PAUSE_MS = 200;
    /** Until what runs beside is so far. */
    static final int AWAITED_ATTEMPTS = 60;

    /** What one run of a tool reads and prints; threads that it starts inherit it. */
    static final class Run {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final InputStream in;
        final List<Runnable> hooks = new CopyOnWriteArrayList<>();
        volatile Integer exit;

        Run(String input) { in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)); }

        /** A tool that exits is over, whatever it does with the error that unwinds it. */
        Error end(int status) {
            if (exit == null) exit = status;
            return new Ended();
        }

        Map<String, Object> outcome(String address, String folder) {
            Map<String, Object> outcome = new LinkedHashMap<>();
            outcome.put("exit", exit);
            outcome.put("out", masked(out, address, folder));
            outcome.put("err", masked(err, address, folder));
            return outcome;
        }

        static String masked(ByteArrayOutputStream bytes, String address, String folder) {
            String port = address.substring(address.indexOf(':'));
            return bytes.toString(StandardCharsets.UTF_8).replace(address, "ADDRESS").replace("localhost" + port, "ADDRESS")
                .replace(folder, "FOLDER");
        }
    }

    static final class Ended extends Error {
        Ended() { super("exit", null, false, false); }
    }

    static final InheritableThreadLocal<Run> CURRENT = new InheritableThreadLocal<>();
    /** Runs beside which others go on. */
    static final List<Run> LASTING = new ArrayList<>();
    static final PrintStream ERRORS = System.err;

    static PrintStream stream(java.util.function.Function<Run, OutputStream> target) {
        return new PrintStream(new OutputStream() {
            @Override public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override public void write(byte[] bytes, int from, int count) throws IOException {
                Run run = CURRENT.get();
                if (run == null) ERRORS.write(bytes, from, count);
                else if (run.exit == null) target.apply(run).write(bytes, from, count);
            }
        }, true, StandardCharsets.UTF_8);
    }

    static void takeOver() {
        System.setOut(stream(run -> run.out));
        System.setErr(stream(run -> run.err));
        System.setIn(new InputStream() {
            @Override public int read() throws IOException { return CURRENT.get().in.read(); }

            @Override public int read(byte[] bytes, int from, int count) throws IOException {
                return CURRENT.get().in.read(bytes, from, count);
            }
        });
        Exit.Procedure ends = (status, message) -> {
            if (message != null) System.err.println(message);
            throw CURRENT.get().end(status);
        };
        Exit.setExitProcedure(ends);
        Exit.setHaltProcedure(ends);
        Exit.setShutdownHookAdder((name, hook) -> CURRENT.get().hooks.add(hook));
    }

    static void run(Run run, String main, String[] words) {
        CURRENT.set(run);
        try {
            Class.forName(main).getMethod("main", String[].class).invoke(null, (Object) words);
            run.end(0);
        } catch (java.lang.reflect.InvocationTargetException thrown) {
            if (!(thrown.getCause() instanceof Ended)) {
                thrown.getCause().printStackTrace();
                run.end(1);
            }
        } catch (ReflectiveOperationException wrong) {
            throw new IllegalStateException(wrong);
        }
    }

    /** Runs a row once against all brokers. */
    static List<Map<String, Object>> runs(JsonNode row, List<String> addresses, List<String> folders) throws Exception {
        List<Run> runs = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < addresses.size(); number++) {
            List<String> words = new ArrayList<>();
            for (JsonNode word : row.get("words")) {
                words.add(word.asText().replace("ADDRESS", addresses.get(number))
                    .replace("FOLDER/", folders.get(number) + "/"));
            }
            Run run = new Run(row.path("input").asText(""));
            String main = row.get("main").asText();
            Thread thread = new Thread(() -> run(run, main, words.toArray(new String[0])));
            thread.setDaemon(true);
            thread.start();
            if (ALONE.contains(main) && !row.path("lasts").asBoolean()) thread.join(SECONDS * 1000L);
            runs.add(run);
            threads.add(thread);
        }
        if (row.path("lasts").asBoolean()) {
            LASTING.addAll(runs);
        } else {
            long end = System.currentTimeMillis() + SECONDS * 1000L;
            for (Thread thread : threads) thread.join(Math.max(1, end - System.currentTimeMillis()));
        }
        List<Map<String, Object>> outcomes = new ArrayList<>();
        for (int number = 0; number < runs.size(); number++) {
            outcomes.add(runs.get(number).outcome(addresses.get(number), folders.get(number)));
        }
        return outcomes;
    }

    /** Whether each prints what is waited for. */
    static boolean hasWhatIsAwaited(JsonNode row, List<Map<String, Object>> outcomes) {
        java.util.regex.Pattern awaited = java.util.regex.Pattern.compile(row.path("awaited").asText(""));
        return outcomes.stream().allMatch(outcome -> awaited.matcher("" + outcome.get("out")).find());
    }

    /** Whether a row that only tells of something is to run again. */
    static boolean isEarly(JsonNode row, List<Map<String, Object>> outcomes, int attempt) {
        return (attempt < ATTEMPTS && !isAlike(outcomes)) || (attempt < AWAITED_ATTEMPTS && !hasWhatIsAwaited(row, outcomes));
    }

    /** What tells with the naked eye whether two brokers were in the same state. */
    static boolean isAlike(List<Map<String, Object>> outcomes) {
        Set<String> shapes = new HashSet<>();
        for (Map<String, Object> outcome : outcomes) {
            String text = ("" + outcome.get("out")).replaceAll("[A-Za-z0-9_-]{22,}|localhost", " ").replaceAll("[^A-Za-z\n]+", " ");
            shapes.add(outcome.get("exit") + text);
        }
        return shapes.size() == 1;
    }

    public static void main(String[] args) throws Exception {
        PrintStream results = System.out;
        List<String> addresses = new ArrayList<>();
        List<String> folders = new ArrayList<>();
        for (String port : Arrays.asList(args).subList(2, args.length)) {
            addresses.add("127.0.0.1:" + port);
            folders.add(Files.createDirectories(Path.of(args[1], port)).toString());
        }
        takeOver();
        // With its direct encoders, Log4j writes an event into a buffer that all threads share and flushes it in a second step, in
        // which another thread may have got between: that one's line would go to this one's run. Without them both are one step.
        System.setProperty("log4j2.enable.direct.encoders", "false");
        for (JsonNode row : MAPPER.readTree(new File(args[0]))) {
            for (Iterator<Map.Entry<String, JsonNode>> files = row.path("files").fields(); files.hasNext(); ) {
                Map.Entry<String, JsonNode> file = files.next();
                for (String folder : folders) Files.writeString(Path.of(folder, file.getKey()), file.getValue().asText());
            }
            long begin = System.currentTimeMillis();
            if (row.path("ends").asBoolean()) {
                for (Run run : LASTING) run.hooks.forEach(Runnable::run);
                LASTING.clear();
            }
            List<Map<String, Object>> outcomes = runs(row, addresses, folders);
            for (int attempt = 1; row.path("reads").asBoolean() && isEarly(row, outcomes, attempt); attempt++) {
                Thread.sleep(PAUSE_MS);
                outcomes = runs(row, addresses, folders);
            }
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("ms", System.currentTimeMillis() - begin);
            line.put("outcomes", outcomes);
            results.println(MAPPER.writeValueAsString(line));
            results.flush();
        }
        Runtime.getRuntime().halt(0);
    }
}
