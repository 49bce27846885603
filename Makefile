# aiproxy's tasks. `make help` lists them; CI runs `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
BINARY  := bin/aiproxy
LINT    := go tool -modfile=scripts/tools/go.mod golangci-lint
ARGS    ?=

# The race detector needs a C compiler. Without one the same tests run without it, and say so.
# The arithmetic of Go's cryptography is left out: it shares no memory, and watched, a TLS handshake takes 24 ms of a
# processor instead of 5 to 8, so that clusters of nodes spend their time on handshakes and their elections come late.
RACE := $(shell command -v cc >/dev/null 2>&1 && [ "$$(go env CGO_ENABLED)" = 1 ] && \
	echo -race -gcflags=crypto/internal/fips140/...=-race=false)

FUZZTIME ?= 3s

# The tests of clusters mostly wait for timeouts, so more of them run at once than there are processors. With many more
# than this, elections on a machine with two processors become late. Under the race detector they run beside nothing else.
PARALLEL ?= 8

# The scenario of `make chaos` to run, the number that its random choices come from, and where failures are kept.
SCENARIO ?=
SEED     ?=
KEEP     ?=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the static binary bin/aiproxy
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $(BINARY) ./cmd/aiproxy

.PHONY: run
run: build ## run a real three-node cluster with a simulated upstream (ARGS='--nodes 5 --port 4000')
	@exec $(BINARY) dev $(ARGS)

.PHONY: test
test: verify lint test-race test-e2e chaos-short fuzz ## everything that CI runs

.PHONY: test-short
test-short: ## unit tests alone, under a minute once built
	go test -short -parallel $(PARALLEL) ./...

.PHONY: test-race
test-race: ## all unit and integration tests under the race detector
	@[ -n "$(RACE)" ] || echo 'WARNING: no C compiler, so the tests run WITHOUT the race detector'
	go test $(RACE) $$(go list ./... | grep -v '^aiproxy/store$$')
	go test $(RACE) -parallel $(PARALLEL) ./store

.PHONY: test-e2e
test-e2e: ## real processes: clusters formed, killed and restarted under traffic
	go test -tags e2e -count=1 -timeout 10m ./cmd/aiproxy/e2e/...

.PHONY: chaos
chaos: ## break real clusters in every way (SCENARIO=C4 SEED=42 repeats one); best as root
	CHAOS_SEED=$(SEED) CHAOS_KEEP=$(KEEP) go test -tags chaos -count=1 -timeout 45m -v -run '$(if $(SCENARIO),TestChaos/^$(SCENARIO)$$,.)' ./scripts/chaos

.PHONY: chaos-short
chaos-short: ## the scenarios that CI runs, under four minutes
	CHAOS_SEED=$(SEED) CHAOS_KEEP=$(KEEP) go test -tags chaos -short -count=1 -timeout 10m -v ./scripts/chaos

.PHONY: test-docker
test-docker: ## docker-compose.cluster.yml on a real Docker engine: nodes killed, cut off and emptied
	go test -tags docker -count=1 -v -timeout 15m ./scripts/docker/...

.PHONY: fuzz
fuzz: ## a short run of every fuzz test (FUZZTIME=3s each)
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

.PHONY: bench
bench: build ## CPU, latency and memory against httputil.ReverseProxy and nginx (ARGS='-quick')
	go run ./scripts/bench -aiproxy $(BINARY) $(ARGS)

.PHONY: bench-cluster
bench-cluster: build ## failover, writes, restarts and a large configuration on three nodes (ARGS='-quick')
	go run ./scripts/bench/cluster -aiproxy $(BINARY) -json bin/bench-cluster.json $(ARGS)

.PHONY: lint
lint: ## go vet and golangci-lint
	$(LINT) run

.PHONY: fmt
fmt: ## format the code
	$(LINT) fmt

.PHONY: generate
generate: ## write the generated documents anew
	go generate ./...

.PHONY: verify
verify: ## fail when go.mod or a generated document is out of date
	go mod tidy -diff
	go mod verify
	go generate ./...
	git diff --exit-code -- docs

.PHONY: cover
cover: ## coverage of the unit tests, per function
	go test -short -coverprofile=coverage.out ./...
	go tool cover -func=coverage.out

.PHONY: clean
clean: ## remove what was built
	rm -rf bin coverage.out
