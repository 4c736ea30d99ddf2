// A look at the metadata log before anything in the directory is changed: one that belongs to a cluster of
// several brokers, or that a later version wrote, is left as it is.
internal import Base
internal import Records
internal import Storage

/// Finds out whether this version can serve a metadata log.
enum MetadataInspection {
    /// Throws, with one sentence, if the log `partition` of `storage` is not for a broker `nodeID` of this
    /// version; a log that is not there is fine.
    static func check(
        _ partition: TopicPartition, of storage: LogDirectory, nodeID: Int32
    ) throws(StartError) {
        var image = MetadataImage()
        var obstacle: String?
        do throws(StorageError) {
            try storage.peek(at: partition) { batch in
                if !batch.header.attributes.isControl, obstacle == nil {
                    obstacle = apply(batch, to: &image)
                }
            }
        } catch {
            throw StartError(error.description)
        }
        guard let obstacle = obstacle ?? self.obstacle(in: image, nodeID: nodeID) else { return }
        throw StartError("the data directory \(storage.path) was left untouched: \(obstacle)")
    }

    /// Damage is no obstacle here: replaying the log, which comes next, finds and names it.
    private static func apply(_ batch: borrowing RecordBatch, to image: inout MetadataImage) -> String? {
        guard let records = try? batch.records(limitBytes: MetadataLog.batchBytesMax) else { return nil }
        for record in records {
            guard let value = record.value else { continue }
            do throws(MetadataRecord.Unreadable) {
                image.apply(try unsafe MetadataRecord(reading: value.span.bytes))
            } catch .newerFormat(let type, let version) {
                return "its metadata log holds records of type \(type) in version \(version), which a later "
                    + "version of Apus or Kafka wrote; start that one"
            } catch {
                return nil
            }
        }
        return nil
    }

    private static func obstacle(in image: MetadataImage, nodeID: Int32) -> String? {
        for feature in Features.supported {
            guard let level = image.features[feature.name], level > feature.levels.upperBound else {
                continue
            }
            return "its \(feature.name) is \(level), and this version of Apus knows levels up to "
                + "\(feature.levels.upperBound); start a later version"
        }
        let others = image.registeredBrokers.subtracting([nodeID]).sorted()
        guard !others.isEmpty else { return nil }
        let names = others.map(String.init).joined(separator: ", ")
        return "its metadata log registers other brokers (\(names)) than this one, node.id \(nodeID), and "
            + "Apus is the only broker of its cluster; set node.id, or choose another directory"
    }
}
