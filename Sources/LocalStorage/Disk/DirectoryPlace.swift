// One directory can be named in many ways: with a slash at the end, with dots, over a link. Which of them
// mean the same is a question to the file system, not to the text.

/// A directory that is there, or is to be made.
package struct DirectoryPlace: Sendable {
    /// What there is on the way to a directory.
    struct Found: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64

        /// The numbers that the file system knows it by.
        init(device: UInt64, inode: UInt64) {
            self.device = device
            self.inode = inode
        }
    }

    /// The directory, named without empty parts and dots.
    let path: String
    /// What two names of one directory have in common.
    let identity: Identity

    struct Identity: Hashable, Sendable {
        let found: Found?
        let missing: [Substring]
    }

    /// The place that `path` names; `found` gives what is there under a path, and is asked from the root on.
    ///
    /// Without it there are no links, and names are compared as they are.
    init(_ path: String, found: ((String) -> Found?)?) {
        let parts = path.split(separator: "/").filter { $0 != "." }
        let isAbsolute = path.hasPrefix("/")
        var known = isAbsolute ? "/" : "."
        var last = found?(known)
        var there: [Substring] = []
        var missing: [Substring] = []
        for part in parts {
            let next =
                isAbsolute
                ? "/" + (there + [part]).joined(separator: "/") : (there + [part]).joined(separator: "/")
            if missing.isEmpty, let found = found?(next) {
                last = found
                known = next
                there.append(part)
            } else if part == "..", !missing.isEmpty {
                // What is not there has no links: its name alone says where it leads.
                missing.removeLast()
            } else {
                missing.append(part)
            }
        }
        let rest = missing.joined(separator: "/")
        if rest.isEmpty {
            self.path = known
        } else {
            self.path = known == "/" ? "/" + rest : known == "." ? rest : known + "/" + rest
        }
        identity = Identity(found: last, missing: missing)
    }
}
