// Compares two replies field by field. Lists whose order the protocol leaves open are matched by their keys.
import Base
import Protocol
import TestSupport

/// One field in which two replies differ.
struct ReplayDifference {
    /// Where, without indices: `topics.partitions.errorCode`.
    let path: String
    /// Where, with the keys of the elements on the way.
    let place: String
    let recorded: JSONValue?
    let live: JSONValue?

    var field: String { path.split(separator: ".").last.map(String.init) ?? "" }
}

/// Walks through a recorded and a live reply side by side.
struct ReplayComparison {
    /// What identifies an element of a list, where it is present.
    private static let keys = [
        "name", "topic", "topicId", "partitionIndex", "partition", "nodeId", "apiKey", "index", "groupId",
        "transactionalId",
        "memberId", "key",
    ]

    private(set) var differences: [ReplayDifference] = []
    /// What the two brokers chose for the same thing.
    var translation: ReplayTranslation

    /// Compares `recorded`, already translated as far as is known, with `live`.
    mutating func compare(_ recorded: JSONValue, _ live: JSONValue, path: String = "", place: String = "") {
        switch (recorded, live) {
        case (.object(let left), .object(let right)):
            for member in left {
                let inner = (path.isEmpty ? "" : path + ".") + member.key
                let innerPlace = (place.isEmpty ? "" : place + ".") + member.key
                let other = right.first { $0.key == member.key }?.value
                note(member.value, other, inner, innerPlace)
            }
            for member in right where !left.contains(where: { $0.key == member.key }) {
                note(nil, member.value, path + "." + member.key, place + "." + member.key)
            }
        case (.array(let left), .array(let right)): compareLists(left, right, path, place)
        default:
            guard recorded != live else { return }
            note(recorded, live, path, place)
        }
    }

    private mutating func note(_ recorded: JSONValue?, _ live: JSONValue?, _ path: String, _ place: String) {
        guard recorded != live else { return }
        if let recorded, let live, recorded.isContainer, live.isContainer {
            return compare(recorded, live, path: path, place: place)
        }
        let difference = ReplayDifference(path: path, place: place, recorded: recorded, live: live)
        if let recorded, let live, translation.learn(difference.field, recorded: recorded, live: live) {
            return
        }
        if difference.field == "records", compareRecords(difference) { return }
        differences.append(difference)
    }

    private mutating func compareLists(
        _ left: [JSONValue], _ right: [JSONValue], _ path: String, _ place: String
    ) {
        let recorded = keyed(left)
        let live = keyed(right)
        let lookup = Dictionary(live, uniquingKeysWith: { first, _ in first })
        let known = Set(recorded.map(\.0))
        for (key, element) in recorded {
            if let other = lookup[key] {
                compare(element, other, path: path, place: "\(place)[\(key)]")
            } else {
                differences.append(
                    ReplayDifference(path: path, place: "\(place)[\(key)]", recorded: element, live: nil))
            }
        }
        for (key, element) in live where !known.contains(key) {
            differences.append(
                ReplayDifference(path: path, place: "\(place)[\(key)]", recorded: nil, live: element))
        }
    }

    /// Each element with what identifies it; its position where nothing does, and to tell equals apart.
    private func keyed(_ elements: [JSONValue]) -> [(String, JSONValue)] {
        var seen: [String: Int] = [:]
        return elements.map { element in
            let parts = ReplayComparison.keys.compactMap { name -> String? in
                guard let value = element[name], value != .null else { return nil }
                // A topic's id is learned from an element that its name identifies.
                if name == "topicId", element["name"] != nil || element["topic"] != nil,
                    element["name"] != .null
                {
                    return nil
                }
                // The same coordinator may be recorded before it was there.
                if name == "nodeId", element["key"] != nil { return nil }
                if name == "memberId", let text = value.text { return translation.keyOfMember(text) }
                return value.text ?? "\(value)"
            }
            let isScalar = parts.isEmpty && !element.isContainer
            let key = isScalar ? "\(element)" : parts.joined(separator: "/")
            seen[key, default: 0] += 1
            let count = seen[key] ?? 1
            return (count == 1 && !key.isEmpty ? key : "\(key)#\(count)", element)
        }
    }

    /// Whether two runs of batches are equal as far as both go; how many one reply holds depends on timing.
    private func compareRecords(_ difference: ReplayDifference) -> Bool {
        guard let left = difference.recorded?.text, let right = difference.live?.text,
            let recorded = Base64.decode(left).map(StoredBatches.split),
            let live = Base64.decode(right).map(StoredBatches.split)
        else { return false }
        guard !recorded.isEmpty, !live.isEmpty else { return recorded.isEmpty && live.isEmpty }
        return zip(recorded, live).allSatisfy {
            StoredBatches.comparable($0) == StoredBatches.comparable($1)
        }
    }
}
