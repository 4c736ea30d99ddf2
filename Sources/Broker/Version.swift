/// The version of Apus, as `apus version` prints it and `meta.properties` records it.
package enum Version {
    /// Semantic version.
    package static let current = "0.1.0"
    /// The release of Apache Kafka whose behaviour and formats are followed.
    package static let kafka = "4.3"
}
