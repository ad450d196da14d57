# Two commands: `make demo` shows the city at work, `make test` proves it. Both set everything up.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1
# whoever may not write beside the sources, or will not, would compile them anew at every start
export UV_COMPILE_BYTECODE := 1
ROOMS := relay ambulance_client hospital_viewer live119 browser_kit signal sample_records

.NOTPARALLEL:
.PHONY: help setup setup-run demo test test-deep check bench backup-drill clean

help:
	@echo "make demo    set up and run a city: relay, ambulances, hospital page (Ctrl-C ends it)"
	@echo "make test    set up and run every check and test (as root on Debian: installs browsers and fault tools)"
	@echo "make test-deep  the suite at its full doses: minutes to hours, before every release"
	@echo "make setup   set up for development"
	@echo "make check   format, lint, types, floors, JavaScript types, house tests"
	@echo "make bench   figures of the link and the screen"
	@echo "make backup-drill  a relay under load is backed up, destroyed, restored and verified"
	@echo "make clean   remove what make made"

.tools/bin/uv:
	@echo "kyumei: fetching uv (once) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; set PYTHON=python3.12 or so." >&2; exit 1; }
	@$(PYTHON) -m venv .tools \
	  || { echo "Python's venv module is needed: on Debian, apt-get install python3-venv." >&2; exit 1; }
	@.tools/bin/pip install --quiet --disable-pip-version-check uv

.venv/.run: pyproject.toml uv.lock Makefile | $(filter .tools/%,$(UV))
	@echo "kyumei: installing what the product needs …"
	@$(UV) sync --locked --no-dev --inexact --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

.venv/.dev: pyproject.toml uv.lock Makefile | $(filter .tools/%,$(UV))
	@echo "kyumei: installing what development needs …"
	@$(UV) sync --locked --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@ .venv/.run

# the screen's kernels, compiled once for everybody: no relay and no test has to
# (the rooms are those of ecg/kernels/cache.py)
.venv/.kernels: uv.lock $(foreach room,. conditioning detecting beat kernels,$(wildcard signal/ecg/$(room)/*.py))
	@echo "kyumei: compiling the screen's kernels …"
	@$(BIN)/python -m ecg.kernels
	@touch $@

.venv/.bytecode: $(shell find $(ROOMS) -name '*.py')
	@$(BIN)/python -m compileall -q $(ROOMS)
	@touch $@

setup-run: .venv/.run .venv/.kernels .venv/.bytecode

setup: .venv/.dev .venv/.kernels .venv/.bytecode

demo: setup-run
	@exec $(BIN)/kyumei demo

check: setup
	@scripts/check

test: setup
	@scripts/check
	@scripts/fault_tools
	@scripts/other_browsers
	@KYUMEI_CHROMIUM="$$(scripts/chromium)" && export KYUMEI_CHROMIUM && exec $(BIN)/pytest -q -n auto --ignore=tests/house

# every dose that is too long for every day (tests/doses.py): before every release
test-deep: setup
	@scripts/fault_tools
	@scripts/other_browsers
	@KYUMEI_CHROMIUM="$$(scripts/chromium)" && export KYUMEI_CHROMIUM && TESTS_DEEP=1 exec $(BIN)/pytest -q -m "soak or not soak" --ignore=tests/house

bench: setup
	@$(BIN)/kyumei bench screen
	@$(BIN)/kyumei bench link

backup-drill: setup
	@$(BIN)/pytest -q tests/faults/test_backup_drill.py

clean:
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache scripts/tsc/node_modules
