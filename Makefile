# Everything from a fresh machine with Python 3.11-3.13 and make: `make demo`, `make test`.
# The environment is .venv; uv makes it, from the PATH where it is there, else from .uv.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help install demo check format test test-all test-long test-train test-litellm clean distclean

BIN := .venv/bin
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
# One more than there are cores, as many tests wait for others; each holds up to 1 GB.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 4 ? n + 1 : 5)))
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist worksteal
FIND_PYTHON := for python in $$PYTHON python3 python3.13 python3.12 python3.11 python; do \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && break; python=; done; if [ -z "$$python" ]; then \
	echo "chiasm needs Python 3.11, 3.12 or 3.13 and finds none of them on the PATH." >&2; \
	echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; fi
# --inexact: what somebody added by hand (torch, an extra, the development tools) stays.
# The second try trusts the machine's own certificates, as behind a company's proxy.
SYNC = echo "Installing into .venv what uv.lock names"; $(UV) sync --quiet --frozen --inexact $(1) \
	|| UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 $(UV) sync --quiet --frozen --inexact $(1)

# Tests with torch have an environment of their own, so that `make test` never needs it. torchvision's
# build must match torch's; it lies beside, since most families are to work without it.
TRAIN := .venv-train
TORCH := torch==2.13.0
TORCHVISION := torchvision==0.28.0
LITELLM := .venv-litellm
LITELLM_VERSION := 1.106.2

export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
export PYTHON
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

help:
	@echo "make demo      the offline story: sets up what it needs, writes demo/report.html"
	@echo "make test      all tests that are quick, under 5 minutes"
	@echo "make test-all  and kill, fault, browser and server tests, under 20 minutes"
	@echo "make test-long  the same with ten kills, whole benchmarks and 10,000 broken inputs"
	@echo "make test-train  local models on tiny checkpoints: torch for the CPU in .venv-train"
	@echo "make test-litellm  the gateway behind a LiteLLM proxy that really runs"
	@echo "make check     ruff, ruff format, mypy --strict"
	@echo "make install   .venv with chiasm and the development tools"
	@echo "make format    let ruff rewrite what it can"
	@echo "make clean     remove caches and demo/;  make distclean: .venv and .uv too"

demo: .venv/.runtime
	$(BIN)/chiasm demo

install: .venv/.dev

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: .venv/.dev
	$(PYTEST) -m "not slow and not long"

test-all: .venv/.dev
	$(PYTEST) -m "not long"

test-long: .venv/.dev
	$(PYTEST) -m long

test-train: $(TRAIN)/.ready
	$(TRAIN)/bin/pytest -m train
	CHIASM_TEST_TORCHVISION=$(TRAIN)/torchvision \
		$(TRAIN)/bin/pytest -m train tests/models/local/test_families.py

test-litellm: .venv/.dev $(LITELLM)/.ready
	CHIASM_TEST_LITELLM=$(LITELLM)/bin/litellm $(BIN)/pytest tests/guard/test_litellm.py

clean:
	rm -rf demo dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv .uv $(TRAIN) $(LITELLM)

.venv/.runtime: pyproject.toml uv.lock | .venv/bin/python
	@$(call SYNC,--no-dev)
	@touch $@

.venv/.dev: pyproject.toml uv.lock | .venv/bin/python
	@$(call SYNC,)
	@touch .venv/.runtime $@

# The CPU build of torch comes from where pip is told to look for wheels, else from PyTorch's index.
$(TRAIN)/.ready: pyproject.toml uv.lock | $(UV)
	@$(FIND_PYTHON); echo "Making $(TRAIN) with $$("$$python" --version) and $(TORCH) for the CPU"; \
	"$(UV)" venv --quiet --allow-existing --python "$$python" $(TRAIN); \
	links=$$("$$python" -m pip config get global.find-links 2>/dev/null); \
	set -- pip install --quiet --python $(TRAIN)/bin/python; \
	if [ -n "$$links" ]; then set -- "$$@" --find-links "$$links"; \
	else set -- "$$@" --torch-backend cpu; fi; \
	"$(UV)" export --quiet --frozen --extra local --extra train --extra diffusers --extra embed --prune torch --no-hashes --no-annotate \
		--no-emit-project --output-file $(TRAIN)/constraints.txt && \
	"$(UV)" "$$@" $(TORCH) && \
	"$(UV)" "$$@" -c $(TRAIN)/constraints.txt --group dev --editable '.[local,train,diffusers,embed]' num2words && \
	"$(UV)" "$$@" --no-deps --target $(TRAIN)/torchvision $(TORCHVISION)
	@touch $@

# LiteLLM's and Inspect's openai packages exclude each other: the proxy has an environment of its own.
$(LITELLM)/.ready: | $(UV)
	@$(FIND_PYTHON); echo "Making $(LITELLM) with LiteLLM $(LITELLM_VERSION)"; \
	"$(UV)" venv --quiet --allow-existing --python "$$python" $(LITELLM); \
	set -- pip install --quiet --python $(LITELLM)/bin/python 'litellm[proxy]==$(LITELLM_VERSION)'; \
	"$(UV)" "$$@" || UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 "$(UV)" "$$@"
	@touch $@

.venv/bin/python: | $(UV)
	@$(FIND_PYTHON); echo "Making .venv with $$("$$python" --version)"; \
	"$(UV)" venv --quiet --allow-existing --python "$$python" .venv

.uv/bin/uv:
	@$(FIND_PYTHON); echo "No uv on the PATH: installing one into .uv"; \
	"$$python" -m venv .uv || { \
	echo "$$python has no venv module: on Debian and Ubuntu, apt install python3-venv" >&2; \
	rm -rf .uv; exit 1; }; .uv/bin/pip install --quiet --disable-pip-version-check uv
