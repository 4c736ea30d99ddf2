#!/usr/bin/env python3
"""Says how a run of tests ended, from what its steps left behind: summary.py LOGS [--no-skips].

LOGS/steps has a line for each step (name, passed or FAILED, seconds); beside it lie what the step printed (NAME.log) and, if
it ran tests, the events of Swift Testing (NAME.jsonl). Exits with 1 if anything failed, with --no-skips also if a test was
skipped: where everything is there that tests need, a skipped test is one that nobody misses until it would have failed.
"""
import collections
import json
import os
import re
import sys

SLOWEST = 10
CRASH_LINES = 60
ISSUE_LINES = 20
ISSUE_CHARACTERS = 400

# How a crash begins in a log: what the runtime says, the backtrace's own head, a sanitizer's.
REASON = re.compile(r"Fatal error|Precondition failed|Assertion failed|terminating due to uncaught")
HEAD = re.compile(r"💣|Program crashed|^Thread \d+.* crashed|^Crash\b|WARNING: ThreadSanitizer|ERROR: \w+Sanitizer")
# Why a test was skipped, behind its name.
SKIPPED = re.compile(r'(?:skipped|cancelled): "?(?:skipped: )?(.*?)"?$')
# What follows the frames and tells nobody anything.
TAIL = re.compile(r"^(Registers:|Images \()")


class Step:
    """One step of a run, and what became of its tests."""

    def __init__(self, folder, line):
        self.name, self.status, seconds = line.rstrip("\n").split("\t")
        self.seconds = int(seconds)
        path = os.path.join(folder, self.name)
        with open(path + ".log", encoding="utf-8", errors="replace") as log:
            self.lines = log.read().splitlines()
        self.runs_tests = os.path.exists(path + ".jsonl")
        self.names, self.ends, self.skipped, self.issues = {}, {}, {}, []
        self.busy = collections.Counter()
        self.running = {}
        self.has_ended = False
        if self.runs_tests:
            with open(path + ".jsonl", encoding="utf-8", errors="replace") as events:
                for event in events:
                    self.read(event)
        self.judge()

    def read(self, line):
        """Takes one event; the last one of a process that died may be cut off."""
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            return
        payload = record["payload"]
        if record["kind"] == "test":
            if payload["kind"] == "function":
                self.names[payload["id"]] = payload.get("displayName") or payload["name"]
            return
        kind, test = payload["kind"], payload.get("testID")
        text = " ".join(message["text"] for message in payload.get("messages", []))
        if kind == "runEnded":
            self.has_ended = True
        elif kind == "issueRecorded" and not payload["issue"].get("isKnown"):
            place = payload["issue"].get("sourceLocation") or {}
            self.issues.append(
                f'"{self.names.get(test, test)}" at {place.get("fileID")}:{place.get("line")}: {text}')
        if test not in self.names:
            return
        now = payload["instant"]["absolute"]
        case = (test, (payload.get("_testCase") or {}).get("id"))
        if kind in ("testSkipped", "testCancelled", "testCaseCancelled"):
            reason = SKIPPED.search(text)
            self.skipped[test] = reason.group(1) if reason else ""
        elif kind == "testEnded":
            symbols = [message["symbol"] for message in payload.get("messages", [])]
            self.ends[test] = "fail" not in symbols
        elif kind == "testCaseStarted":
            self.running[case] = now
        elif kind == "testCaseEnded":
            self.busy[test] += now - self.running.pop(case, now)

    def judge(self):
        self.broken = [test for test, passed in self.ends.items() if not passed]
        # What had begun when its process died: the test that killed it is among them.
        self.unfinished = [] if self.has_ended else sorted({test for test, _ in self.running})
        self.failed_count = len(self.broken) + len(self.unfinished)
        self.passed_count = sum(passed for test, passed in self.ends.items() if test not in self.skipped)
        if self.runs_tests and not self.ends and not self.skipped and not self.unfinished:
            self.status, self.issues = "FAILED", self.issues + [f"{self.name}: no test was run"]
        if self.failed_count:
            self.status = "FAILED"
        if self.status == "FAILED":
            self.failed_count = max(self.failed_count, 1)

    def crash(self):
        """Why the process of this step died: the reason, and the frames of the thread that did it."""
        head = next((i for i, line in enumerate(self.lines) if HEAD.search(line)), None)
        reasons = [i for i, line in enumerate(self.lines) if REASON.search(line)]
        if head is None and not reasons:
            return self.lines[-5:] if self.unfinished else []
        first = next((i for i in reasons if head is None or i < head), head)
        found = [self.lines[first]] if first != head else []
        for line in self.lines[first if head is None else head:][:CRASH_LINES]:
            if TAIL.search(line):
                break
            if line.strip() and line not in found[:1]:
                found.append(line)
        return found

    def print_row(self):
        counts = f"{len({*self.ends, *self.skipped, *self.unfinished})} tests" if self.runs_tests else ""
        print(f"{self.name:<20} {self.status:<7} {self.seconds:4d} s   {counts}".rstrip())

    def print_failure(self):
        if self.status != "FAILED":
            return
        print(f"\n{self.name} failed:")
        crash = self.crash()
        issues = self.issues or [line for line in self.lines if "error:" in line and line not in crash]
        for issue in issues[:ISSUE_LINES]:
            print("  " + issue[:ISSUE_CHARACTERS].replace("\n", "\n  "))
        if len(issues) > ISSUE_LINES:
            print(f"  and {len(issues) - ISSUE_LINES} more, see {self.name}.log")
        for line in crash:
            print("  " + line[:ISSUE_CHARACTERS])
        if self.unfinished:
            print("  these tests had started and not ended:")
            for test in self.unfinished:
                print(f'    "{self.names[test]}"  {test}')


def main():
    folder, options = sys.argv[1], sys.argv[2:]
    with open(os.path.join(folder, "steps"), encoding="utf-8") as lines:
        steps = [Step(folder, line) for line in lines]

    print(f"\n== summary (logs in {folder})")
    for step in steps:
        step.print_row()
    for step in steps:
        step.print_failure()

    slowest = sorted(((seconds, step, test) for step in steps for test, seconds in step.busy.items()),
                     key=lambda row: -row[0])[:SLOWEST]
    if slowest:
        print(f"\nthe slowest {SLOWEST}, the cases of each added up:")
    for seconds, step, test in slowest:
        print(f'{seconds:6.1f} s  {step.name:<14} "{step.names[test]}"')

    skipped = [(step, test) for step in steps for test in step.skipped]
    if skipped:
        print("\nskipped:")
    for step, test in skipped:
        print(f'  {step.name:<14} "{step.names[test]}" {step.skipped[test]}'.rstrip())
    are_skips_fatal = "--no-skips" in options and bool(skipped)
    if are_skips_fatal:
        print("  nothing may be skipped here: CI is set, and KAFKA_ORACLE names a Kafka")

    total = sum(step.seconds for step in steps)
    failed = sum(step.failed_count for step in steps)
    print(f"\n{total // 60} min {total % 60} s")
    print(f"{sum(step.passed_count for step in steps)} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed or are_skips_fatal else 0


if __name__ == "__main__":
    sys.exit(main())
