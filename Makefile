# Every target sets up .venv by itself; nothing needs to be done before.
PYTHON ?= python3
BIN := .venv/bin
# what is compiled is kept, whatever the environment says: the tests start many processes
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup run test bench prove

setup: .venv/installed

.venv/installed: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

run: setup
	$(BIN)/python -m explorer

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tests/browser.py
	$(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/journeys
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/journeys

bench: setup
	$(BIN)/python tests/browser.py
	$(BIN)/python -m benchmarks

prove: setup
	$(BIN)/python tests/browser.py
	EXPLORER_PROVE=1 $(BIN)/python -m pytest -m "prove or not prove"
