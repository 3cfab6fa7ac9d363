# Every target sets up .venv by itself; nothing needs to be done before.
PYTHON ?= python3
BIN := .venv/bin
# The build of torch: cpu, or cuda as PyPI has it for Linux (4 GB more). What is installed stays until another is named.
INSTALLED := $(or $(shell cat .venv/installed 2>/dev/null),cpu)
TORCH ?= $(INSTALLED)
CPU_WHEELS := https://download.pytorch.org/whl/cpu
# the linter of the components' scripts; where there is no npm they are not linted, and `make test` says so
BIOME := @biomejs/biome@2.6.8
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# what is compiled is kept, whatever the environment says: the tests start many processes
export PYTHONDONTWRITEBYTECODE :=

# what make test is made of, besides tests and journeys
CHECKS := lint format scripts types

.PHONY: setup run test $(CHECKS) tests journeys bench prove lock

setup: .venv/installed

ifneq ($(TORCH),$(INSTALLED))
.PHONY: .venv/installed
endif

# All but torch from the lock, which names every package with its hashes and leaves out what nothing here imports.
# torch by its version alone: its CPU build for Linux is not on PyPI, and each build has other hashes. Only on Linux is
# PyTorch's own index asked, and only if it answers: pip would wait minutes for one that does not.
.venv/installed: requirements.txt requirements.lock
	@case "$(TORCH)" in cpu|cuda) ;; *) echo "TORCH=$(TORCH) is no build of torch; use cpu or cuda"; exit 2 ;; esac
	$(PYTHON) -m venv .venv
	$(PIP) --no-deps --require-hashes -r requirements.lock
	test "$(TORCH)" = "$(INSTALLED)" || $(BIN)/python -m pip uninstall --quiet --yes torch
	wheels=; \
	if [ "$(TORCH)" = cpu ] && [ "$$(uname)" = Linux ]; then \
		if $(BIN)/python -c "import urllib.request as web; web.urlopen('$(CPU_WHEELS)/torch/', timeout=5)" 2>/dev/null; \
		then wheels="--extra-index-url $(CPU_WHEELS)"; \
		else echo "$(CPU_WHEELS) does not answer; torch comes from where pip is set to look"; fi; \
	fi; \
	$(PIP) $$wheels "$$(grep '^torch==' requirements.txt)"
	if command -v npm > /dev/null; then npm install --silent --no-audit --no-fund --prefix .venv/node $(BIOME) || \
		echo "$(BIOME) could not be installed; the components' scripts are not linted"; fi
	$(BIN)/python -m explorer.measure.layouts || echo "UMAP could not be compiled; a dashboard compiles it when it is first needed"
	echo $(TORCH) > $@

# after a change of requirements.txt; needs uv
lock:
	uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes --no-annotate --quiet \
		--no-emit-package torch --custom-compile-command "make lock" --output-file requirements.lock

run: setup
	$(BIN)/python -m explorer

# The checks one after the other, beside the tests: the longest, that of types, has work for one core alone. Journeys after
# both, as anything beside them makes browsers late. Every part is run to its end, whatever the others find. More tests at
# once than cores: a test waits half of its time, for a host or a browser.
test: setup
	$(BIN)/python tests/browser.py
	@found=0; \
	$(MAKE) --no-print-directory --keep-going --jobs 2 tests $(CHECKS) || found=1; \
	$(MAKE) --no-print-directory journeys || found=1; \
	exit $$found

# in the order of tests/journeys/conftest.py, the longest file first
journeys: setup
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations 30 tests/journeys

tests: setup
	$(BIN)/python -m pytest -n 3 --dist worksteal --durations 30 --ignore tests/journeys

types: setup
	$(BIN)/mypy

lint: setup
	$(BIN)/ruff check .

format: setup
	$(BIN)/ruff format --check .

scripts: setup
	$(BIN)/python tests/scripts.py

bench: setup
	$(BIN)/python tests/browser.py
	$(BIN)/python -m benchmarks

prove: setup
	$(BIN)/python tests/browser.py
	EXPLORER_PROVE=1 $(BIN)/python -m pytest -m "prove or not prove"
