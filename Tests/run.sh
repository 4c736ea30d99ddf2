#!/bin/bash
# Runs every test and ends with a summary: `make test` and `make test-long` call it. Exits non-zero if anything failed.
# The tests with real brokers and clients run after the others and one by one: each of them fills a small machine.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=.build/test-logs
rm -rf "$logs"
mkdir -p "$logs"
started=$SECONDS
failed=0
declare -a summary

# step NAME COMMAND…: runs it, shows what it says, and notes how it ended.
step() {
    local name=$1 begin=$SECONDS status=passed
    shift
    echo "== $name"
    if ! "$@" 2>&1 | tee "$logs/$name.log" | briefly; then
        status=FAILED
        failed=$((failed + 1))
    fi
    summary+=("$(printf '%-15s %-7s %4d s   %s' "$name" "$status" $((SECONDS - begin)) \
        "$(grep -aE 'Test run with' "$logs/$name.log" | tail -1 | cut -c1-90)")")
}

# Warnings of the compiler are errors; only failures and each suite's end are worth a line here.
briefly() {
    awk '/Test run with/ { print; next }
        !/^◇|started\.$|^\[[0-9]+\/[0-9]+\]|passed after .* seconds\.$/ { print }'
}

step build-tests swift build --build-tests
if [ "$failed" = 0 ]; then
    # Apart from each other: those that compute for a minute would keep those with sockets waiting beyond their limits.
    storage='StorageTests|CoordinatorTests|SimulationTests'
    step network swift test --skip-build --disable-xctest --filter NetworkTests
    step storage swift test --skip-build --disable-xctest --filter "$storage"
    step units swift test --skip-build --disable-xctest --skip "CompatibilityTests|NetworkTests|$storage"
    step compatibility swift test --skip-build --disable-xctest --filter CompatibilityTests
fi

echo
echo "== summary (logs in $logs)"
printf '%s\n' "${summary[@]}"
echo "the slowest:"
grep -ahE '^✔ Test ".* (passed|failed) after [0-9.]+ seconds' "$logs/compatibility.log" 2>/dev/null \
    | sed -E 's/^. Test (".*").* after ([0-9]+)[0-9.]* seconds.*/\2 s \1/' | sort -rn | head -5
total=$((SECONDS - started))
tests=$(grep -ahoE 'Test run with [0-9]+ test' "$logs"/*.log 2>/dev/null \
    | grep -oE '[0-9]+' | awk '{n += $1} END {print n + 0}')
broken=$(grep -ahE '^✘ Test .* failed after' "$logs"/*.log 2>/dev/null | wc -l)
[ "$failed" = 0 ] || [ "$broken" -gt 0 ] || broken=$failed
[ "$failed" = 0 ] || grep -ahE 'recorded an issue|^✘ Test .* failed after|error:' "$logs"/*.log | cut -c1-400 | tail -30
echo "$((total / 60)) min $((total % 60)) s"
echo "$((${tests:-0} > broken ? ${tests:-0} - broken : 0)) passed, $broken failed"
[ "$failed" = 0 ]
