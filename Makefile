# `make` checks, `make test` tests everything, `make demo` shows it. Every target first makes .venv, and does nothing
# about it when it is fresh. CONTRIBUTING.md says more.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := check
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# Another interpreter: make env PYTHON=python3.13
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo "$$p" && break; done)
BIN := .venv/bin
LOCKED := .venv/.locked
STAMP := .venv/.stamp
AXE := .venv/axe/.stamp
FUZZ := .venv/fuzz/.stamp
FOR := 1m
# Prefect and its server report to nobody.
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# With this set, every program that a test starts would compile all of Seawall first.
unexport PYTHONDONTWRITEBYTECODE

ELSEWHERE := root or browser or matrix or model
FAST := not lab and not prefect and not slow and not ($(ELSEWHERE))
SIDE_BY_SIDE := -n auto --dist worksteal
# Tests of one file share a lab and break it in turn. What starts servers waits more than it works, so that three files
# keep two cores at it; in the files' order, for the stories come last otherwise, each long, and workers wait for one.
BY_FILE := -n 2 --dist loadfile
WAITING := -n 3 --dist loadfile --no-loadscope-reorder
STORIES := tests/simulation

.PHONY: check test pages model fuzz matrix drills soak env demo bench golden lock clean

check: $(STAMP)  ## lint, format, types, import directions, fast tests (< 30 s)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q $(SIDE_BY_SIDE) --hypothesis-profile=quick -m "$(FAST)"

test: $(STAMP)  ## everything, with the lab's servers and Prefect
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@# First the fast ones; then, whatever came of them but Ctrl-C, the simulated stories, every core at them; then what
	@# starts servers or waits; last what needs Prefect, where a schedule of a minute must not be waited for when all else is
	@# through, either.
	failed=0; $(BIN)/pytest -q $(SIDE_BY_SIDE) -m "$(FAST)" || failed=$$?; \
	[ $$failed != 2 ] || exit 2; \
	$(BIN)/pytest -q $(SIDE_BY_SIDE) -m slow $(STORIES) || failed=$$?; \
	[ $$failed != 2 ] || exit 2; \
	$(BIN)/pytest -q $(WAITING) --ignore=$(STORIES) -m "not ($(FAST)) and not prefect and not ($(ELSEWHERE))" || failed=$$?; \
	[ $$failed != 2 ] || exit 2; \
	$(BIN)/pytest -q $(WAITING) -m "prefect and not ($(ELSEWHERE))"; exit $$failed

pages: $(STAMP) $(AXE)  ## every page in headless Chromium, held against WCAG by axe-core (needs chromium)
	$(BIN)/pytest -m browser

model: $(STAMP)  ## the models in docs/models, every state of them (needs spin and gcc; under a minute)
	@for program in spin gcc; do command -v "$$program" >/dev/null || { \
		echo "seawall: make model needs $$program (Debian, Ubuntu: apt-get install spin gcc libc6-dev)." >&2; exit 2; }; done
	$(BIN)/pytest -q -m model

fuzz: $(STAMP) $(FUZZ)  ## what reads others' files, guided by coverage: make fuzz FOR=10m READER=journal (Linux on x86-64)
	PYTHONPATH=.venv/fuzz $(BIN)/python -m tests.fuzz --for $(FOR) $(if $(READER),--reader $(READER))

matrix: $(STAMP)  ## the orchestrator killed at every line of its journal, and every fault in turn, on the lab (10 minutes)
	$(BIN)/pytest $(BY_FILE) -m matrix

drills: $(STAMP)  ## what only root can try, with Debian's own sudo; needs apt-get install sudo nftables openssh-server rsync systemd dbus
	@if [ "$$(id -u)" != 0 ]; then \
		echo "seawall: make drills needs root; it changes nothing outside namespaces of its own. Nothing was run." >&2; exit 2; fi
	@for program in visudo nft unshare sshd rsync systemd-analyze dbus-daemon; do PATH=$$PATH:/usr/sbin command -v "$$program" >/dev/null || { \
		echo "seawall: make drills needs $$program (Debian, Ubuntu: apt-get install sudo nftables util-linux openssh-server rsync systemd dbus)." >&2; exit 2; }; done
	$(BIN)/pytest -m "root and not matrix"

env: $(STAMP)  ## .venv, as requirements.lock says

$(STAMP): pyproject.toml $(LOCKED)
	@# compat: one line in a .pth file, instead of an import hook that every start of `seawall` would pay for.
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $@
	@echo "seawall: .venv is ready."

$(LOCKED): requirements.lock
	@if [ -z "$(PYTHON)" ]; then \
		echo "seawall: no Python 3.11, 3.12 or 3.13 found on PATH." >&2; \
		echo "  Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or say which: make env PYTHON=/path/to/python3.12" >&2; \
		exit 2; fi
	@if ! "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "seawall: $(PYTHON) cannot make a virtual environment: its ensurepip is missing." >&2; \
		echo "  Install it (Debian, Ubuntu: apt-get install python3-venv), then run make again." >&2; \
		exit 2; fi
	@echo "seawall: making .venv with $$("$(PYTHON)" --version)."
	@echo "  Downloads about 170 MB from the Python package index, once; 650 MB on disk. One to three minutes."
	@"$(PYTHON)" -m venv .venv
	@# As constraints too: pip 23 takes `sqlalchemy[asyncio]` for another package than the sqlalchemy that is pinned.
	@$(BIN)/python -m pip install -qq --require-hashes --only-binary :all: -r requirements.lock -c requirements.lock || { \
		echo "seawall: the packages could not be installed; nothing outside .venv was changed." >&2; \
		echo "  With no network, or an index that lacks a version: see the lines above. Then run make again; it goes on where it stopped." >&2; \
		exit 2; }
	@touch $@

$(AXE): tests/axe.lock $(LOCKED)
	@$(BIN)/python -m pip install -qq --no-deps --only-binary :all: --require-hashes --upgrade --target .venv/axe -r $<
	@touch $@

$(FUZZ): tests/fuzz.lock $(LOCKED)
	@$(BIN)/python -m pip install -qq --no-deps --only-binary :all: --require-hashes --upgrade --target .venv/fuzz -r $<
	@touch $@

soak: $(STAMP)  ## simulated incidents with other seeds each time: make soak FOR=10m
	$(BIN)/python -m tests.simulation.soak $(or $(FOR),1m)

demo: $(STAMP)  ## starts the lab, breaks it, rescues it, shows the report
	$(BIN)/seawall demo

bench: $(STAMP)  ## side-by-side measurements, into bench/results/
	$(BIN)/python -m bench

golden: $(STAMP)  ## rewrites tests/golden; read the diff before committing it
	SEAWALL_GOLDEN=rewrite $(BIN)/pytest -q -m golden

lock:  ## requirements.lock from pyproject.toml, keeping what need not change; UPGRADE=--upgrade takes the newest
	@command -v uv >/dev/null || { echo "seawall: make lock needs uv (pipx install uv)." >&2; exit 2; }
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet \
		--all-extras $(UPGRADE) --output-file requirements.lock pyproject.toml

clean:  ## everything that can be made again, .venv too
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
