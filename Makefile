# Everything a fresh machine needs: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Where the demo keeps its state; thrown away by `make clean`.
DEMO_STATE ?= .demo
# How many tests run at a time; most of them wait for processes.
JOBS ?= 3

.PHONY: help demo up test full lint clean

help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

demo: $(VENV)/.demo  ## set up, turn one bus message into a result, show it, stop everything
	$(BIN)/checkotron demo --state $(DEMO_STATE)

up: $(VENV)/.demo  ## set up, start everything, keep it running until Ctrl-C
	$(BIN)/checkotron up

test: $(VENV)/.test  ## set up what tests need, run them
	$(BIN)/python -m pytest -m "not full" -n $(JOBS) --dist loadscope $(TESTS)

full: $(VENV)/.test  ## those that need minutes, podman or a Debian mirror
	bash .ci/packages full
	$(BIN)/python -m pytest -m full $(TESTS)

lint: $(VENV)/.test  ## style, imports, types
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy checks reporting runner trigger

clean:  ## remove the virtual environment and the demo's state
	rm -rf $(VENV) $(DEMO_STATE) .test-state

# A stamp a purpose, renewed when what is asked for changes.
$(VENV)/.demo: setup.cfg setup.py .ci/packages
	bash .ci/packages demo
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.test: setup.cfg setup.py .ci/packages
	bash .ci/packages test
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@
