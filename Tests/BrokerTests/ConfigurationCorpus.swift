// The configurations of `fixtures/configurations`, as files and as the environments of containers.
import Base
import Foundation
import Testing

@testable import Broker

/// One configuration of the corpus, and what Kafka made of it.
struct CorpusConfiguration: CustomTestStringConvertible, Sendable {
    /// `stock/…` or `compose/…`.
    let name: String
    let starts: Bool
    let message: String
    /// What Kafka's Metadata told clients of each listener, `THIS-MACHINE` where no host is configured.
    let advertised: [Name: String]

    var testDescription: String { name }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../fixtures/configurations").standardized

    static let all: [CorpusConfiguration] = {
        let text = (try? Data(contentsOf: folder.appending(path: "corpus.jsonl"))) ?? Data()
        return text.split(separator: UInt8(ascii: "\n"))
            .compactMap { try? JSONValue(parsing: Array($0)) }.map(CorpusConfiguration.init)
    }()

    private init(_ object: JSONValue) {
        name = object["name"]?.text ?? ""
        starts = object["verdict"]?.text != "exits"
        message = object["message"]?.text ?? ""
        var told: [Name: String] = [:]
        if case .object(let members)? = object["advertised"] {
            for member in members { told[Name(member.key)] = member.value.text }
        }
        advertised = told
    }

    /// The configuration as the program reads it.
    func loader() throws -> BrokerConfigLoader {
        var loader = BrokerConfigLoader()
        let isFile = name.hasPrefix("stock")
        let file = Self.folder.appending(path: name + (isFile ? ".properties" : ".env"))
        let bytes = Array(try Data(contentsOf: file))
        if isFile {
            for (key, value) in try Properties.parse(bytes) { loader.add(Name(key), value, from: .file) }
        } else {
            var variables: [Name: String] = [:]
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.first != "#"
            {
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                variables[Name(parts[0])] = String(parts[1])
            }
            loader.addEnvironment(variables)
        }
        return loader
    }
}
