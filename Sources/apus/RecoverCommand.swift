// `apus recover`: makes a data directory that was not stopped cleanly one that Apache Kafka starts on.
internal import Base
internal import LocalStorage
internal import Storage

private let recoverUsage = """
    apus recover DIR…

      Writes what only the journal of Apus holds into the logs of each data directory, and removes the
      journal. Apus itself does so at each start; Apache Kafka needs it done before it can start on a
      directory that Apus was not stopped cleanly on.
    """

/// Replays the journals of the directories; returns the exit status.
func recoverCommand(_ arguments: [String]) -> Int32 {
    if arguments.contains("--help") || arguments.contains("-h") {
        print(recoverUsage)
        return 0
    }
    guard !arguments.isEmpty else {
        complain("recover needs the path of a data directory; `apus recover --help` says more")
        return 2
    }
    var status: Int32 = 0
    for path in arguments {
        do throws(StorageError) {
            let recovered = try LogDirectories.recover(path, disk: PosixDisk(), logger: Logger())
            print("\(path): \(recovered ? "the journal was replayed and removed" : "there is no journal")")
        } catch {
            complain(error.description)
            status = 1
        }
    }
    return status
}
