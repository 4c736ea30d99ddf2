// Changing what the metadata says beside topics and configurations (quotas, users, features): decided against
// what there is, and durable in the metadata log.
internal import Base
internal import Protocol

/// What a wish comes to.
struct MetadataAlteration<Result: Sendable> {
    /// What is written.
    var records: [MetadataRecord]
    /// What whoever asked is told once it is durable.
    var result: Result
    /// What others are told before.
    var news: ConfigurationNews?
}

extension TopicCatalog {
    /// Has `decide` look at the metadata, which nobody changes meanwhile, and writes what it wants, all of it
    /// at once; with `validateOnly` nothing.
    ///
    /// `done` gets its result, or why none of it was done.
    func alter<Value: Sendable>(
        validateOnly: Bool, _ decide: @escaping @Sendable (MetadataImage) -> MetadataAlteration<Value>,
        then done: @escaping @Sendable (Result<Value, Refusal>) -> Void
    ) {
        add(
            .alter { [self] in
                let alteration = decide(metadata.image)
                guard alteration.records.count <= CreationLimits.recordsMax else {
                    return done(.failure(.tooManyRecordsAtOnce))
                }
                if !validateOnly, !alteration.records.isEmpty {
                    do throws(MetadataError) { try metadata.append(alteration.records) } catch {
                        return done(
                            .failure(Refusal(code: .kafkaStorageError, message: error.description)))
                    }
                    notePosition()
                    if let news = alteration.news { tellConfigured(news) }
                }
                done(.success(alteration.result))
            })
    }
}
