# spoor: everything a developer runs. `make` alone lists the targets.
GO      ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOLS   := $(CURDIR)/.cache/tools
FUZZTIME ?= 30s
BENCHDIR ?= .cache/bench
BENCHCOUNT ?= 3
LISTS   ?= $(or $(SPOOR_SHARED),../shared)/data/noise/misp-warninglists
export CGO_ENABLED = 0

.DEFAULT_GOAL := help
.PHONY: help build demo test test-race test-crash check lint fuzz bench bench-go bench-import bench-read bench-extract noise-pack deps cover clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: ## build bin/spoor
	@$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/spoor ./cmd/spoor

demo: ## build, then load a ready case and tell its story (offline, under a minute)
	@start=$$(date +%s); $(MAKE) -s build; echo "built    bin/spoor in $$(( $$(date +%s) - start )) s"
	@bin/spoor demo

test: ## run all tests and print a short report
	@$(GO) test -json ./... | $(GO) run ./tools/testsummary

test-race: ## run the tests of the concurrent rooms with the race detector (needs a C compiler)
	@CGO_ENABLED=1 $(GO) test -race -short -timeout 25m ./internal/store/... ./internal/ingest/... ./internal/index/... ./internal/app/...

test-crash: ## crash states, kills and full disks, at the length of a release
	@SPOOR_CRASH_STATES=$(or $(SPOOR_CRASH_STATES),2000) SPOOR_CRASH_KILLS=$(or $(SPOOR_CRASH_KILLS),20) \
		$(GO) test -count=1 -run 'Crash|Kill|Disk|Damage' ./internal/store/pebblestore/

check: lint test ## what a change must pass

lint: $(TOOLS)/golangci-lint $(TOOLS)/gofumpt ## formatting, linters, rooms
	@out=$$($(TOOLS)/gofumpt -l cmd internal tools); test -z "$$out" || { echo "not formatted (gofumpt): $$out"; exit 1; }
	@$(TOOLS)/golangci-lint run ./...
	@$(GO) test -count=1 ./internal/archtest

$(TOOLS)/golangci-lint:
	@tools/install.sh github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 $(TOOLS)

$(TOOLS)/gofumpt:
	@tools/install.sh mvdan.cc/gofumpt@v0.12.0 $(TOOLS)

fuzz: ## fuzz every decoder for FUZZTIME each
	@FUZZTIME=$(FUZZTIME) tools/fuzz.sh

bench: bench-go bench-import bench-read bench-extract ## all benches that are quick enough

bench-go: ## Go benchmarks, BENCHCOUNT times each
	@$(GO) test -run '^$$' -bench . -count $(BENCHCOUNT) ./internal/...

bench-import: build ## COF file to durable store, index, extraction
	@$(GO) run ./tools/bench import -dir "$(BENCHDIR)" -keep $(BENCHFLAGS)

bench-read: build ## one hop, hub, pivot, start (on the store of bench-import)
	@$(GO) run ./tools/bench read -dir "$(BENCHDIR)" -keep $(BENCHFLAGS)

bench-extract: ## indicators in text, one core
	@$(GO) run ./tools/bench extract $(BENCHFLAGS)

noise-pack: ## compile the noise pack from the MISP warninglists in LISTS
	@$(GO) run ./tools/noisepack -lists "$(LISTS)"

deps: ## list what the binary links (docs/deps.txt)
	@$(GO) list -deps ./cmd/spoor | grep '\.' | grep -v spoor-cti > docs/deps.txt; wc -l < docs/deps.txt

cover: ## print the coverage of each room
	@$(GO) test -cover ./internal/... | awk '$$1=="ok"{print $$5"\t"$$2}' | sort -rn

clean: ## remove what was built
	@rm -rf bin .cache
