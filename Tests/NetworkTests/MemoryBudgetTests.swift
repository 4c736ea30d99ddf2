// The budget by itself: who gets memory, in which order, and that all of it comes back.
import Base
import Testing

@testable import Network

private let shares = MemoryShares(largeBytes: 64 << 20)

private func holder(_ text: String) throws -> MemoryHolder {
    MemoryHolder(try #require(SocketAddress.Host(text)))
}

/// Leases that were granted, by the number of their wish.
private final class Grants: Sendable {
    private let granted = Lock<[(number: Int, lease: MemoryLease)]>([])
    var numbers: [Int] { granted.withLock { $0.map(\.number) } }

    func wish(_ number: Int, _ bytes: Int, for holder: MemoryHolder, of budget: MemoryBudget) -> MemoryWish? {
        budget.whenLeased(bytes, as: .request, for: holder) { lease in
            guard let lease else { return }
            self.granted.withLock { $0.append((number, lease)) }
        }
    }

    func giveBack(_ number: Int) {
        let leases = granted.withLock { granted in
            let leases = granted.filter { $0.number == number }
            granted.removeAll { $0.number == number }
            return leases
        }
        withExtendedLifetime(leases) {}
    }
}

@Test("the address that holds least is served first, and nobody overtakes within an address")
func fairOrder() throws {
    let budget = MemoryBudget(shares)
    let (greedy, modest) = (try holder("10.0.0.1"), try holder("10.0.0.2"))
    let grants = Grants()
    // The first two fill a quarter, which is what one address may have in pieces.
    _ = grants.wish(1, 8 << 20, for: greedy, of: budget)
    _ = grants.wish(2, 8 << 20, for: greedy, of: budget)
    _ = grants.wish(3, 8 << 20, for: greedy, of: budget)
    let fourth = grants.wish(4, 5 << 20, for: greedy, of: budget)
    #expect(grants.numbers == [1, 2])
    _ = grants.wish(5, 48 << 20, for: modest, of: budget)
    #expect(grants.numbers == [1, 2, 5], "another address finds what is left, also in one piece")
    _ = grants.wish(6, 6 << 20, for: modest, of: budget)
    grants.giveBack(1)
    #expect(grants.numbers == [2, 5, 3])
    grants.giveBack(5)
    #expect(grants.numbers == [2, 3, 6])
    grants.giveBack(2)
    #expect(grants.numbers == [3, 6, 4])
    fourth?.cancel()
    for number in 3...6 { grants.giveBack(number) }
    #expect(budget.usedBytes == 0)
    #expect(!budget.isUnderPressure)
}

@Test("a large wish is not overtaken for ever by smaller ones of its kind")
func largeWishIsServed() throws {
    let budget = MemoryBudget(shares)
    let grants = Grants()
    var running: [Int] = []
    let address = try (1...9).map { try holder("10.0.0.\($0)") }
    for number in 1...8 {
        _ = grants.wish(number, 8 << 20, for: address[number - 1], of: budget)
        running.append(number)
    }
    _ = grants.wish(100, 60 << 20, for: address[8], of: budget)
    for number in 9...40 where !grants.numbers.contains(100) {
        _ = grants.wish(number, 8 << 20, for: address[number % 8], of: budget)
        if let first = grants.numbers.first { grants.giveBack(first) }
    }
    #expect(grants.numbers.contains(100))
}

@Test("a wish that is taken back is never granted, and makes room for those behind it")
func cancelledWish() throws {
    let budget = MemoryBudget(shares)
    let (first, second) = (try holder("10.0.0.1"), try holder("10.0.0.2"))
    let grants = Grants()
    _ = grants.wish(1, 40 << 20, for: first, of: budget)
    let cancelled = try #require(grants.wish(2, 60 << 20, for: second, of: budget))
    _ = grants.wish(3, 8 << 20, for: second, of: budget)
    #expect(grants.numbers == [1])
    #expect(budget.isUnderPressure)
    cancelled.cancel()
    #expect(grants.numbers == [1, 3])
    #expect(!budget.isUnderPressure)
    cancelled.cancel()
    grants.giveBack(1)
    grants.giveBack(3)
    #expect(budget.usedBytes == 0)
}

@Test("addresses of one IPv6 network count as one, addresses of IPv4 each for themselves")
func holders() throws {
    #expect(try holder("2001:db8::1") == holder("2001:db8::ffff:1"))
    #expect(try holder("2001:db8::1") != holder("2001:db8:0:1::1"))
    #expect(try holder("10.0.0.1") != holder("10.0.0.2"))
    #expect(try holder("::ffff:10.0.0.1") == holder("10.0.0.1"))
}

@Test("a broker that stops lets nobody wait for what peers hold, and goes on with work that needs no peer")
func stopping() throws {
    let budget = MemoryBudget(shares)
    let address = try holder("10.0.0.1")
    let held = budget.lease(60 << 20, as: .request, for: address)
    let answers = Lock<[Bool]>([])
    _ = budget.whenLeased(60 << 20, as: .request, for: address) { lease in
        answers.withLock { $0.append(lease != nil) }
    }
    budget.stop()
    #expect(answers.withLock { $0 } == [false])
    _ = budget.whenLeased(60 << 20, as: .request, for: address) { lease in
        answers.withLock { $0.append(lease != nil) }
    }
    _ = budget.whenLeased(1 << 20, as: .request, for: address) { lease in
        answers.withLock { $0.append(lease != nil) }
    }
    budget.whenLeasedForWork(1 << 20, for: address) { _ in answers.withLock { $0.append(true) } }
    #expect(answers.withLock { $0 } == [false, false, true, true])
    #expect(!budget.isUnderPressure)
    withExtendedLifetime(held) {}
}

@Test("what was leased without room is paid back before anybody else is served")
func overdraft() throws {
    let budget = MemoryBudget(shares)
    let (first, second) = (try holder("10.0.0.1"), try holder("10.0.0.2"))
    var leases = [
        budget.lease(50 << 20, as: .request, for: first), budget.lease(50 << 20, as: .request, for: first),
    ]
    let grants = Grants()
    _ = grants.wish(1, 8 << 20, for: second, of: budget)
    leases[1].resize(to: 10 << 20)
    #expect(grants.numbers.isEmpty)
    leases[1].resize(to: 5 << 20)
    #expect(grants.numbers == [1])
    leases = []
    grants.giveBack(1)
    #expect(budget.usedBytes == 0)
}

@Test("what is held beyond the bound is missing, though nobody waits", arguments: [false, true])
func overdraftIsPressure(isReply: Bool) throws {
    let budget = MemoryBudget(shares)
    let use: MemoryBudget.Use = isReply ? .reply : .request
    let kind = budget.kind(of: 30 << 20, use)
    let told = Lock(0)
    budget.whenUnderPressure { told.withLock { $0 += 1 } }
    let address = try holder("10.0.0.1")
    var leases = [budget.lease(30 << 20, as: use, for: address)]
    #expect(!budget.isUnderPressure && told.withLock { $0 } == 0)
    leases.append(budget.lease(40 << 20, as: use, for: address))
    #expect(budget.isUnderPressure && told.withLock { $0 } == 1)
    let bound = isReply ? shares.largestReplyBytes : shares.largeBytes
    #expect(budget.missingBytes(kind) == (70 << 20) - bound)
    leases[1].resize(to: 1 << 20)
    #expect(!budget.isUnderPressure && budget.missingBytes(kind) == 0)
    leases = []
    #expect(budget.usedBytes == 0)
}

@Test(
    "who holds a request never waits for it when it wants a reply", arguments: [1 << 20, 20 << 20, 32 << 20])
func requestsDoNotCountForReplies(bytes: Int) throws {
    let budget = MemoryBudget(shares)
    let address = try holder("10.0.0.1")
    // As many requests as there is room for, each of which then wants a reply as large as itself.
    var requests: [MemoryLease] = []
    while let lease = budget.leaseIfFree(bytes, as: .request, for: address) { requests.append(lease) }
    #expect(!requests.isEmpty)
    let answered = Lock(0)
    for _ in requests {
        budget.whenLeased(bytes, as: .reply, for: address) { lease in
            if lease != nil { answered.withLock { $0 += 1 } }
        }
    }
    #expect(answered.withLock { $0 } == requests.count)
    requests = []
    #expect(budget.usedBytes == 0 && !budget.isUnderPressure)
}

@Test(
    "the shares leave room in small containers and have room for the largest request elsewhere",
    arguments: [
        (24576, 104_857_604), (1024, 104_857_604), (512, 62_245_896), (100, 12_157_400), (48, 5_835_552),
        (1, 4_194_304),
    ])
func sharesOfRoom(mebibytes: Int, largest: Int) {
    let room = MemoryRoom(bytes: mebibytes << 20, bound: .controlGroup)
    let shares = MemoryShares(of: room, requestMaxBytes: 104_857_600)
    #expect(abs(shares.largeBytes - largest) < 64)
    if mebibytes >= 48 { #expect(shares.totalBytes <= room.bytes / 3 + 64) }
    #expect(shares.mediumMaxBytes <= shares.mediumBytes)
}
