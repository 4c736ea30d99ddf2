"""kafka-python's own integration tests, from its source distribution, against a broker that runs.
kafka_python_own.py PORT FOLDER, where FOLDER is for a copy of them"""

import os
import pathlib
import shutil
import subprocess
import sys

# What `make tools` unpacked.
DISTRIBUTION = pathlib.Path(sys.prefix) / "kafka-python"
# Not run, each with the reason.
EXCEPTIONS = {
    "test_create_describe_delete_acls": "there is no authorizer",
    "test_describe_configs_broker_resource": "expects advertised.listeners in the file of a broker that it started",
    "test_sasl_integration.py": "needs SASL, and skips itself with a broker that it did not start",
    "test_ssl_integration.py": "needs TLS, and starts a broker for it",
}
# The distribution lacks this module, which starts brokers; here one runs already.
SERVICE = '''
class ExternalService:
    def __init__(self, host, port):
        self.host, self.port = host, port

    def open(self):
        pass

    start = stop = close = open


SpawnedService = ExternalService
'''


def main():
    port, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    tests = folder / "test"
    shutil.copytree(DISTRIBUTION / "test", tests)
    (tests / "__init__.py").touch()
    (tests / "service.py").write_text(SERVICE)
    (folder / "pytest.ini").write_text("[pytest]\n")
    names = [name for name in EXCEPTIONS if not name.endswith(".py")]
    files = [path for path in (tests / "integration").glob("test_*.py") if path.name not in EXCEPTIONS]
    environment = dict(
        os.environ, KAFKA_VERSION="4.3.0", KAFKA_URI=f"kafka://127.0.0.1:{port}", KAFKA_ROOT=str(folder))
    command = [
        sys.executable, "-m", "pytest", "-q", "-W", "ignore", "-p", "no:cacheprovider", "--tb", "short", "--durations", "5",
        "-k", " and ".join(f"not {name}" for name in names), *map(str, sorted(files))]
    return subprocess.call(command, cwd=folder, env=environment)


sys.exit(main())
