# Run `make` for a list of targets. Everything is made below this folder: .venv, typings, .cache, build.

# The Python that makes .venv: the first of these that is 3.11 or later. PYTHON=... chooses another one.
ifeq ($(strip $(PYTHON)),)
PYTHON := $(or $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; \
	done),python3)
endif
PY := .venv/bin/python

# NO_I386=1 leaves out the 32-bit interpreter, for machines that cannot run i386 programs (arm64, some containers).
export NO_I386

.DEFAULT_GOAL := help
.PHONY: help setup demo test board-test powercut bench check firmware clean distclean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-10s %s\n' "$$name" "$$text"; done
	@echo; echo '  NO_I386=1   leave out the 32-bit interpreter, where i386 programs do not run'
	@echo '  PYTHON=...  the Python (3.11 or later) that makes .venv'

setup: ## make .venv, install the pinned tools, find or fetch MicroPython; quick when all is there
	@command -v $(PYTHON) >/dev/null || { echo 'setup: no python3 here: apt-get install python3' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'setup: $(PYTHON) is too old, Python 3.11 or later is needed; PYTHON=... names one' >&2; exit 1; }
	@$(PYTHON) -m tools.setup

demo: setup ## watch a virtual board register with a local cloud, report and obey; Ctrl-C ends it
	@$(PY) -m tools demo

test: setup ## all tests: CPython, MicroPython 64-bit and i386; prints the counts of each
	@$(PY) -m host_tests.run_all

powercut: setup ## power cuts at every flash operation, torn in many ways (POWERCUT_SEEDS=10); prints N of N
	@POWERCUT=full POWERCUT_SEEDS=$${POWERCUT_SEEDS:-10} $(PY) -m pytest -q -s host_tests/e2e -k 'power_cut or cuts'

board-test: setup ## tests on a real board: PORT=/dev/ttyUSB0 CLOUD=this-machine-as-the-board-finds-it ARGS=...
	@$(PY) -m pytest host_tests/board -n 0 --port "$(PORT)" --cloud "$(CLOUD)" $(ARGS)

bench: setup ## what a telemetry costs beside other clients, update speed, a soak; writes host_tests/bench/RESULTS.md
	@$(PY) -m host_tests.bench

check: setup ## lint, types, layers, banned constructs, bytes of every device module
	@$(PY) -m tools check

firmware: setup ## build an image with the agent frozen in, BOARD=XYTE_ESP32; without BOARD: list the boards
	@$(PY) -m tools firmware $(BOARD)

clean: ## remove what building and testing left
	rm -rf build .hypothesis .pytest_cache .ruff_cache .cache/tests
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## remove everything that make made, .venv and the interpreters too
	rm -rf .venv .cache typings
