# What a person or CI types. `make help` says what each command does; each installs what it is missing first.
# Nothing here downloads anything but Debian packages (by name, apt) and Python packages (pinned in Tests/CompatibilityTests/clients).

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help serve build test test-long quick lint check format bench bench-kafka bench-groups bench-durable fuzz clean tools

PORT ?= 9092
DATA ?= ./data
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
RELEASE := .build/release/apus

# Libraries that the broker links, and tools that only the tests use.
LIBRARIES := zlib1g-dev liblz4-dev libzstd-dev libsnappy-dev libre2-dev libssl-dev pkg-config
TEST_TOOLS := kcat python3 python3-venv python3-dev gcc libc6-dev

# The release binary holds the Swift runtime and these libraries; at run time it needs the C library alone. It exports
# nothing, and its relocations are packed where the loader knows that (glibc 2.36): what the loader need not touch is
# neither read at start nor resident. SYMBOLS=1 keeps what a profiler wants to see.
STATIC := snappy lz4 zstd z re2 crypto stdc++
# Newer versions of RE2 stand on Abseil, which is many small libraries.
RE2_NEEDS = $(shell pkg-config --static --libs-only-l re2 2>/dev/null | tr ' ' '\n' | sed -n 's/^-l\(absl_.*\)/\1/p')
COMPILER := $(shell command -v clang || command -v c++ || echo cc)
RELR := $(shell [ "$$(getconf GNU_LIBC_VERSION | cut -d. -f2)" -ge 36 ] && echo -z pack-relative-relocs)
LINK := --no-export-dynamic $(RELR) $(if $(SYMBOLS),,--strip-all)
RELEASE_FLAGS = -c release --static-swift-stdlib -Xswiftc -use-ld=lld -Xlinker -L$(CURDIR)/.tools/static \
    -Xswiftc -Xclang-linker -Xswiftc -static-libgcc $(addprefix -Xlinker ,$(LINK)) \
    $(addprefix -Xlinker -l,$(RE2_NEEDS))

CLIENTS := Tests/CompatibilityTests/clients

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

serve: build ## Build the broker and run it on port 9092 (PORT=…) with its data in ./data (DATA=…)
	@echo "serve: $(RELEASE) serve --data $(DATA) --listen '*:$(PORT)'   (stop with Ctrl-C)"
	@exec $(RELEASE) serve --data $(DATA) --listen '*:$(PORT)'

build: .tools/libraries ## Build the release binary .build/release/apus
	@echo "build: release binary, with the Swift runtime and the compression libraries linked in"
	@swift build $(RELEASE_FLAGS) --product apus

test: tools build ## Run every test: lint, units, tidiness, real clients, replays, crashes, hostile peers (< 20 min)
	@Tests/run.sh

quick: .tools/libraries ## Lint, tidiness and units without the slowest, for the inner loop (< 2 min after a build)
	@Tests/run.sh quick

test-long: tools build ## The same with many more rounds and seeds, and under sanitizers (hours rather than minutes)
	@APUS_TEST_LONG=1 APUS_HISTORIES=$${APUS_HISTORIES:-100000} APUS_FUZZ=$${APUS_FUZZ:-1000000} \
	    APUS_FUZZ_INPUTS=$${APUS_FUZZ:-1000000} APUS_SEEDS=$${APUS_SEEDS:-500} \
	    APUS_BROKER_HISTORIES=$${APUS_BROKER_HISTORIES:-20000} Tests/run.sh

check: .tools/libraries lint ## Format lint and tidiness (layering, sizes, doc comments, gaps, the map)
	@echo "check: tidiness"
	@swift test --filter TidyTests

lint: ## Format lint alone
	@echo "lint: swift format"
	@swift format lint --strict --recursive Sources Tests Package.swift

format: ## Lay out all Swift files as `make check` wants them (what a tool can do of it)
	@swift format -i --recursive Sources Tests Package.swift
	@python3 Tests/wrap-comments.py Sources Tests

bench: tools build ## Measure this machine's broker: a table in under two minutes
	@Benchmarks/bench.py --broker $(RELEASE)

.build/floor: Benchmarks/floor.c
	@cc -O2 -o $@ $< -lpthread

