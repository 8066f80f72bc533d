# Needs git, make and Python 3.11; everything else is brought in here.
UV_VERSION := 0.13.9
UV := .uv/bin/uv
PY ?= python3
PORT ?= 8000

.PHONY: install run test check fast bench
$(UV):
	$(PY) -m venv .uv && .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

install: $(UV)
	$(UV) sync --frozen --all-extras --quiet

run: install
	.venv/bin/aidecamp demo --port $(PORT)

check: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	.venv/bin/pytest tests/rules

fast: install
	.venv/bin/pytest -m "not slow"

test: install
	.venv/bin/pytest
