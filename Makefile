# One entry for people and for CI: `make demo` and `make test` are all that a newcomer needs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo
# of the demo: small (a part of the suite quick) or full (all of it)
SIZE ?= small
SUITE := $(if $(filter full,$(SIZE)),quick,$(if $(filter small,$(SIZE)),demo,$(error SIZE is '$(SIZE)', must be small or full)))
# exact (as tested), newest or lowest: which versions of the libraries are installed
VERSIONS ?= exact
CONSTRAINTS := -c tools/constraints/$(VERSIONS).txt

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint type docs chaos ci bench clean

help:
	@echo 'make setup   install everything into $(VENV)'
	@echo 'make demo    run the suite demo on this machine; tables and a page appear in $(DEMO)/'
	@echo '             (SIZE=full: the suite quick, which contains it)'
	@echo 'make test    all tests'
	@echo 'make lint    style and import layers'
	@echo 'make type    types'
	@echo 'make docs    the documentation site, in site/'
	@echo 'make chaos   kill and freeze runs at random moments, and compare their records; an hour or more'
	@echo 'make ci      lint, type, docs and test'
	@echo 'make bench   benchmarks of speed, an hour on a quiet machine; tables appear in bench/'

setup: $(VENV)/.installed

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(None if ok else f"Python 3.11 to 3.13 is needed, $(PYTHON) is {sys.version.split()[0]}: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

# mmpose without its own requirements: two of them do not install on a current Python; TrackEval
# likewise: it asks for another numpy than OpenCV does.
# The headless OpenCV last: the other build, which a dependency brings, needs a desktop's libGL.
$(VENV)/.installed: pyproject.toml tools/constraints/$(VERSIONS).txt | $(VENV)/bin/pip
	$(BIN)/pip install --quiet $(CONSTRAINTS) --editable .
	$(BIN)/pip install --quiet --no-deps mmpose==1.3.2 trackeval==1.3.0
	$(BIN)/pip install --quiet --no-deps --force-reinstall opencv-python-headless==4.12.0.88
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet $(CONSTRAINTS) --editable '.[dev]'
	@touch $@

demo: setup
	$(BIN)/tbench run --suite $(SUITE) --data-root $(DEMO)/data --results $(DEMO)/results --work-dir $(DEMO)/work
	$(BIN)/tbench report --suite $(SUITE) --results $(DEMO)/results --work-dir $(DEMO)/work --out $(DEMO)
	@echo
	@cat $(DEMO)/$(SUITE).md
	@echo
	@echo 'Open $(DEMO)/$(SUITE).html in a browser.'

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

type: $(VENV)/.installed-dev
	$(BIN)/mypy

docs: $(VENV)/.installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# needs gcc, Linux, and root for process spaces of their own
chaos: $(VENV)/.installed-dev
	$(BIN)/pip install --quiet $(CONSTRAINTS) --editable '.[ray]'
	$(BIN)/python -m tools.chaos kills
	$(BIN)/python -m tools.chaos cluster
	$(BIN)/python -m tools.chaos nodes
	$(BIN)/python -m tools.chaos spread --ways ray
	$(BIN)/python tools/fuzz_inputs.py

ci: lint type docs test

# each prints a Markdown table; BENCH="cells kept" runs some of them
BENCH ?= commands cells kept evaluation users_way roofline probes checks report
bench: setup
	@mkdir -p bench
	@for name in $(BENCH); do echo "$$name"; \
	  OMP_NUM_THREADS=1 $(BIN)/python tools/bench/$$name.py > bench/$$name.md || exit 1; \
	  cat bench/$$name.md; done

clean:
	rm -rf $(VENV) $(DEMO) site
