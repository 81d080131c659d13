# Everything a fresh machine needs: Python >= 3.10 with venv, and make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Real images for the demo, for example: make demo DATA=path/to/NEU-DET
DATA ?=
OUT ?= runs/demo

.PHONY: install demo test examples lint format docs results wheel clean

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# What the demo and the tests need.
$(VENV)/.installed: setup.py | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --editable ".[test,station]"
	touch $@

# What else is needed to work on the package: .lint and .docs.
$(VENV)/.%: pyproject.toml | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --group $*
	touch $@

install: $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/rkd-keras demo --out $(OUT) --overwrite $(if $(DATA),--data $(DATA))

# Whole files, so that what a file's tests share is made once; tests/conftest.py
# puts the long ones first.
test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# Every example once, as it stands; they are part of `make test` too.
examples: $(VENV)/.installed
	$(BIN)/python -m pytest tests/test_examples.py

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Every table and figure of results out of the rows under docs/results.
results: $(VENV)/.installed
	$(BIN)/python docs/make_results.py

docs: $(VENV)/.installed $(VENV)/.docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

wheel: $(VENV)/.installed
	rm -rf build dist
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf build dist .pytest_cache .ruff_cache *.egg-info
