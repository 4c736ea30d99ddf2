// Variables of the environment that stand for configurations, as the container images of Kafka have them:
// KAFKA_LOG_DIRS, or KAFKA_CFG_LOG_DIRS, is log.dirs; two underscores are one, three a dash.
import Base

/// A configuration that a variable stands for.
struct ConfigVariable {
    let name: Name
    let key: Name
    let value: String

    /// The configurations of `variables`; of two for one key the one with KAFKA_CFG_ comes last.
    static func all(in variables: [Name: String]) -> [ConfigVariable] {
        let long: Name = "KAFKA_CFG_"
        let short: Name = "KAFKA_"
        let names = variables.keys.filter { $0.hasPrefix(short) && !isConvention($0, variables[$0] ?? "") }
        let order = names.sorted { ($0.hasPrefix(long) ? 1 : 0, $0) < ($1.hasPrefix(long) ? 1 : 0, $1) }
        return order.map { name in
            let prefix = (name.hasPrefix(long) ? long : short).utf8.count
            return ConfigVariable(
                name: name, key: key(of: Substring(name.utf8.dropFirst(prefix))), value: variables[name] ?? ""
            )
        }
    }

    private static func key(of name: Substring) -> Name {
        var key = ""
        var underscores = 0
        for character in name.lowercased() + "." {
            if character == "_" {
                underscores += 1
                continue
            }
            switch underscores {
            case 0: break
            case 1: key += "."
            case 2: key += "_"
            case 3: key += "-"
            default: key += String(repeating: ".", count: underscores)
            }
            underscores = 0
            key.append(character)
        }
        return Name(key.dropLast())
    }
}

// MARK: - What is no configuration

extension ConfigVariable {
    /// Whether a variable is one that images, and clusters that run them, set beside the configurations.
    private static func isConvention(_ name: Name, _ value: String) -> Bool {
        if conventions.contains(name) || prefixes.contains(where: { name.hasPrefix($0) }) {
            return true
        }
        // Kubernetes tells the address of a service called kafka so; as a key it would be a port's number.
        return name == "KAFKA_PORT" && JavaNumber.integer(value) == nil
    }

    /// Of the JVM and its logging, of services in Kubernetes, and of Bitnami's access to ZooKeeper.
    private static let prefixes: [Name] = [
        "KAFKA_LOG4J", "KAFKA_JMX_", "KAFKA_PORT_", "KAFKA_SERVICE_", "KAFKA_CFG_LOG4J",
        "KAFKA_ZOOKEEPER_TLS_", "KAFKA_TLS_",
    ]

    /// Of the images of Apache, Confluent, Bitnami, wurstmeister and Strimzi.
    private static let conventions = Set(
        """
        KAFKA_VERSION KAFKA_HOME KAFKA_HEAP_OPTS KAFKA_OPTS KAFKA_JVM_PERFORMANCE_OPTS KAFKA_GC_LOG_OPTS
        KAFKA_TOOLS_LOG4J_LOGLEVEL KAFKA_DEBUG KAFKA_CLASSPATH KAFKA_CLUSTER_ID KAFKA_ADVERTISED_PROTOCOL_NAME
        KAFKA_PROTOCOL_NAME KAFKA_CREATE_TOPICS KAFKA_SSL_KEYSTORE_FILENAME KAFKA_SSL_KEYSTORE_CREDENTIALS
        KAFKA_SSL_KEY_CREDENTIALS KAFKA_SSL_TRUSTSTORE_FILENAME KAFKA_SSL_TRUSTSTORE_CREDENTIALS
        KAFKA_BASE_DIR KAFKA_VOLUME_DIR KAFKA_DATA_DIR KAFKA_CONF_DIR KAFKA_CONF_FILE KAFKA_CERTS_DIR
        KAFKA_MOUNTED_CONF_DIR KAFKA_INITSCRIPTS_DIR KAFKA_DAEMON_USER KAFKA_DAEMON_GROUP
        KAFKA_ENABLE_KRAFT KAFKA_KRAFT_CLUSTER_ID KAFKA_SKIP_KRAFT_STORAGE_INIT KAFKA_INITIAL_CONTROLLERS
        KAFKA_EXTRA_FLAGS KAFKA_CLIENT_LISTENER_NAME KAFKA_CLIENT_USER KAFKA_CLIENT_USERS
        KAFKA_CLIENT_PASSWORD KAFKA_CLIENT_PASSWORDS KAFKA_INTER_BROKER_USER KAFKA_INTER_BROKER_PASSWORD
        KAFKA_CONTROLLER_USER KAFKA_CONTROLLER_PASSWORD KAFKA_CERTIFICATE_PASSWORD
        KAFKA_ZOOKEEPER_PROTOCOL KAFKA_ZOOKEEPER_USER KAFKA_ZOOKEEPER_PASSWORD KAFKA_BROKER_USER
        KAFKA_BROKER_PASSWORD KAFKA_METRICS_ENABLED
        """.split { $0 == " " || $0 == "\n" }.map { Name($0) })
}
