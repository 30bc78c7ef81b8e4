.DEFAULT_GOAL := help
# A recipe that fails leaves no half-made target behind.
.DELETE_ON_ERROR:

INSTALLED := .venv/.installed
COMPILE := .venv/bin/uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes --no-annotate

.PHONY: help demo test lint audit lock clean bench chaos guards

help: ## Say what there is to make.
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' Makefile

demo: $(INSTALLED) ## Place some 200 calls against a simulator: nothing to set up.
	.venv/bin/dialer demo

# Most of a test's time is waiting for real processes, so three at once do not get in each other's way on two cores.
test: $(INSTALLED) ## Run the tests; some minutes.
	.venv/bin/pytest --numprocesses=3 --dist=worksteal

bench: $(INSTALLED) ## Measure Dialer beside a plain Celery task; ARGS="pace due" some.
	.venv/bin/python -m bench $(ARGS)

chaos: $(INSTALLED) ## Let everything fail, and count the called twice; half an hour.
	.venv/bin/python -m tests.chaos $(ARGS)

guards: $(INSTALLED) ## Take out each guard, and see that a test fails; 15 minutes.
	.venv/bin/python -m tests.guards $(ARGS)

lint: $(INSTALLED) ## Check style, formatting, types and import rules.
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pip check

audit: $(INSTALLED) ## Ask whether vulnerabilities are known of the locked packages.
	.venv/bin/python deploy/audit.py

# What is locked stays as it is, unless pyproject.toml wants otherwise; `make lock UPGRADE=--upgrade` takes the
# newest of everything.
lock: export UV_CUSTOM_COMPILE_COMMAND = make lock
lock: $(INSTALLED) ## Write the locks anew, after a change in pyproject.toml.
	$(COMPILE) $(UPGRADE) pyproject.toml -o requirements.lock
	$(COMPILE) $(UPGRADE) -c requirements.lock --extra dev pyproject.toml -o requirements-dev.lock
	$(COMPILE) -c requirements-dev.lock --extra sandbox pyproject.toml -o requirements-sandbox.lock

clean: ## Remove .venv and all that tools left behind.
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements-dev.lock pyproject.toml deploy/make-venv
	@deploy/make-venv
	@touch $@
