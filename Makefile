# `make demo` shows the main job (MODEL=... with another model: its id or folder); `make test` proves it.
# Windows without make: see README.md.
PYTHON ?= python3
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-isa lint benchmark clean

demo: $(VENV)/.demo
	$(VENV)/bin/python -m demo $(if $(MODEL),--model "$(MODEL)")

test: $(VENV)/.test
	$(VENV)/bin/ruff check .
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n 2 --dist loadfile

# The tests that train a network, with every instruction set of this processor: half an hour. Not part of `test`.
test-isa: $(VENV)/.test
	$(VENV)/bin/python Testing/isa.py

lint: $(VENV)/.test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/pyright --pythonpath $(VENV)/bin/python

benchmark: $(VENV)/.test
	$(VENV)/bin/python -m benchmarks

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	@echo "Setting up (the first time takes a minute or two) ..."
	$(PIP) -e ".[fast,demo]"
	@touch $@

$(VENV)/.test: pyproject.toml training/pyproject.toml | $(VENV)/bin/python
	@echo "Setting up (the first time takes some minutes; torch is large) ..."
	$(PIP) -e ".[torch,fast,demo,cluster,server,ldm,test]" -e "./training[peers,federated]"
	@touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) demo-output .cache
