"""A broker that a test starts, kills and starts again."""

import os
import signal
import subprocess

import wire


class BrokerProcess:
    """`command` serves on `port`; what it prints goes to the end of the file `log`."""

    def __init__(self, command, port, log):
        self.command, self.port = command, port
        self.log = open(log, "ab")
        self.process = None

    def start(self):
        environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no"}
        self.process = subprocess.Popen(
            self.command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, env=environment)
        wire.wait_until_ready(self.port, self.process)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
