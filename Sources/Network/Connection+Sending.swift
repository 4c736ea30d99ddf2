// How a connection sends: everything that is ready is gathered into the loop's shared area, files included,
// and leaves with one call.
import Base
import Glibc

extension Connection {
    /// Sends what is ready until the socket is full or the turn's share is used up.
    func flush() {
        guard !isBlocked, registration != nil else { return }
        if secured != nil { return flushSecured() }
        guard !isReadingCold else { return }
        var bytesLeft = context.limits.sendBytesPerTurn
        let area = unsafe loop.scratch.output
        while true {
            let wanted: Int
            let transfer: Transfer
            switch unsafe outbound.gather(into: area, fileBytes: filePieceBytes) {
            case .nothing: return
            case .bytes(let count):
                wanted = count
                unsafe transfer = socket.send(UnsafeRawBufferPointer(rebasing: area[..<count]))
            case .large:
                (wanted, transfer) = sendLarge()
            case .cold(let source, let position, let length): return readCold(source, position, length)
            case .failed(let reason): return close(reason)
            }
            guard case .moved(let count) = transfer else { return sendingStopped(transfer) }
            outbound.sent(count)
            if outbound.hasReady { noteMoved(count) } else { noteProgress() }
            if count < wanted {
                isBlocked = true
                filePieceBytes = max(64 << 10, min(filePieceBytes, count * 2))
                return
            }
            if count >= filePieceBytes { filePieceBytes = min(filePieceBytes * 2, LoopBuffers.outputBytes) }
            bytesLeft -= count
            if bytesLeft <= 0, outbound.hasReady { return takeAnotherTurn() }
        }
    }

    private func sendLarge() -> (wanted: Int, Transfer) {
        var wanted = 0
        let transfer = unsafe outbound.withNextBytes { bytes in
            wanted = bytes.count
            return unsafe socket.send(bytes)
        }
        return (wanted, transfer)
    }

    private func sendingStopped(_ transfer: Transfer) {
        switch transfer {
        case .wouldWait, .moved: isBlocked = true
        case .ended: close(.peerClosed)
        case .failed(let errno): close(.failed(errno: errno))
        }
    }

    /// Has the pool read what is not in memory; sending goes on with that.
    private func readCold(_ source: any ByteRangeSource, _ position: Int64, _ length: Int) {
        isReadingCold = true
        coldTimer = loop.schedule(after: context.limits.sourceTimeout) { [weak self] in
            self?.assumeIsolated {
                $0.coldTimer = nil
                $0.close(.sourceFailed(errno: ETIMEDOUT))
            }
        }
        let wanted = min(length, filePieceBytes)
        context.pool.run(for: loop) {
            var result = ByteRangeRead.wouldWait
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { area, count in
                result = unsafe source.read(
                    into: UnsafeMutableRawBufferPointer(area), at: position, mayWait: true)
                if case .read(let got) = result { count = got }
            }
            return (bytes, result)
        } then: { [self] (read: ([UInt8], ByteRangeRead)) in
            assumeIsolated { $0.coldReadEnded(read.0, read.1) }
        }
    }

    private func coldReadEnded(_ bytes: [UInt8], _ result: ByteRangeRead) {
        isReadingCold = false
        if let coldTimer { loop.cancel(coldTimer) }
        coldTimer = nil
        guard registration != nil else { return }
        switch result {
        case .read(let count) where count > 0: outbound.prefetch(bytes)
        case .read: close(.sourceEnded)
        // A source that may wait and says it would has broken its promise; trying again might never end.
        case .wouldWait: close(.sourceEnded)
        case .failed(let errno): close(.sourceFailed(errno: errno))
        }
        takeTurnSoon()
    }

    /// The same through the security layer: bytes count as sent when they are sealed, and no more is sealed
    /// before those have left.
    private func flushSecured() {
        guard var stream = secured else { return }
        secured = nil
        defer { secured = stream }
        let area = unsafe loop.scratch.output
        var bytesLeft = context.limits.sendBytesPerTurn
        while true {
            while stream.sentBytes < stream.outgoing.count {
                let transfer = unsafe stream.outgoing.withUnsafeBytes {
                    unsafe socket.send(UnsafeRawBufferPointer(rebasing: $0[stream.sentBytes...]))
                }
                guard case .moved(let count) = transfer else { return sendingStopped(transfer) }
                stream.sent(count)
                noteMoved(count)
            }
            guard !isReadingCold, !stream.isParked else { return }
            if bytesLeft <= 0, outbound.hasReady { return takeAnotherTurn() }
            guard let count = unsafe seal(&stream, from: area) else { return }
            bytesLeft -= count
        }
    }

    /// Seals the next piece of plain bytes; nil when there is none.
    private func seal(_ stream: inout SecuredStream, from area: UnsafeMutableRawBufferPointer) -> Int? {
        do {
            switch unsafe outbound.gather(into: area, fileBytes: filePieceBytes) {
            case .nothing: return nil
            case .bytes(let count):
                let plain = unsafe UnsafeRawBufferPointer(rebasing: area[..<count]).bytes
                try stream.layer.seal(plain, outgoing: &stream.outgoing)
                outbound.sent(count)
                return count
            case .large:
                let count = try outbound.sealNextBytes(by: stream.layer, into: &stream.outgoing)
                outbound.sent(count)
                return count
            case .cold(let source, let position, let length): readCold(source, position, length)
            case .failed(let reason): close(reason)
            }
        } catch {
            close(.security(error.reason))
        }
        return nil
    }
}
