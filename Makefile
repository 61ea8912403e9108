# Each target sets itself up: a virtual environment in .venv, then what requirements*.txt name.
PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test lint bench fuzz data clean

help:
	@echo "make run    the app on http://localhost:$(PORT)"
	@echo "make test   lint, then the whole test suite, browser tests included"
	@echo "make lint   ruff, mypy, import contracts"
	@echo "make bench  speed as a ratio to named peers (installs the peers)"
	@echo "make fuzz   100,000 hostile files against the readers"
	@echo "make data   rebuild every data package from its inputs"

$(VENV)/.app: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.app requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements-bench.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

run: $(VENV)/.app
	$(BIN)/python -m streamlit run app.py --server.port $(PORT)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: lint
	sh tests/ensure_browser.sh $(BIN)/python
	$(BIN)/python -m pytest -n 2 --dist loadgroup

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.dev
	$(BIN)/python benchmarks/fuzz_uploads.py --inputs 100000

data: $(VENV)/.dev
	set -e; for p in boundaries travel population facilities incidents zones; do $(BIN)/python data/$$p/build.py; done

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .cache build *.egg-info
