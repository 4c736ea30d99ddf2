// `apus dump` and `apus check`: look into data directories without a broker.
import Base
import Inspection
import LocalStorage
import Storage

private let dumpUsage = """
    usage: apus dump [--json] FILE…
           Prints files of a data directory: logs with their records, indexes, snapshots, checkpoints.
    """

private let checkUsage = """
    usage: apus check DIR
           Reads every batch, index, snapshot and checkpoint of a data directory that no broker uses, and
           changes nothing. Exits with 1 if anything is damaged.
    """

/// Runs `apus dump`; returns the exit code of the process.
func dumpCommand(_ arguments: [String]) -> Int32 {
    do {
        let options = try CommandOptions(arguments, flags: ["json"])
        try options.allow(["json", "help"])
        guard !options.has("help"), !options.positional.isEmpty else {
            print(dumpUsage)
            return options.has("help") ? 0 : 2
        }
        let asJSON = options.has("json")
        for path in options.positional {
            if options.positional.count > 1, !asJSON { print("Dumping \(path)") }
            try FileDump(PosixDisk()) { line in print(asJSON ? line.json : line.text) }.dump(path)
        }
        return 0
    } catch let error as CommandError {
        complain("dump: \(error.description)")
        return error.status
    } catch {
        complain("dump: \(error)")
        return 1
    }
}

/// Runs `apus check`; returns the exit code of the process.
func checkCommand(_ arguments: [String]) -> Int32 {
    do {
        let options = try CommandOptions(arguments, flags: [])
        try options.allow(["help"])
        guard !options.has("help"), options.positional.count == 1 else {
            print(checkUsage)
            return options.has("help") ? 0 : 2
        }
        var check = DirectoryCheck(PosixDisk()) { print($0) }
        let findings = try check.check(options.positional[0])
        print(check.summary)
        return findings == 0 ? 0 : 1
    } catch let error as CommandError {
        complain("check: \(error.description)")
        return error.status
    } catch {
        complain("check: \(error)")
        return 2
    }
}
