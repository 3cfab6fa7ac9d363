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

# What make test is made of: the checks, and the tests in parts. Each part is a pytest of its own, which loads and collects
# only what is its own: workers that each collect everything took a tenth of the time for that. The longest come first.
# A part of what no other part has is the last, so that no folder is forgotten.
CHECKS := lint format scripts types
UNITS := answers runs pages house rest ui components
JOURNEYS := journeys-lasting journeys-rest
components := tests/components
pages := tests/explorer/ui/pages
answers := tests/explorer/answers tests/explorer/analysis tests/models
runs := tests/explorer/runs tests/explorer/processes
house := $(wildcard tests/test_*.py) tests/explorer/charts tests/explorer/i18n tests/explorer/lessons
ui := tests/explorer/ui
ui-without := $(pages)
rest := tests
rest-without := tests/journeys $(components) $(ui) $(answers) $(runs) $(house)
journeys-lasting := $(addprefix tests/journeys/,optimizers test_lasting_journey.py test_writing_journey.py \
	test_walk_journey.py test_gradients_journey.py test_memory_journey.py test_still_journey.py test_lecture_journey.py \
	test_words_journey.py test_tokenizers_journey.py test_translate_journey.py test_foreign_journey.py \
	test_embeddings_journey.py)
journeys-rest := tests/journeys
journeys-rest-without := $(journeys-lasting)
PARTS := $(UNITS) $(JOURNEYS)

.PHONY: setup run test $(CHECKS) $(PARTS) tests journeys bench prove lock

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

# Three at once, and not two: a test waits half of its time, for a host or a browser. Journeys last, as anything else
# beside them makes browsers late, and two at once: of three, one in each run lost a press, and they took as long. Every
# part is run to its end, whatever the others find.
test: setup
	$(BIN)/python tests/browser.py
	@found=0; begun=$$(date +%s); \
	$(MAKE) --no-print-directory --keep-going --jobs 3 $(CHECKS) $(UNITS) || found=1; \
	$(MAKE) --no-print-directory --keep-going --jobs 2 $(JOURNEYS) || found=1; \
	echo "== all of it after installing: $$(($$(date +%s) - begun)) s"; exit $$found

tests: setup
	@$(MAKE) --no-print-directory --keep-going --jobs 3 $(UNITS)

journeys: setup
	@$(MAKE) --no-print-directory --keep-going --jobs 2 $(JOURNEYS)

# what a part prints comes when it is over, in one piece
$(PARTS): setup
	@mkdir -p build/tests; \
	$(BIN)/python -m pytest -p no:xdist -p no:cacheprovider --durations 10 $($@) $(addprefix --ignore ,$($@-without)) \
		> build/tests/$@.txt 2>&1; code=$$?; \
	echo "== $@"; cat build/tests/$@.txt; exit $$code

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
