# Needs git, make and Python 3.11; everything else is brought in here.
UV_VERSION := 0.13.9
UV := .uv/bin/uv
PY ?= python3
PORT ?= 8000

.PHONY: install run test check fast bench chromium

# A Python without ensurepip (Debian's, bare) still has pip or gets uv from it into a folder.
$(UV):
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PY=/path/to/python3.11"; exit 1; }
	@rm -rf .uv
	@$(PY) -m venv .uv 2>/dev/null && .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)" \
	|| { rm -rf .uv && $(PY) -m pip install --quiet --disable-pip-version-check --target .uv "uv==$(UV_VERSION)"; } \
	|| { echo "uv could not be installed: $(PY) needs venv or pip, and a package index"; exit 1; }

install: $(UV)
	@test -x .venv/bin/python || $(UV) venv --quiet --no-python-downloads --python "$$($(PY) -c 'import sys; print(sys.executable)')"
	@$(UV) sync --frozen --all-extras --quiet --no-python-downloads

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

test: install chromium
	.venv/bin/pytest -n auto --maxprocesses 4 --dist loadfile

# Stories in a real browser need Chromium; without it they are skipped and say so.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 \
	  || echo "Chromium could not be installed; the browser tests will be skipped."; \
	else echo "There is no Chromium here (apt-get install chromium); the browser tests will be skipped."; fi

bench: install
	.venv/bin/python bench/ledger.py
	.venv/bin/python -m bench.imports
