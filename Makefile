# Everything runs from a virtual environment of the project's own; `make` targets create it when it is missing.
VENV := .venv
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $$p && break; done)
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
OUT ?= out/demo
# One thread per process: parallelism is over stands and models, and two threads fight on a small machine.
export OMP_NUM_THREADS := 1

.PHONY: demo test test-cluster check bench bench-simulator bench-k3s clean
.DEFAULT_GOAL := demo

$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or 3.12 found; install one, or name it: make PYTHON=/path/to/python"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement pyproject.toml --extra dev --constraint constraints.txt
	@touch $@

demo: $(INSTALLED)  ## the main job on simulated stands: fill, fit, rank, compare
	$(BIN)/python -m learners demo --out $(OUT)

# Without a cluster, what only runs on one or in its pods (clusters/k3s, clusters/synthetic) counts as not covered: 84 %.
test: $(INSTALLED)  ## every test, with coverage
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered --cov-fail-under=84

test-cluster: $(INSTALLED)  ## what the variables GYM_* open: tests on a real Kubernetes, Prometheus, collector and their definitions
	$(BIN)/python -m pytest tests/cluster tests/integration/clusters tests/unit/clusters/k3s $(PYTEST_OPTIONS)

check: $(INSTALLED)  ## what CI checks besides the tests
	$(BIN)/ruff format --no-cache --check .
	$(BIN)/ruff check --no-cache .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED)  ## measured figures: writes bench/*.json
	$(BIN)/python -m tests.benchmarks.main_job

bench-simulator: $(INSTALLED)  ## speed, accuracy and memory of the simulator: writes bench/simulator.json
	$(BIN)/python -m tests.benchmarks.simulator

bench-k3s: $(INSTALLED)  ## live stands on the cluster that GYM_KUBECONFIG names: writes bench/k3s.json
	$(BIN)/python -m tests.benchmarks.k3s

clean:  ## removes the environment and everything that was produced
	rm -rf $(VENV) out build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage
