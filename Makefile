# fluoro: every command here does its own set-up. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo build test bench fuzz lint format docs install screenshots clean

PREFIX ?= /usr/local
SWIFT ?= swift
SOURCES := Sources Tests Package.swift

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## open fluoro on a sample PACS inside the same process (no network, no set-up)
	@Scripts/prepare build
	@$(SWIFT) build --product fluoro
	@source Scripts/locale && exec .build/debug/fluoro demo

build: ## build a debug binary: .build/debug/fluoro
	@Scripts/prepare build
	$(SWIFT) build

test: ## lint, build and run every test, the ones against real peers included
	@Scripts/test

bench: ## compare fluoro with other tools, in a release build; ONLY="retrieve datasets", SAVE=FILE, AGAINST=FILE saved earlier
	@Scripts/prepare bench
	@Benchmarks/run $(ONLY) $(if $(SAVE),--save $(SAVE)) $(if $(AGAINST),--against $(AGAINST))

SECONDS ?= 60
FUZZ ?= data pdu

fuzz: ## fuzz what reads data sets and what reads PDUs, FUZZ="data pdu", SECONDS=60 each; finds go to .build/fuzz/finds
	@Scripts/prepare build
	@for target in $(FUZZ); do Fuzz/build $$target; Fuzz/run $$target $(SECONDS); done

lint: ## check the source format
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)

format: ## rewrite the sources in the project's format
	$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

docs: ## build the documentation of the Dicom library into .build/docs
	@Scripts/prepare build
	@Scripts/docs

install: ## put a release binary and its man page under PREFIX (default /usr/local)
	@Scripts/prepare build
	$(SWIFT) build --configuration release --static-swift-stdlib --product fluoro
	@Scripts/install "$$($(SWIFT) build --configuration release --static-swift-stdlib --show-bin-path)/fluoro" "$(DESTDIR)$(PREFIX)"

screenshots: ## take the pictures of the README from the real program
	@Scripts/prepare screenshots
	@$(SWIFT) build --product fluoro
	@screenshots/take

clean: ## remove what was built, the Python environment included
	rm -rf .build
