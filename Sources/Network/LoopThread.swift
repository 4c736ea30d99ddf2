// The thin shell around step functions: a named thread that runs one closure.
internal import Base
internal import CSystem
import Glibc

/// A thread of the operating system, to be joined or detached.
struct LoopThread: Sendable {
    private let thread: pthread_t

    /// Starts a thread; at most 15 bytes of `name` show in tools.
    init(name: String, body: @escaping @Sendable () -> Void) throws(NetworkError) {
        do throws(ThreadError) {
            thread = try Threads.start(named: name, body)
        } catch {
            throw .thread(error)
        }
    }

    /// Lets the thread end by itself.
    func detach() {
        pthread_detach(thread)
    }

    /// Waits until the thread has ended.
    func join() {
        pthread_join(thread, nil)
    }

    /// How long a thread may take to say where it is: it may be in a system call that no signal interrupts.
    private static let stackMillisecondsMax: Int32 = 100
    /// Room for one line of a stack.
    private static let placeBytesMax = 256

    /// Where the thread, which is not joined yet, is and who called it, innermost first: file and offset.
    ///
    /// Empty if it does not answer; only one caller at a time.
    func stack() -> [String] {
        var addresses = [UInt](repeating: 0, count: APUS_STACK_MAX)
        let count = unsafe apus_stack_take(
            thread, &addresses, Int32(APUS_STACK_MAX), Self.stackMillisecondsMax)
        return addresses.prefix(Int(count)).map { address in
            let place = unsafe [CChar](unsafeUninitializedCapacity: Self.placeBytesMax) { room, length in
                length = unsafe Int(apus_stack_describe(address, room.baseAddress, room.count))
            }
            let text = String(decoding: place.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return text.isEmpty ? "0x" + String(address, radix: 16) : text
        }
    }
}
