# The project's commands. Each does all of its own set-up; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
export PATH := $(BIN):$(PATH)
export OMP_NUM_THREADS ?= 1
KEEP ?= 0
# A worker takes whole files, in the order of tests/order.py: those that take long first. Three of them keep two
# cores busy: a test waits for processes and servers for a third of its time.
WORKERS := -n 3 --dist loadfile --no-loadscope-reorder
UPGRADE ?= 0
# Tests start hundreds of processes, and a benchmark measures some: each finds the project compiled, whatever the
# caller's shell has set.
check test test-all bench-preview: export PYTHONDONTWRITEBYTECODE :=

# A base that this clone does not know is told by tools.check itself.
BASE ?= origin/main

.PHONY: help setup check hooks scaffold azure-cli demo test test-all test-containers test-databases test-kubernetes test-spark lint typecheck format lock clean golden docs bench-scoring bench-emulator bench-batch bench-fleet bench-preview bench-quality

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## the virtual environment and the Pulumi CLI (done by the other targets as well)
	@$(PYTHON) tools/bootstrap/environment.py
	@$(PYTHON) tools/bootstrap/pulumi.py

azure-cli: setup  ## the Azure command line, for `python -m emulator run -- az` (some 400 MB in the user's cache)
	@$(BIN)/python tools/bootstrap/azure_cli.py

demo: setup  ## the whole estate on this machine: up, train, deploy, score (KEEP=1 leaves it running)
	@$(BIN)/python -m demo $(if $(filter-out 0,$(KEEP)),--keep,)

check: setup  ## style, types and the nearest tests of what changed, in about a minute (BASE=origin/main)
	@$(BIN)/python -m tools.check --base $(BASE)

hooks: setup  ## what the gate asks of changed files, before each commit
	@$(BIN)/pre-commit install

test: setup  ## the tests that a change has to pass
	@$(BIN)/python -m pytest tests $(WORKERS) -m "not slow and not containers and not databases and not kubernetes and not spark"

test-all: setup  ## all tests, those that take long too
	@$(BIN)/python -m pytest tests $(WORKERS) -m "not containers and not databases and not kubernetes and not spark"

test-containers: setup  ## the scoring image, built and run with its limits by podman (made ready when root)
	@$(BIN)/python -m tools.containers
	@$(BIN)/python -m pytest tests/containers -m containers

test-databases: setup  ## predictions by key in a real PostgreSQL server (installed when root, started, stopped)
	@$(BIN)/python -m tools.databases
	@$(BIN)/python -m pytest tests/databases -m databases

test-kubernetes: setup  ## production's manifests on a real cluster (KUBECONFIG, or a node that it builds when root)
	@$(if $(KUBECONFIG),,$(BIN)/python -m tools.containers && $(BIN)/python -m tests.kubernetes.image)
	@$(BIN)/python -m tools.kubernetes -- $(BIN)/python -m pytest tests/kubernetes -m kubernetes

test-spark: setup  ## batches and feature tables in Spark, executors as processes (Java 17; 1.1 GB in the user's cache)
	@$(PYTHON) tools/bootstrap/spark.py > /dev/null
	@$(BIN)/python -m pytest tests/ml/batch/spark tests/ml/features/spark tests/emulator/spark -m spark

lint: setup  ## ruff, Dockerfiles, workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/hadolint environments/*/Dockerfile
	@$(PYTHON) tools/bootstrap/actionlint.py

typecheck: setup  ## pyright, strict
	@$(BIN)/pyright

format: setup  ## format and mend what ruff can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

golden: setup  ## write the accepted graphs of stage and prod anew: read the diff
	@$(BIN)/python -m infra.graph stage prod --to tests/infra/golden

docs: setup  ## write docs/emulator.md and the tables of docs/estate.md and docs/data.md anew from the code
	@$(BIN)/python -m emulator.docs
	@$(BIN)/python -m tools.estate_docs
	@$(BIN)/python -m tools.data_docs
	@$(BIN)/python -m tools.review_docs
	@$(BIN)/python -m tools.gateway_openapi

bench-scoring: setup  ## what a score costs beside other servers, and whether the goals are met (ARGS="--quick")
	@$(BIN)/python -m benchmarks.scoring $(ARGS)

bench-emulator: setup  ## what the emulator costs, and whether its goals are met (ARGS="--json FILE")
	@$(BIN)/python -m benchmarks.emulator $(ARGS)

bench-batch: setup  ## what a batch costs beside peers, file to table (ARGS="--most 50000000")
	@$(BIN)/python -m benchmarks.batch $(ARGS)

bench-fleet: setup  ## a fleet of 1,000 models beside one model, by turns (ARGS="--models 100 --rounds 3")
	@$(BIN)/python -m benchmarks.fleet $(ARGS)

bench-quality: setup  ## the daily report over 10 million answers beside peers' own (ARGS="--sizes 100000")
	@$(BIN)/python -m benchmarks.quality $(ARGS)

bench-preview: setup  ## what a preview and an `up` of the estate cost beside peers (ARGS="--peer CHECKOUT")
	@$(BIN)/python -m benchmarks.preview $(ARGS)

scaffold: setup  ## begin one more type of the emulator (TYPE=Microsoft.X/y, TOKEN=module:Name where asked for)
	@$(BIN)/python -m tools.scaffold $(TYPE) $(if $(TOKEN),--token $(TOKEN),)

lock: setup  ## compile the requirement files from pyproject.toml; what is pinned stays (UPGRADE=1: the newest)
	@$(PYTHON) tools/bootstrap/lock.py $(if $(filter-out 0,$(UPGRADE)),--upgrade,)

clean:  ## end what runs and remove all that was made in this checkout
	@if [ -x $(BIN)/python ] && [ -d .emulator ]; then $(BIN)/python -m emulator down; fi
	@rm -rf .emulator .build .venv .pytest_cache .ruff_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
