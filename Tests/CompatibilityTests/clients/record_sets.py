"""Asks the log of Apache Kafka what it makes of every case of odd_sets.py, and writes fixtures/produce/sets.jsonl.gz:
record_sets.py OUTPUT, with KAFKA_ORACLE set. No broker is asked, as none of Kafka 4 serves these requests any more:
JudgeSets.java appends them to logs of its classes, which have kept their judgement of old formats."""

import base64
import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from odd_batches import TOPICS
from odd_sets import NOW, sets

HERE = Path(__file__).parent
# Room for whatever length a message claims to have: Kafka reserves it before it looks for its bytes.
HEAP = "-Xmx5g"


def answers(every):
    oracle = os.environ["KAFKA_ORACLE"]
    lines = [" ".join(["topic", name] + [f"{key}={value}" for key, value in configs.items()])
             for name, configs in TOPICS.items()]
    lines += [f"{case['topic']} {base64.b64encode(case['records']).decode()}" for case in every]
    with tempfile.TemporaryDirectory() as directory:
        result = subprocess.run(
            ["java", HEAP, "-cp", f"{oracle}/kafka/*",
             f"-Dlog4j2.configurationFile={oracle}/log4j2-tools.properties", str(HERE / "JudgeSets.java"), str(NOW), directory],
            input="\n".join(lines) + "\n", stdout=subprocess.PIPE, text=True, check=True)
    return result.stdout.splitlines()


def main(output):
    every = list(sets())
    told = answers(every)
    assert len(told) == len(every), f"{len(told)} answers to {len(every)} sets"
    with gzip.GzipFile(output, "wb", mtime=0) as file:
        for case, answer in zip(every, told):
            code, problem, base, time, read, stored = answer.split(" ")
            line = {**case, "records": case["records"].hex(), "code": int(code), "base": int(base), "time": int(time)}
            if problem != "-":
                line["exception"] = problem
            if stored != "-":
                line["stored"] = base64.b64decode(stored).hex()
            if read not in ("-", "ok"):
                line["java"] = read
            file.write(json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
