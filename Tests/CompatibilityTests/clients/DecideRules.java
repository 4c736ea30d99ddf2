// Makes sets of access rules and questions by a seed, has Kafka's own authorizer decide each question, and prints a JSON object for
// each set; fixtures/access/README.md says what stands in it.
// java -cp 'kafka/*' DecideRules.java SEED SETS QUESTIONS

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.InetAddress;
import java.util.*;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.metrics.*;
import org.apache.kafka.common.metrics.internals.PluginMetricsImpl;
import org.apache.kafka.common.resource.*;
import org.apache.kafka.common.security.auth.*;
import org.apache.kafka.metadata.authorizer.*;
import org.apache.kafka.server.authorizer.*;

public class DecideRules {
    static final String[] NAMES = {"a", "ab", "abc", "abd", "b", "a.b", "a-b", "orders", "orders.eu", "order", "é", "è", "éa", "𝒳", "\uffee", "kafka-cluster",
        "hardcode", "x".repeat(249)};
    static final String[] PREFIXES = {"a", "ab", "abc", "or", "order", "orders.", "é", "\uffee", "𝒳", "*", "x", "x".repeat(200), "h", "b"};
    static final String[] PRINCIPALS = {"User:alice", "User:bob", "User:*", "User:ANONYMOUS", "Group:alice", "Group:*", "User:CN=a,O=b:c", "user:alice",
        "User:", ":"};
    static final String[] HOSTS = {"*", "127.0.0.1", "10.0.0.1", "0:0:0:0:0:0:0:1", "::1", "localhost"};
    static final String[] ADDRESSES = {"127.0.0.1", "10.0.0.1", "10.0.0.2", "::1"};
    static final ResourceType[] TYPES = {ResourceType.TOPIC, ResourceType.TOPIC, ResourceType.TOPIC, ResourceType.GROUP, ResourceType.CLUSTER,
        ResourceType.TRANSACTIONAL_ID, ResourceType.DELEGATION_TOKEN, ResourceType.USER};
    static final List<AclOperation> OPERATIONS = new ArrayList<>();
    static Random random;

    static <T> T pick(T[] values) { return values[random.nextInt(values.length)]; }

    static AclOperation operation() { return OPERATIONS.get(random.nextInt(OPERATIONS.size())); }

    static StandardAcl rule(boolean isNarrow) {
        boolean isPrefix = random.nextInt(3) == 0;
        String name = isPrefix ? pick(PREFIXES) : random.nextInt(5) == 0 ? "*" : pick(NAMES);
        AclOperation operation = random.nextInt(6) == 0 ? AclOperation.ALL : operation();
        return new StandardAcl(isNarrow ? ResourceType.TOPIC : pick(TYPES), name, isPrefix ? PatternType.PREFIXED : PatternType.LITERAL, pick(PRINCIPALS),
            random.nextBoolean() ? "*" : pick(HOSTS), operation,
            random.nextInt(4) == 0 ? AclPermissionType.DENY : AclPermissionType.ALLOW);
    }

    record Context(KafkaPrincipal principal, InetAddress clientAddress) implements AuthorizableRequestContext {
        public String listenerName() { return "PLAINTEXT"; }
        public SecurityProtocol securityProtocol() { return SecurityProtocol.PLAINTEXT; }
        public int requestType() { return 3; }
        public int requestVersion() { return 12; }
        public String clientId() { return "c"; }
        public int correlationId() { return 1; }
    }

