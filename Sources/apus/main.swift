// The command line: `apus COMMAND …`. Each command is a file of its own.
import Broker
import Glibc

let commands = """
    Apus \(Version.current), a broker for Kafka clients.

      apus serve [--data DIR] [--listen HOST:PORT]… [--config FILE] [--set KEY=VALUE]…
          Runs the broker. Flags win over KAFKA_* environment variables, these over the file.
            --data DIR          the data directory (log.dirs; default ./data)
            --listen HOST:PORT  an address to listen on (listeners; default *:9092)
            --config FILE       a file in the format of Kafka's server.properties
            --set KEY=VALUE     any configuration by its key
      apus recover DIR…         readies a directory for Apache Kafka after a crash (apus recover --help)
      apus decode …             prints messages, record batches and captures as JSON (apus decode --help)
      apus encode …             the way back (apus encode --help)
      apus dump FILE…           prints a file of a data directory (apus dump --help)
      apus check DIR            looks for damage in a data directory (apus check --help)
      apus version              prints the version
    """

let arguments = Array(CommandLine.arguments.dropFirst())
let rest = Array(arguments.dropFirst())
switch arguments.first {
case "serve":
    exit(serveCommand(rest))
case "version", "--version":
    print("apus \(Version.current) (Kafka \(Version.kafka))")
case "recover":
    exit(recoverCommand(rest))
case "decode":
    exit(decodeCommand(rest))
case "encode":
    exit(encodeCommand(rest))
case "dump":
    exit(dumpCommand(rest))
case "check":
    exit(checkCommand(rest))
case "help", "--help", "-h":
    print(commands)
case let unknown:
    let problem = unknown.map { "unknown command '\($0)'" } ?? "a command is missing"
    complain("\(problem); `apus help` lists the commands")
    exit(2)
}
