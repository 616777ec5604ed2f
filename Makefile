# Each line also works by hand. `make up` and `make test` need only Python 3.11+, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := wire host agent collector dashboard
EDITABLE := $(foreach package,$(PACKAGES),-e ./$(package))
LOCKS := requirements/build.txt requirements/agent.txt requirements/dev.txt
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Hundreds of processes begin in the tests, and each would compile all the code anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: up demo agent install-agent install-server test check bench faults audit fuzz wheels format docs lock clean

up: $(VENV)/server.stamp
	@exec $(BIN)/broadgauge up $(ARGS)

# A made-up district with a year of history, in a data directory of its own: ./demo
demo: $(VENV)/server.stamp
	@exec $(BIN)/python -m broadgauge_collector.simulate.demo $(ARGS)

agent: $(VENV)/agent.stamp

# For services: a directory of its own, readable by all. As root, and again to upgrade.
install-agent: PREFIX ?= /opt/broadgauge-agent
install-agent:
	@deploy/install "$(PYTHON)" "$(PREFIX)" requirements/agent.txt wire host agent
	@echo "Next, as root: $(PREFIX)/bin/broadgauge-agent service install"

install-server: PREFIX ?= /opt/broadgauge
install-server:
	@deploy/install "$(PYTHON)" "$(PREFIX)" requirements/server.txt $(PACKAGES)
	@echo "Next, as root: $(PREFIX)/bin/broadgauge service install"

# Several files at a time, but for those that measure rates. What takes longest begins first.
SIDE_BY_SIDE := tests/docs tests/contract tests/faults tests/browser tests/servers tests/property tests/fuzz tests/packaging tests/unit
AGENTS := tests/integration
ALONE := tests/lab
RATES := $(addprefix $(AGENTS)/test_,shaped_line.py machine_in_use.py middleboxes.py group_test.py)
BURST := tests/browser/test_rooms.py::test_a_burst_that_a_line_begins_with_is_left_out_of_what_the_room_carries
SEVERAL := --dist loadfile --no-loadscope-reorder --deselect $(BURST) $(RATES:%=--deselect %)

# Everything; or with ARGS, just what they name.
test: $(VENV)/dev.stamp
	@tests/install-tools
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest --numprocesses 4 $(SEVERAL) $(SIDE_BY_SIDE)
	$(BIN)/python -m pytest --numprocesses 3 $(SEVERAL) $(AGENTS)
	$(BIN)/python -m pytest $(ALONE) $(RATES) $(BURST)
endif

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python tests/audit.py $(LOCKS)

# As root, on Debian: what is measured, and beside what, is said in benchmarks/README.md.
bench: $(VENV)/dev.stamp
	@tests/install-tools
	@benchmarks/install-rivals
	$(BIN)/python -m benchmarks.idle_agent
	$(BIN)/python -m benchmarks.first_result
	$(BIN)/python -m benchmarks.ingest
	$(BIN)/python -m benchmarks.reads
	$(BIN)/python -m benchmarks.inventory
	$(BIN)/python -m benchmarks.repairs
	$(BIN)/python -m benchmarks.coverage_plan
	$(BIN)/python -m benchmarks.group_test
	$(BIN)/python -m benchmarks.reconnect_storm
	$(BIN)/python -m benchmarks.verdict_mode
	$(BIN)/python -m benchmarks.throughput_grid $(ARGS)

# As root, on Linux: kills and power cuts, all of them (hours); ARGS="--share 0.1" takes a tenth.
faults: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.faults $(ARGS)

# Whether a vulnerability is known in what is pinned. Says so and goes on where nobody can be asked.
audit: $(VENV)/dev.stamp
	@$(BIN)/python tests/audit.py $(LOCKS)

# Each fuzz target for so many seconds. What is worth keeping stays in .fuzz for the next time.
fuzz: SECONDS ?= 60
fuzz: $(VENV)/dev.stamp
	@for target in $(patsubst tests/fuzz/%.py,%,$(wildcard tests/fuzz/fuzz_*.py)); do \
		echo "== $$target"; \
		$(BIN)/python -m tests.fuzz.$$target .fuzz/$$target -artifact_prefix=.fuzz/ -timeout=10 \
			-max_total_time=$(SECONDS) || exit 1; \
	done

# The same bytes from the same source, dated by its last commit.
wheels: export SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),1577836800)
wheels: $(VENV)/build.stamp
	@$(BIN)/python -m tests.packaging.wheels dist

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The parts of docs/reference that are written from the code.
docs: $(VENV)/dev.stamp
	$(BIN)/python -m tests.docs.reference

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

$(VENV)/agent.stamp: requirements/agent.txt wire/pyproject.toml host/pyproject.toml agent/pyproject.toml $(VENV)/build.stamp
	@echo "Installing the agent into $(VENV)."
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation -e ./wire -e ./host -e ./agent
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
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .fuzz dist
