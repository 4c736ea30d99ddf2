// meta.properties: which cluster, node and directory the files belong to, in the form that Kafka reads. A
// line of our own tells that Apus wrote it; Kafka ignores the line.
package import Base
package import Storage

/// The identity of a log directory.
package struct MetaProperties: Equatable, Sendable {
    /// The name of the file in a log directory.
    package static let fileName = "meta.properties"
    /// The id of the cluster, any text.
    package var clusterID: Name
    /// The number of the broker.
    package var nodeID: Int32
    /// The id of this directory (KIP-858); Kafka before 3.7 gave none, which is read as zero.
    package var directoryID: UUID
    /// Which Apus wrote the file; nil if Kafka did.
    var writerVersion: String?

    /// The identity of a directory.
    package init(clusterID: Name, nodeID: Int32, directoryID: UUID, writerVersion: String?) {
        self.clusterID = clusterID
        self.nodeID = nodeID
        self.directoryID = directoryID
        self.writerVersion = writerVersion
    }

    /// Reads the file, which is one of Java's properties.
    package init(reading bytes: [UInt8], path: String) throws(StorageError) {
        func fail(_ reason: String) -> StorageError { .corrupt(path: path, position: 0, reason: reason) }
        let values: [Name: String]
        do throws(Properties.Malformed) {
            values = Dictionary(
                try Properties.parse(bytes).map { (Name($0.key), $0.value) }, uniquingKeysWith: { $1 })
        } catch {
            throw fail(error.description)
        }
        guard values["version"] == "1" else { throw fail("its version is not 1") }
        guard let cluster = values["cluster.id"], !cluster.isEmpty else {
            throw fail("cluster.id is missing")
        }
        guard let node = values["node.id"].flatMap({ Int32($0) }) else {
            throw fail("node.id is missing or no number")
        }
        let directory = values["directory.id"].map { UUID($0) } ?? .zero
        guard let directory else { throw fail("directory.id is no id") }
        self.init(
            clusterID: Name(cluster), nodeID: node, directoryID: directory,
            writerVersion: values["apus.version"])
    }

    /// The text of the file.
    package var bytes: [UInt8] {
        var text = "# Written by Apus; the format is that of Apache Kafka.\n"
        if let writerVersion { text += "apus.version=\(writerVersion)\n" }
        text += "cluster.id=\(clusterID)\ndirectory.id=\(directoryID)\nnode.id=\(nodeID)\nversion=1\n"
        return Array(text.utf8)
    }
}
