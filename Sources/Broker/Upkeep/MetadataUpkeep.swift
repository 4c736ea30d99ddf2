// Snapshots of the metadata log follow from what was written to it, as all upkeep does.
internal import Base
internal import Storage

/// Has snapshots written.
enum MetadataUpkeep {
    /// After something was written the keeper looks within this time whether a snapshot is due.
    private static let lookInterval = Duration.seconds(60)

    /// Adds the job to `scheduler`, and has the flusher of the metadata log's directory request it.
    static func begin(
        _ keeper: MetadataSnapshotKeeper, of directory: any StoragePlace, on scheduler: UpkeepScheduler
    ) {
        let job = scheduler.add { keeper.run() }
        let interval = min(lookInterval, keeper.interval)
        directory.afterWrites { scheduler.request(job, within: interval) }
        // For what earlier runs wrote.
        scheduler.request(job, within: interval)
    }
}

extension MetadataSnapshotLimits {
    /// What the configuration asks for.
    init(_ settings: BrokerSettings) {
        bytesBetween = settings.metadataSnapshotBytes
        intervalMilliseconds = settings.metadataSnapshotMilliseconds
        retentionBytes = settings.metadataRetentionBytes
        retentionMilliseconds = settings.metadataRetentionMilliseconds
    }
}
