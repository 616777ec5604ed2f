# Each line also works by hand. `make up` and `make test` need only Python 3.11+, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := wire agent collector dashboard
EDITABLE := $(foreach package,$(PACKAGES),-e ./$(package))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: up agent test check format lock clean

up: $(VENV)/server.stamp
	@exec $(BIN)/broadgauge up $(ARGS)

agent: $(VENV)/agent.stamp

test: $(VENV)/dev.stamp
	@tests/install-tools
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("broadgauge needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 up")'
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/build.stamp: requirements/build.txt | $(BIN)/python
	@$(PIP) install --require-hashes -r $<
	@touch $@

# The build backend is already in the environment, pinned, so nothing is fetched for the build itself.
$(VENV)/server.stamp: requirements/server.txt $(PACKAGES:%=%/pyproject.toml) $(VENV)/build.stamp
	@echo "Installing broadgauge into $(VENV): about a minute, once."
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation $(EDITABLE)
	@touch $@

$(VENV)/agent.stamp: requirements/agent.txt wire/pyproject.toml agent/pyproject.toml $(VENV)/build.stamp
	@echo "Installing the agent into $(VENV)."
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation -e ./wire -e ./agent
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/server.stamp
	@echo "Installing what the tests need."
	@$(PIP) install --require-hashes -r $<
	@touch $@

# Needs uv (pip install uv). One lock serves Linux, Windows and macOS; no lock names an index.
UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	$(PACKAGES:%=--no-emit-package broadgauge-%)
lock:
	$(UV_COMPILE) --group build -o requirements/build.txt
	$(UV_COMPILE) pyproject.toml --extra agent -o requirements/agent.txt
	$(UV_COMPILE) pyproject.toml --extra server -o requirements/server.txt
	$(UV_COMPILE) pyproject.toml --extra server --group dev -o requirements/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