bench-kafka: tools build .build/floor ## The same against Apache Kafka, and the least that a broker can do; needs APUS_SHARED (the folder with bench/ and oracle/)
	@[ -n "$$APUS_SHARED" ] || { echo "bench-kafka: set APUS_SHARED to the folder that holds bench/perf.py and oracle/kafka.sh" >&2; exit 2; }
	@KAFKA_HEAP_OPTS="$${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G}" python3 "$$APUS_SHARED/bench/perf.py" \
	    --broker apus='$(CURDIR)/$(RELEASE) serve --data {dir} --listen 127.0.0.1:{port}' \
	    --broker kafka="$$APUS_SHARED/oracle/kafka.sh exec {dir} {port}" \
	    --broker floor='$(CURDIR)/.build/floor {dir} {port}' \
	    --workloads $${WORKLOADS:-startup,raw_produce,raw_produce_64k,raw_fetch,latency_1k,small_req,metadata} \
	    --scale $${SCALE:-0.2} --rounds $${ROUNDS:-3} --out .build/bench-kafka.json

bench-groups: tools build ## What consumer groups cost: heartbeats, rebalances, commits; with KAFKA_ORACLE Kafka's figures beside them
	@KAFKA_HEAP_OPTS="$${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G}" python3 Benchmarks/groups.py \
	    --broker apus='$(CURDIR)/$(RELEASE) serve --data {dir} --listen 127.0.0.1:{port}' \
	    $${KAFKA_ORACLE:+--broker kafka="$$KAFKA_ORACLE/kafka.sh exec {dir} {port}"}

bench-durable: tools build ## What waiting for the disk costs, a minute of steady load too; with KAFKA_ORACLE Kafka's unsynced figures beside it
	@KAFKA_HEAP_OPTS="$${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G}" python3 Benchmarks/durable.py \
	    --broker apus='$(CURDIR)/$(RELEASE) serve --data {dir} --listen 127.0.0.1:{port}' \
	    $${KAFKA_ORACLE:+--broker kafka="$$KAFKA_ORACLE/kafka.sh exec {dir} {port}"}

fuzz: .tools/libraries ## Feed the codec random bytes: 10 million inputs (APUS_FUZZ=…), and a broker odd requests for a minute (APUS_FUZZ_SECONDS=…)
	@echo "fuzz: $${APUS_FUZZ:-10000000} inputs, $${APUS_FUZZ_SECONDS:-60} seconds of odd requests"
	@inputs=$${APUS_FUZZ:-10000000}; APUS_FUZZ=$$inputs APUS_FUZZ_INPUTS=$$inputs \
	    APUS_FUZZ_SECONDS=$${APUS_FUZZ_SECONDS:-60} \
	    swift test -c release -Xswiftc -enable-testing --filter Fuzz

clean: ## Remove everything that was built or installed into this folder (not ./data)
	@rm -rf .build .venv .tools

tools: .tools/libraries .tools/test-tools .venv/ready

# One stamp for each step, so that it is done once in a clone; a changed list of packages does it again.
.tools/libraries: Makefile
	@Tests/install-packages.sh "$(SUDO)" $(LIBRARIES)
	@mkdir -p .tools/static
	@for name in $(STATIC) $(RE2_NEEDS); do ln -sf "$$($(COMPILER) -print-file-name=lib$$name.a)" .tools/static/ || exit 1; done
	@touch $@

.tools/test-tools: Makefile
	@Tests/install-packages.sh "$(SUDO)" $(TEST_TOOLS)
	@mkdir -p .tools && touch $@

.venv/ready: $(CLIENTS)/requirements.txt $(CLIENTS)/requirements-old.txt | .tools/test-tools
	@echo "tools: Python clients into .venv"
	@python3 -m venv .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check -r $(CLIENTS)/requirements.txt
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target .venv/old -r $(CLIENTS)/requirements-old.txt
	@rm -rf .venv/kafka-python && mkdir -p .venv/kafka-python
	@.venv/bin/pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --dest .venv/kafka-python \
	    $$(grep '^kafka-python==' $(CLIENTS)/requirements.txt)
	@tar -xzf .venv/kafka-python/*.tar.gz --strip-components=1 -C .venv/kafka-python
	@touch $@
