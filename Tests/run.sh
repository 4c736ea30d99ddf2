#!/bin/bash
# Runs tests and ends with a summary (Tests/summary.py): `make test`, `make test-long` and `make quick` call it. Exits non-zero
# if anything failed, and where CI is set and there is a Kafka (KAFKA_ORACLE) also if anything was skipped.
#   run.sh          everything; with APUS_TEST_LONG=1 under AddressSanitizer and ThreadSanitizer too
#   run.sh quick    what finds most mistakes in under two minutes
# The tests with real brokers and clients run after the others and one by one: each of them fills a small machine.
set -uo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
logs=.build/test-logs
rm -rf "$logs"
mkdir -p "$logs"
: >"$logs/steps"

# step NAME COMMAND…: runs it, shows what it says, and notes how it ended.
step() {
    local name=$1 begin=$SECONDS status=passed
    shift
    echo "== $name"
    if ! "$@" 2>&1 | tee "$logs/$name.log" | briefly; then
        status=FAILED
    fi
    printf '%s\t%s\t%d\n' "$name" "$status" $((SECONDS - begin)) >>"$logs/steps"
    [ "$status" = passed ]
}

# Warnings of the compiler are errors; only failures and each suite's end are worth a line here.
briefly() {
    awk '/Test run with/ { print; next }
        !/^◇|started\.$|^\[[0-9]+\/[0-9]+\]|passed after .* seconds\.$/ { print }'
}

# Of all tests Swift Testing would begin every one at once, and so tell nothing of how long one takes, or which one was running
# when the process died. This many cases keep the processors busy also where some of them wait.
width=$(($(getconf _NPROCESSORS_ONLN) * 2))

# Recorders are no tests.
recorders=(--skip Recordings)
[ -z "${APUS_RECORD:-}" ] || recorders=()

# tests NAME OPTION…: a step that runs those tests of the build that the options choose.
tests() {
    local name=$1
    shift
    step "$name" swift test --skip-build --disable-xctest --event-stream-output-path "$logs/$name.jsonl" \
        --event-stream-version 0 --experimental-maximum-parallelization-width "$width" "${recorders[@]}" "$@"
}

# sanitized KIND OPTION…: tests once more, in a build of their own in which the compiler has every access to memory watched. What a
# sanitizer finds ends the process with an error, and its report is in the summary; what it finds in other people's code is in
# Tests/Sanitizers, with reasons. The same sentences over fewer seeds: each access costs several times as much.
sanitized() (
    local kind=$1
    shift
    local build=(--sanitize "$kind" --scratch-path ".build/$kind") rules=$PWD/Tests/Sanitizers/$kind.txt
    unset APUS_TEST_LONG APUS_HISTORIES APUS_FUZZ_INPUTS
    export APUS_BROKER_HISTORIES=50
    export APUS_SEEDS=2 APUS_FUZZ=2000 SWIFT_DETERMINISTIC_HASHING=1 ASAN_OPTIONS=detect_leaks=0:suppressions=$rules TSAN_OPTIONS=suppressions=$rules
    step "build-$kind" swift build --build-tests "${build[@]}" && tests "tests-$kind" "${build[@]}" "$@"
)

# Apart from each other: those that compute for a minute would keep those with sockets waiting beyond their limits.
storage='StorageTests|CoordinatorTests|SimulationTests'

step lint make --no-print-directory lint
if step build swift build --build-tests; then
    case $what in
    all)
        tests network --filter NetworkTests
        # A seed repeats a history only where the order of tables does not change from run to run.
        SWIFT_DETERMINISTIC_HASHING=1 tests storage --filter "$storage"
        tests units --skip "CompatibilityTests|NetworkTests|$storage"
        tests compatibility --filter CompatibilityTests
        if [ -n "${APUS_TEST_LONG:-}" ]; then
            # Not what measures time, reads the sources, or drives processes; nor, with locks that cost ten times as much, the storm of
            # clients.
            sanitized address --skip 'CompatibilityTests|TidyTests|AssignorSpeedTests'
            sanitized thread --skip 'CompatibilityTests|TidyTests|AssignorSpeedTests|storm\('
        fi
        ;;
    quick)
        # The same sentences over fewer seeds, and without those few that take as long as all the others.
        export APUS_SEEDS=${APUS_SEEDS:-4} APUS_FUZZ=${APUS_FUZZ:-5000}
        slow='storm\(|powerCutAnywhere|powerCutAtStop|AuthorizationTests/replies|randomBatchesRoundTrip|JudgedSetTests'
        slow+='|RoundTripTests/truncation|DumpTests/dump|ClassicHistoryTests/thousands|RecordsTests.prefixes|gracefulStop'
        slow+='|stopWithUnreadReplies|DamageTests/undamaged|KafkaDirectoryTests/records|CompactionCrashTests/everywhere'
        slow+='|JudgedBatchTests|AssignorSpeedTests'
        tests network --filter NetworkTests --skip "$slow"
        tests quick --skip "CompatibilityTests|NetworkTests|SimulationTests|$slow"
        ;;
    *)
        echo "run.sh: $what is no set of tests; quick is" >&2
        exit 2
        ;;
    esac
fi

no_skips=()
[ -z "${CI:-}" ] || [ -z "${KAFKA_ORACLE:-}" ] || no_skips=(--no-skips)
python3 Tests/summary.py "$logs" "${no_skips[@]}"
