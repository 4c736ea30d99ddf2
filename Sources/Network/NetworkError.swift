// What can go wrong before a connection exists: binding, resolving, making descriptors and threads.
package import Base
import Glibc

/// Why a part of the network could not be set up.
package enum NetworkError: Error, Equatable {
    /// Another process listens on this port of this address.
    case addressInUse(SocketAddress)
    /// The address does not belong to this machine.
    case addressNotAvailable(SocketAddress)
    /// Binding to this address needs rights that the process lacks (ports below 1024).
    case notPermitted(SocketAddress)
    /// The host's name could not be resolved; the resolver's own words.
    case unknownHost(String, String)
    /// A listener's security protocol that this build does not serve.
    case unsupportedSecurity(SecurityProtocol, listener: Name)
    /// A thread could not be started.
    case thread(ThreadError)
    /// A system call failed with this errno.
    case system(call: String, errno: Int32)

    init(binding address: SocketAddress, errno: Int32) {
        self =
            switch errno {
            case EADDRINUSE: .addressInUse(address)
            case EADDRNOTAVAIL: .addressNotAvailable(address)
            case EACCES, EPERM: .notPermitted(address)
            default: .system(call: "bind to \(address)", errno: errno)
            }
    }
}

extension NetworkError: CustomStringConvertible {
    /// One sentence for the log and for whoever started the broker.
    package var description: String {
        switch self {
        case .addressInUse(let address):
            "port \(address.port) of \(address.host) is in use by another process"
        case .addressNotAvailable(let address): "\(address.host) is not an address of this machine"
        case .notPermitted(let address): "no permission to listen on \(address)"
        case .unknownHost(let host, let why): "cannot resolve host '\(host)': \(why)"
        case .unsupportedSecurity(let security, let listener):
            "listener \(listener) asks for \(security.rawValue), which is not served"
        case .thread(let error): error.description
        case .system(let call, let number): "\(call) failed: \(describe(errno: number))"
        }
    }
}

/// The system's words for an errno, with the number.
func describe(errno number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    let text = unsafe buffer.withUnsafeMutableBufferPointer { area -> String in
        guard let start = area.baseAddress, unsafe strerror_r(number, start, area.count) == 0 else {
            return "error"
        }
        return unsafe String(cString: start)
    }
    return "\(text) (errno \(number))"
}
