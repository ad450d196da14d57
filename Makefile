# Two commands: `make demo` shows the city at work, `make test` proves it. Both set everything up.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1

.NOTPARALLEL:
.PHONY: help setup setup-run demo test check bench clean

help:
	@echo "make demo    set up and run a city: relay, ambulances, hospital page (Ctrl-C ends it)"
	@echo "make test    set up and run every check and test"
	@echo "make setup   set up for development"
	@echo "make check   format, lint, types, floors, JavaScript types, house tests"
	@echo "make bench   figures of the link and the screen"
	@echo "make clean   remove what make made"

.tools/bin/uv:
	@echo "kyumei: fetching uv (once) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; set PYTHON=python3.12 or so." >&2; exit 1; }
	@$(PYTHON) -m venv .tools \
	  || { echo "Python's venv module is needed: on Debian, apt-get install python3-venv." >&2; exit 1; }
	@.tools/bin/pip install --quiet --disable-pip-version-check uv

.venv/.run: pyproject.toml uv.lock | $(filter .tools/%,$(UV))
	@echo "kyumei: installing what the product needs …"
	@$(UV) sync --locked --no-dev --inexact --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

.venv/.dev: pyproject.toml uv.lock | $(filter .tools/%,$(UV))
	@echo "kyumei: installing what development needs …"
	@$(UV) sync --locked --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@ .venv/.run

# the screen's kernels, compiled once for everybody: no relay and no test has to
.venv/.kernels: uv.lock $(wildcard signal/ecg/*.py signal/ecg/kernels/*.py)
	@echo "kyumei: compiling the screen's kernels …"
	@$(BIN)/python -m ecg.kernels
	@touch $@

setup-run: .venv/.run .venv/.kernels

setup: .venv/.dev .venv/.kernels

demo: setup-run
	@exec $(BIN)/kyumei demo

check: setup
	@scripts/check

test: setup
	@scripts/check
	@scripts/fault_tools
	@scripts/other_browsers
	@KYUMEI_CHROMIUM="$$(scripts/chromium)" && export KYUMEI_CHROMIUM && exec $(BIN)/pytest -q -n 2 --dist loadfile --ignore=tests/house

bench: setup
	@$(BIN)/kyumei bench screen
	@$(BIN)/kyumei bench link

clean:
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache scripts/tsc/node_modules
