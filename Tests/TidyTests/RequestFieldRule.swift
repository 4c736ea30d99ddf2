// Every field of a request that is served is read by somebody, or stands in a table with the reason why not:
// a field that is parsed and forgotten is a promise to the client that nobody keeps.

/// Compares the fields of requests with what reads them.
struct RequestFieldRule {
    /// A field that nobody reads.
    struct Unread: Hashable {
        let request: String
        let field: String
    }

    /// The fields that are not read, each with its reason.
    static let unread: [Unread: String] = [
        Unread(request: "ProduceRequest", field: "timeoutMs"): patience,
        Unread(request: "FetchRequest", field: "clusterID"): replicas,
        Unread(request: "FetchRequest", field: "replicaID"): replicas,
        Unread(request: "FetchRequest", field: "replicaState"): replicas,
        Unread(request: "FetchRequest", field: "replicaEpoch"): replicas,
        Unread(request: "FetchRequest", field: "replicaDirectoryID"): replicas,
        Unread(request: "FetchRequest", field: "logStartOffset"): replicas,
        Unread(request: "FetchRequest", field: "rackID"): "all replicas of a partition are on one node",
        Unread(request: "ListOffsetsRequest", field: "replicaID"): replicas,
        Unread(request: "ListOffsetsRequest", field: "timeoutMs"): "for tiered storage, which there is not",
        Unread(request: "OffsetForLeaderEpochRequest", field: "replicaID"): replicas,
        Unread(request: "OffsetCommitRequest", field: "commitTimestamp"):
            "of v1 alone: offsets are as old as their commit",
        Unread(request: "DeleteRecordsRequest", field: "timeoutMs"): patience,
        Unread(request: "InitProducerIdRequest", field: "enable2Pc"): twoPhases,
        Unread(request: "InitProducerIdRequest", field: "keepPreparedTxn"): twoPhases,
        Unread(request: "CreateDelegationTokenRequest", field: "renewers"): tokens,
        Unread(request: "CreateDelegationTokenRequest", field: "maxLifetimeMs"): tokens,
        Unread(request: "RenewDelegationTokenRequest", field: "hmac"): tokens,
        Unread(request: "RenewDelegationTokenRequest", field: "renewPeriodMs"): tokens,
        Unread(request: "ExpireDelegationTokenRequest", field: "hmac"): tokens,
        Unread(request: "ExpireDelegationTokenRequest", field: "expiryTimePeriodMs"): tokens,
        Unread(request: "DescribeDelegationTokenRequest", field: "owners"): tokens,
        Unread(request: "DescribeDelegationTokenRequest", field: "principalType"): tokens,
        Unread(request: "DescribeDelegationTokenRequest", field: "principalName"): tokens,
        Unread(request: "UpdateFeaturesRequest", field: "timeoutMs"): patience,
        Unread(request: "UpdateFeaturesRequest", field: "allowDowngrade"):
            "of v0 alone: Kafka's broker passes it on to a controller that does not read it",
        Unread(request: "AddRaftVoterRequest", field: "timeoutMs"): "nobody is waited for",
        Unread(request: "AddRaftVoterRequest", field: "ackWhenCommitted"): "nothing is committed",
        Unread(request: "ListPartitionReassignmentsRequest", field: "timeoutMs"):
            "nothing is looked up that would take time",
        Unread(request: "DescribeClusterRequest", field: "includeFencedBrokers"): "no broker is ever fenced",
    ]
    private static let twoPhases = "of a version that Kafka has not released (KIP-939)"
    private static let tokens = "nobody gets a token without authentication"
    private static let replicas = "for brokers that follow others; clients say that they are none"
    private static let patience = "for replicas; waits for this broker's own disk have one limit (DiskWait)"

    private let tree: SourceTree

    init(tree: SourceTree) { self.tree = tree }

    func check(_ table: [Unread: String] = Self.unread) -> [String] {
        let found = unreadFields()
        return found.subtracting(table.keys).map {
            "\($0.request).\($0.field) is parsed, and nothing reads it: read it, or give the reason in "
                + "RequestFieldRule"
        }.sorted()
            + Set(table.keys).subtracting(found).map {
                "\($0.request).\($0.field) is read, or gone: its row in RequestFieldRule is not true any more"
            }.sorted()
    }

    /// The fields of all served requests that no file reads which speaks of the request.
    func unreadFields() -> Set<Unread> {
        let handlers = "Sources/Broker/Handlers/"
        let numbers = tree.files.filter { $0.path.hasPrefix(handlers) }.map { $0.name.prefix(3) }
        let messages = tree.files.filter {
            $0.path.hasPrefix("Sources/Protocol/Messages/") && numbers.contains($0.name.prefix(3))
        }
        let readers = tree.files.filter {
            $0.path.hasPrefix("Sources/Broker/") || $0.path.hasPrefix("Sources/Coordinator/")
        }
        var unread: Set<Unread> = []
        for file in messages {
            for (request, fields) in Self.requests(in: file) {
                let read = readers.filter { $0.code.contains { $0.contains(request) } }
                    .reduce(into: Set<String>()) { $0.formUnion(Self.propertiesRead(in: $1)) }
                for field in fields where !read.contains(field) {
                    unread.insert(Unread(request: request, field: field))
                }
            }
        }
        return unread
    }

    /// The requests that a file declares, with the names of their fields, those of inner structures too.
    static func requests(in file: SourceFile) -> [(request: String, fields: [String])] {
        var found: [(request: String, fields: [String])] = []
        var isInside = false
        for line in file.code {
            let words = line.split(separator: " ").map(String.init)
            if line.hasPrefix("package struct "), line.contains(": RequestMessage"), words.count > 2 {
                found.append((String(words[2].prefix { $0 != ":" }), []))
                isInside = true
            } else if line.hasPrefix("}") {
                isInside = false
            } else if isInside, words.count > 2, words[0] == "package", words[1] == "var" {
                found[found.count - 1].fields.append(String(words[2].prefix { $0 != ":" }))
            }
        }
        return found
    }

    /// The names that follow a dot or a key path's backslash and are not assigned to.
    static func propertiesRead(in file: SourceFile) -> Set<String> {
        var found: Set<String> = []
        for line in file.code {
            let parts = line.split(separator: ".", omittingEmptySubsequences: false).dropFirst()
            for part in parts {
                let name = part.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                let rest = part.dropFirst(name.count).drop { $0 == " " }
                let isAssigned = rest.hasPrefix("=") && !rest.hasPrefix("==")
                if !isAssigned { found.insert(String(name)) }
            }
        }
        return found
    }
}
