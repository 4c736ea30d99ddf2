// What stops the broker from starting: one clear sentence on standard error, a non-zero exit, nothing changed
// on disk.
import Foundation
import Glibc
import Testing

extension Compatibility {
    @Suite("Errors at start", .disabled(if: TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct StartErrors {
        /// Starts the broker, which must refuse, and gives what it said.
        private func refusal(
            _ directory: String, port: Int? = nil, _ settings: [(String, String)] = [],
            arguments: [String]? = nil
        ) async throws -> String {
            let scratch = Scratch()
            let port = try port ?? FreePort.next()
            let words =
                arguments
                ?? TestEnvironment.brokerCommand(directory: directory, port: port, settings: settings)
            let command = try RunningCommand(
                words, outputPath: scratch.path + "/output", environment: ["SWIFT_BACKTRACE": "enable=no"])
            let status = try await command.wait(seconds: 20)
            #expect(status > 0, "ended with \(status): \(command.output)")
            return command.output
        }

        /// One sentence that a person understands, with all of `words` in it, and no trace of the program's
        /// insides.
        private func expectSentence(_ output: String, _ words: String...) {
            let lines = output.split(separator: "\n")
            #expect(lines.count == 1, "\(output)")
            for word in words { #expect(output.contains(word), "\(word) is missing in: \(output)") }
            for inside in ["Fatal error", "StartError(", "Optional(", "rawValue"] {
                #expect(!output.contains(inside), "\(output)")
            }
        }

        /// Every path below `directory` with its size and the time of its last change.
        private func inventory(_ directory: String) -> [String] {
            let names = FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
            return names.sorted().map { name in
                var status = stat()
                lstat(directory + "/" + name, &status)
                return "\(name) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
            }
        }

        private func write(_ text: String, to path: String) throws {
            let folder = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try text.write(toFile: path, atomically: false, encoding: .utf8)
        }

        @Test("a data directory that is a file, or lies below one")
        func file() async throws {
            let scratch = Scratch()
            try write("mine", to: scratch.path + "/file")
            let before = inventory(scratch.path)
            expectSentence(try await refusal(scratch.path + "/file"), scratch.path + "/file")
            expectSentence(try await refusal(scratch.path + "/file/data"), scratch.path + "/file")
            #expect(inventory(scratch.path) == before)
        }

        /// The words that run `words` as somebody who may not read everything: as nobody, if this is root.
        private func unprivileged(_ words: [String], _ scratch: Scratch) throws -> [String] {
            guard getuid() == 0 else { return words }
            // The build may lie in a folder that only root may enter.
            let program = scratch.path + "/apus"
            if !FileManager.default.fileExists(atPath: program) {
                try FileManager.default.copyItem(atPath: words[0], toPath: program)
            }
            let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"]
            return ["setpriv"] + nobody + [program] + words.dropFirst()
        }

        @Test(
            "a data directory that may not be read, entered or written",
            arguments: [mode_t(0), 0o111, 0o444, 0o555])
        func unreadable(_ mode: mode_t) async throws {
            let scratch = Scratch()
            let data = scratch.path + "/data"
            mkdir(data, 0o755)
            chmod(data, mode)
            defer { chmod(data, 0o755) }
            let port = try FreePort.next()
            let words = TestEnvironment.brokerCommand(directory: data, port: port, settings: [])
            let output = try await refusal("", arguments: try unprivileged(words, scratch))
            expectSentence(output, data, "Permission denied")
            chmod(data, 0o755)
            #expect(inventory(data) == [])
        }

        @Test(
            "a data directory on a file system for reading only",
            .enabled(if: SmallFileSystem.isPossible, "skipped: this user may not mount a small file system"))
        func readOnly() async throws {
            let disk = try SmallFileSystem(megabytes: 40)
            let data = disk.path + "/data"
            let broker = try await BrokerProcess(at: data)
            #expect(try await broker.stop() == 0)
            try disk.makeReadOnly()
            let before = inventory(data)
            expectSentence(
                try await refusal(data), "the data directory \(data) cannot be written to",
                "Read-only file system")
            expectSentence(try await refusal(disk.path + "/new"), disk.path + "/new", "Read-only file system")
            #expect(inventory(data) == before)
        }

        @Test("a data directory below one that may not be entered")
        func unreachable() async throws {
            let scratch = Scratch()
            mkdir(scratch.path + "/closed", 0)
            chmod(scratch.path + "/closed", 0)
            defer { chmod(scratch.path + "/closed", 0o755) }
            let data = scratch.path + "/closed/data"
            let words = TestEnvironment.brokerCommand(
                directory: data, port: try FreePort.next(), settings: [])
            let output = try await refusal("", arguments: try unprivileged(words, scratch))
            expectSentence(output, scratch.path + "/closed", "Permission denied")
        }

        @Test(
            "a directory of something else stays as it was",
            arguments: [
                ["photos/notes.txt": "mine"], ["PG_VERSION": "16", "base/1/1": "x"],
                // Kafka's of the time before KRaft.
                [
                    "meta.properties": "cluster.id=5L6g3nShT-eMCtK--X86sw\nbroker.id=1\nversion=0\n",
                    "t-0/00.log": "",
                ],
                ["meta.properties": "version=7\n"], ["meta.properties": "no properties at all \u{1}"],
                ["meta.properties": "broker.id=3\nversion=0\ncluster.id=abc\n"],
            ])
        func foreign(_ files: [String: String]) async throws {
            let scratch = Scratch()
            for (name, text) in files { try write(text, to: scratch.path + "/data/" + name) }
            let before = inventory(scratch.path + "/data")
            expectSentence(try await refusal(scratch.path + "/data"), scratch.path + "/data")
            #expect(inventory(scratch.path + "/data") == before)
        }

        @Test("a port that somebody listens on")
        func port() async throws {
            try await withBroker { other in
                let scratch = Scratch()
                expectSentence(try await refusal(scratch.path + "/data", port: other.port), "\(other.port)")
                #expect(!FileManager.default.fileExists(atPath: scratch.path + "/data"))
            }
        }

        @Test("a data directory that another broker serves")
        func locked() async throws {
            try await withBroker { other in
                let before = inventory(other.directory)
                expectSentence(try await refusal(other.directory), other.directory)
                #expect(inventory(other.directory) == before)
            }
        }

        @Test(
            "a configuration value that makes no sense is named with its key",
            arguments: [
                ("num.partitions", "many"), ("num.partitions", "0"), ("log.segment.bytes", "-5"),
                ("auto.create.topics.enable", "perhaps"), ("advertised.listeners", "nowhere"),
                ("compression.type", "rar"), ("num.io.threads", "many"),
                ("max.connections.per.ip.overrides", "nonsense"),

                ("group.consumer.migration.policy", "sideways"), ("compression.gzip.level", "0"),
                ("socket.request.max.bytes", "99999999999999999999"),
            ])
        func badValue(_ key: String, _ value: String) async throws {
            let scratch = Scratch()
            expectSentence(try await refusal(scratch.path + "/data", [(key, value)]), key, value)
            #expect(!FileManager.default.fileExists(atPath: scratch.path + "/data"))
        }

        @Test(
            "protection that there is not is named with its key, instead of serving everybody",
            arguments: [
                (
                    ["listeners=SASL_PLAINTEXT://127.0.0.1:PORT"],
                    ["listeners", "SASL_PLAINTEXT", "everybody would be served"]
                ),
                (
                    ["listeners=A://127.0.0.1:PORT", "listener.security.protocol.map=A:SASL_SSL"],
                    ["listener.security.protocol.map", "A://", "SASL_SSL"]
                ),
                (["listeners=SSL://127.0.0.1:PORT"], ["listeners", "SSL", "not encrypted"]),
                (
                    ["security.inter.broker.protocol=SSL"],
                    ["inter.broker.listener.name", "currently configured listeners are PLAINTEXT"]
                ),
                (
                    ["authorizer.class.name=com.example.Authorizer"],
                    ["authorizer.class.name", "StandardAuthorizer"]
                ),
                (["super.users=alice"], ["super.users", "User:alice"]),
                (["create.topic.policy.class.name=com.example.Policy"], ["create.topic.policy.class.name"]),
                (["alter.config.policy.class.name=com.example.Policy"], ["alter.config.policy.class.name"]),
                (["principal.builder.class=com.example.Builder"], ["principal.builder.class"]),
                (["client.quota.callback.class=com.example.Quotas"], ["client.quota.callback.class"]),
                (["max.connection.creation.rate=5"], ["max.connection.creation.rate"]),
                (["listener.name.plaintext.max.connections=5"], ["listener.name.plaintext.max.connections"]),
                (["cordoned.log.dirs=*"], ["cordoned.log.dirs"]),
                (
                    ["config.providers=file", "log.retention.ms=${file:/etc/secrets:ms}"],
                    ["config.providers", "log.retention.ms"]
                ),
            ])
        func protection(_ settings: [String], _ words: [String]) async throws {
            let scratch = Scratch()
            let port = try FreePort.next()
            let output = try await refusal(
                "",
                arguments: [TestEnvironment.apus, "serve", "--data", scratch.path + "/data"]
                    + settings.flatMap { ["--set", $0.replacingOccurrences(of: "PORT", with: "\(port)")] })
            #expect(output.split(separator: "\n").count == 1, "\(output)")
            for word in words { #expect(output.contains(word), "\(word) is missing in: \(output)") }
            #expect(!FileManager.default.fileExists(atPath: scratch.path + "/data"))
        }

        @Test("a file with an escape that is none is refused with its line")
        func badFile() async throws {
            let scratch = Scratch()
            try write("num.partitions=1\nlog.dirs=C:\\users\n", to: scratch.path + "/broken.properties")
            let output = try await refusal(
                "",
                arguments: [
                    TestEnvironment.apus, "serve", "--config", scratch.path + "/broken.properties", "--data",
                    scratch.path + "/data",
                ])
            expectSentence(output, scratch.path + "/broken.properties", "line 2", "\\u")
            #expect(!FileManager.default.fileExists(atPath: scratch.path + "/data"))
        }

        @Test("a configuration file that is not there, an option and a command that do not exist")
        func badCommandLine() async throws {
            let scratch = Scratch()
            let apus = TestEnvironment.apus
            let data = ["--data", scratch.path + "/data"]
            for words in [
                ["serve", "--config", scratch.path + "/none"] + data, ["serve", "--nonsense"] + data,
                ["serve", "--set", "no-equals-sign"] + data, ["srve"],
                ["serve", "--listen", "nowhere"] + data,
            ] {
                let output = try await refusal("", arguments: [apus] + words)
                #expect(output.split(separator: "\n").count <= 2 && output.count > 10, "\(words): \(output)")
            }
            #expect(!FileManager.default.fileExists(atPath: scratch.path + "/data"))
        }

        @Test("an unknown key is named in the log, not ignored")
        func unknownKey() async throws {
            try await withBroker([("no.such.key", "1")]) { broker in
                #expect(broker.log.contains("no.such.key"))
            }
        }

        @Test(
            "a full disk leaves the directory as it was",
            .enabled(if: SmallFileSystem.isPossible, "skipped: this user may not mount a small file system"))
        func fullDisk() async throws {
            let scratch = Scratch()
            let disk = scratch.path + "/disk"
            mkdir(disk, 0o755)
            try await run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk])
            let file = open(disk + "/filler", O_WRONLY | O_CREAT, 0o644)
            let zeros = [UInt8](repeating: 0, count: 65_536)
            while Glibc.write(file, zeros, zeros.count) > 0 {}
            close(file)
            let before = inventory(disk)
            let output = try await refusal(disk + "/data")
            expectSentence(output, disk + "/data")
            #expect(inventory(disk).filter { $0 != "data" && !$0.hasPrefix("data ") } == before)
            try await run(["umount", disk])
        }
    }
}
