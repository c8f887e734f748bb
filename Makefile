# The verbs. Each sets itself up in .venv and reuses it the next time; only Python 3.11 is needed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
# One more than there are cores: tests in a browser or against a process wait much of their time.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
SETUP = $(PYTHON) study_site/demo/bootstrap.py requirements.txt
DEV = $(SETUP) requirements-dev.txt requirements-docs.txt
# Compiled modules are kept, whatever the environment says: otherwise each process compiles Django,
# pandas and torch again, and each test process all tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo docs test browser editor lint fuzz bench load chaos ci clean

setup:          ## install everything into .venv
	@$(DEV) requirements-demo.txt

demo:           ## a running site with real photos, real predictions and simulated people
	@exec $(SETUP) requirements-demo.txt -- -m study_site.demo --port $(PORT)

docs:           ## the documentation site in var/docs, which the site also serves at /docs/; a broken link fails
	@$(PYTHON) study_site/demo/bootstrap.py requirements-docs.txt -- -m sphinx -W --keep-going -n -q -d var/doctrees docs var/docs
	@echo "Open var/docs/index.html in a browser."

test:           ## import contracts, and every test that needs neither a server nor a browser
	@$(DEV) requirements-demo.txt
	@.venv/bin/lint-imports --no-logo
	@exec .venv/bin/python -m pytest -n $(WORKERS) --dist worksteal -m "not (browser or demo)" $(ARGS)

browser:        ## the tests in Chromium, Firefox and WebKit; one that is missing is skipped
	@$(DEV) requirements-demo.txt
	@exec .venv/bin/python -m pytest -n $(WORKERS) --dist worksteal -m browser $(ARGS)

lint:           ## style, types, import contracts, missing migrations
	@$(DEV)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/lint-imports --no-logo
	.venv/bin/python manage.py makemigrations --check --dry-run

editor:         ## 200 random sessions in the study editor: nothing typed may be lost (needs Chromium)
	@$(DEV)
	@EDITOR_SEEDS=200 .venv/bin/python -m pytest -q tests/browser/test_editor.py -k "lost or valid"

fuzz:           ## 30,000 random requests of everybody in every state of a study: no failure of the site
	@$(DEV)
	@.venv/bin/python -m tests.security.fuzz 30000

bench:          ## ratios side by side in one run
	@$(DEV) requirements-bench.txt
	@for file in tests/bench/bench_*.py; do .venv/bin/python $$file || exit 1; done

load:           ## PEOPLE= THINK= SECONDS=: simulated people on a site and database of their own
	@$(DEV)
	@.venv/bin/python -m tests.load --people $(or $(PEOPLE),100) --think $(or $(THINK),10) --seconds $(or $(SECONDS),60) $(ARGS)

chaos:          ## breaks servers and workers of its own: nothing is lost, and all work is finished (minutes)
	@$(DEV)
	@.venv/bin/python -m tests.load.chaos $(ARGS)

ci:             ## what continuous integration runs
	@bash .ci/run

clean:          ## remove what the verbs made: the environment, the demo's data
	rm -rf .venv var .setup.lock .setup.unfinished .coverage htmlcov .mypy_cache .ruff_cache .pytest_cache
