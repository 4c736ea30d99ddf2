// What holds of the journal whenever no turn is under way.
internal import Base

extension Journal {
    /// Compares the two areas with each other and with what is in them.
    func checkInvariants() throws(InvariantViolation) {
        try state.withLock { (state) throws(InvariantViolation) in
            try state.checkInvariants(areaBytes: areaBytes)
        }
    }
}

extension Journal.State {
    func checkInvariants(areaBytes: Int) throws(InvariantViolation) {
        for area in areas {
            try invariant(
                area.end >= 0 && area.end <= areaBytes && area.end % JournalLimits.blockBytes == 0,
                "an area of \(areaBytes) bytes ends at \(area.end)")
            for (key, member) in area.members {
                try invariant(
                    member.incarnation <= incarnation, "\(key) has an incarnation that was never given out")
            }
        }
        guard file != nil, failure == nil else { return }
        try invariant(!areas[current].isFree, "entries are written to an area that counts as free")
        try invariant(
            areas[1 - current].isFree || areas[1 - current].generation < areas[current].generation,
            "the area that waits for its segments is not the older one")
    }
}
