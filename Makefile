# Each target sets itself up: a virtual environment in .venv, then what requirements*.txt name.
PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
# On all cores and without the tests of libraries: a third of the time that pip takes. Processes that read
# files of others may not write, and would compile what they need again and again.
COMPILE := $(BIN)/python -m compileall -q -j 0 -x /tests/ $(VENV)/lib capgap_geo || true

.DEFAULT_GOAL := help
.PHONY: help run test lint suite bench bench-ui load fuzz docs data clean

help:
	@echo "make run    the app on http://localhost:$(PORT)"
	@echo "make test   lint, then the whole test suite, browser tests included"
	@echo "make lint   ruff, mypy, import contracts, known vulnerabilities of what is installed"
	@echo "make bench  speed as a ratio to named peers (installs the peers)"
	@echo "make bench-ui  what a reader waits for, in a browser"
	@echo "make load   100 readers for ten minutes, 200 for one, one who brings large files; on this machine"
	@echo "make fuzz   100,000 hostile files against the readers"
	@echo "make docs   the documents, into site/"
	@echo "make data   rebuild every data package from its inputs"

$(VENV)/.app: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	$(PIP) -r requirements.txt
	$(PIP) --no-deps -e .
	$(COMPILE)
	@touch $@

$(VENV)/.dev: $(VENV)/.app requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	$(COMPILE)
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements-bench.txt
	$(PIP) -r requirements-bench.txt
	@touch $@

run: $(VENV)/.app
	$(BIN)/python -m streamlit run app.py --server.port $(PORT)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tests/audit.py

test: $(VENV)/.dev
	$(MAKE) --no-print-directory --jobs 2 lint suite

suite: $(VENV)/.dev
	sh tests/ensure_browser.sh $(BIN)/python
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

$(VENV)/.docs: $(VENV)/.app requirements-docs.txt
	$(PIP) -r requirements-docs.txt
	@touch $@

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

bench-ui: $(VENV)/.dev
	sh tests/ensure_browser.sh $(BIN)/python
	$(BIN)/python -m benchmarks.ui

load: $(VENV)/.dev
	$(BIN)/python -m benchmarks.load --save

fuzz: $(VENV)/.dev
	$(BIN)/python benchmarks/fuzz_uploads.py --inputs 100000

data: $(VENV)/.dev
	set -e; for p in boundaries travel population facilities incidents zones; do $(BIN)/python data/$$p/build.py; done

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .cache build *.egg-info
