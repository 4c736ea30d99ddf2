// What the configuration says of upkeep, in the words of an engine.
internal import Base
internal import Storage

extension UpkeepSettings {
    /// What the configuration asks for.
    init(_ settings: BrokerSettings) {
        self.init()
        checkpointInterval = .milliseconds(settings.checkpointMilliseconds)
        producerExpiryInterval = .milliseconds(settings.producerExpirationCheckMilliseconds)
        retentionInterval = .milliseconds(settings.retentionCheckMilliseconds)
        compaction = settings.cleanerEnabled && settings.cleanerThreads > 0 ? .init(settings) : nil
    }
}

extension CompactionSettings {
    /// What the configuration asks for.
    init(_ settings: BrokerSettings) {
        self.init()
        backoff = .milliseconds(settings.cleanerBackoffMilliseconds)
        bytesPerSecond = settings.cleanerBytesPerSecond
        mapBytes = Int(clamping: min(settings.cleanerMapBytes, settings.cleanerMapBytesMax))
        mapLoad = max(0.01, settings.cleanerMapLoad)
    }
}