    /** Mostly about something that a rule is about. */
    static List<Object> question(StandardAuthorizer authorizer, List<StandardAcl> rules) throws Exception {
        StandardAcl rule = rules.isEmpty() || random.nextInt(5) == 0 ? rule(false) : rules.get(random.nextInt(rules.size()));
        String principal = random.nextInt(4) == 0 ? pick(PRINCIPALS) : rule.principal();
        // Kafka throws if somebody is called so.
        if (principal.equals("User:*")) principal = "User:alice";
        String[] who = principal.split(":", 2);
        boolean hasAddress = Character.isDigit(rule.host().charAt(0)) && random.nextInt(4) > 0;
        Context context = new Context(new KafkaPrincipal(who[0], who[1]), InetAddress.getByName(hasAddress ? rule.host() : pick(ADDRESSES)));
        AclOperation operation = rule.operation() == AclOperation.ALL || random.nextInt(3) == 0 ? operation() : rule.operation();
        boolean isSome = random.nextInt(6) == 0;
        // Of names that begin with it, other than itself, rules for all do not hold in Kafka (GAPS.md).
        String name = isSome ? null : rule.resourceName().equals("*") ? random.nextInt(10) == 0 ? "*" : pick(NAMES)
            : rule.resourceName() + (rule.patternType() == PatternType.PREFIXED && random.nextInt(3) > 0 || random.nextInt(6) == 0 ? "z" : "");
        AuthorizationResult result = isSome ? authorizer.authorizeByResourceType(context, operation, rule.resourceType())
            : authorizer.authorize(context, List.of(new Action(operation, new ResourcePattern(rule.resourceType(), name, PatternType.LITERAL), 1, true, true)))
                .get(0);
        return Arrays.asList((int) rule.resourceType().code(), name, who[0], who[1], context.clientAddress().getHostAddress(), (int) operation.code(),
            result == AuthorizationResult.ALLOWED);
    }

    static List<Object> questions(StandardAuthorizer authorizer, Collection<StandardAcl> rules, int count) throws Exception {
        List<Object> questions = new ArrayList<>();
        for (int number = 0; number < count; number++) questions.add(question(authorizer, List.copyOf(rules)));
        return questions;
    }

    public static void main(String[] words) throws Exception {
        random = new Random(Long.parseLong(words[0]));
        for (AclOperation operation : AclOperation.values()) {
            if (operation.code() > AclOperation.ALL.code()) OPERATIONS.add(operation);
        }
        ObjectMapper mapper = new ObjectMapper();
        for (int number = 0; number < Integer.parseInt(words[1]); number++) {
            StandardAuthorizer authorizer = new StandardAuthorizer();
            boolean everyone = random.nextInt(3) == 0;
            String superUsers = random.nextInt(3) == 0 ? "User:bob; User:CN=a,O=b:c ;" : "";
            authorizer.configure(Map.of("super.users", superUsers, "allow.everyone.if.no.acl.found", "" + everyone));
            authorizer.withPluginMetrics(new PluginMetricsImpl(new Metrics(), Map.of()));
            boolean isNarrow = random.nextBoolean();
            Map<StandardAcl, Uuid> rules = new LinkedHashMap<>();
            for (int left = random.nextInt(isNarrow ? 12 : 40); left > 0; left--) rules.putIfAbsent(rule(isNarrow), Uuid.randomUuid());
            rules.forEach((rule, id) -> authorizer.addAcl(id, rule));
            authorizer.completeInitialLoad();
            List<Object> shown = new ArrayList<>();
            for (StandardAcl rule : rules.keySet()) {
                shown.add(List.of((int) rule.resourceType().code(), (int) rule.patternType().code(), rule.resourceName(), rule.principal(), rule.host(),
                    (int) rule.operation().code(), (int) rule.permissionType().code()));
            }
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("everyone", everyone);
            line.put("super", superUsers);
            line.put("rules", shown);
            line.put("asked", questions(authorizer, rules.keySet(), Integer.parseInt(words[2]) / 2));
            // Every second rule goes, and as many questions are asked again.
            int place = 0;
            for (Uuid id : rules.values()) if (place++ % 2 == 0) authorizer.removeAcl(id);
            line.put("later", questions(authorizer, rules.keySet(), Integer.parseInt(words[2]) / 2));
            System.out.println(mapper.writeValueAsString(line));
        }
    }
}
