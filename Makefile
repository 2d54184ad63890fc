# Everything a developer types. The work is done by cmake and by the scripts in tools/.
JOBS ?= $(shell nproc)
WAGGLE = build/release/waggle
EXAMPLES = build/examples
DATA = build/data

MINUTES ?= 10

.PHONY: build run test bench bench-peers soak format lint clean

build: ## the program: build/release/waggle, and the examples
	@tools/setup build
	@tools/configure release
	@cmake --build build/release -j$(JOBS) --target waggle guests

run: build ## a node that serves the examples on 127.0.0.1:8080
	@$(WAGGLE) serve $(EXAMPLES) --dev --data $(DATA)

test: ## everything that is checked, as in CI
	@tools/test

bench: ## what things cost, as ns and as a ratio to the base
	@tools/setup test
	@tools/configure release
	@cmake --build build/release -j$(JOBS) --target benches
	@tests/bench/run

bench-peers: ## the same beside other systems
	@tools/setup test
	@tools/configure release
	@cmake --build build/release -j$(JOBS) --target benches
	@tests/bench/run --peers

soak: ## a node under everything at once: make soak MINUTES=10
	@tools/setup build
	@tools/configure release
	@cmake --build build/release -j$(JOBS) --target waggle load
	@tests/soak/run $(WAGGLE) $(MINUTES)

format: ## rewrites the C++ sources in the project's style
	@tools/format

lint: ## layers, format, clang-tidy
	@tools/setup test
	@tools/lint

clean:
	@rm -rf build
