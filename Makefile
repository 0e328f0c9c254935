# `make run` and `make test` start from a bare checkout with Python 3.11 or newer, venv and make; `make help` names the rest.
PORT ?= 8000
PYTHON ?= python3
NUMBER ?= 225
SEED ?= 16
BIN := .venv/bin
LOCAL := set -a && . var/run.env && PUBLIC_URL=http://localhost:$(PORT) && set +a

.PHONY: help run test check test-browser test-postgres test-sqlite test-everywhere demo-sso screenshots contact-sheet accessibility benchmark icons lighthouse pa11y faults survival container mutants messages lock

help:
	@echo "make run            the portal on http://localhost:$(PORT), with people to try it"
	@echo "make check          lint, types, contracts, and the tests that a change is most likely to break"
	@echo "make test           every test on the database that can show something, with real browsers"
	@echo "make test-browser   the tests in real browsers"
	@echo "make test-postgres  every test but those in browsers, on PostgreSQL"
	@echo "make test-sqlite    the same on SQLite"
	@echo "make test-everywhere  every test on both databases, and those of people and accounts on Redis"
	@echo "make benchmark      speed and memory beside other software; exit status 1 when a goal is missed"
	@echo "make faults         faults while people sign in: what fails, what is lost; ONLY=redis or QUICK=1 takes some of them"
	@echo "make container      builds the image of the Containerfile and starts it"
	@echo "make demo-sso       the portal with identity providers"
	@echo "make messages       collect new texts for the Dutch catalogue"
	@echo "make lock           lock the versions of the packages anew"
	@echo "Pictures and measurements: screenshots contact-sheet accessibility icons lighthouse pa11y mutants"

run: .venv/installed-run var/run.env
	@$(LOCAL) && $(BIN)/python manage.py migrate --verbosity 0
	@$(LOCAL) && $(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@umask 077 && $(LOCAL) && $(BIN)/python manage.py demo --if-empty > var/demo-new.txt
	@if [ -s var/demo-new.txt ]; then mv var/demo-new.txt var/demo-accounts.txt; else rm var/demo-new.txt; fi
	@cat var/demo-accounts.txt
	@echo; echo "Mijn Assetmaps runs at http://localhost:$(PORT) - stop it with Ctrl+C. Mail appears here."
	@$(LOCAL) && exec $(BIN)/gunicorn --bind 127.0.0.1:$(PORT) --workers 1 --log-level warning

test: .venv/installed-test
	@bash tests/run.sh

check: .venv/installed-test
	@bash tests/run.sh static quick

test-browser: .venv/installed-test
	@bash tests/run.sh browser

test-postgres: .venv/installed-test
	@bash tests/run.sh postgres

test-sqlite: .venv/installed-test
	@bash tests/run.sh sqlite

test-everywhere: .venv/installed-test
	@bash tests/run.sh everywhere

# Needs node (20 or newer) and npm: the identity providers are a Node program.
demo-sso: .venv/installed-test
	@$(BIN)/python -m tests.provider.demo --port $(PORT)

screenshots: .venv/installed-test
	@$(BIN)/python -m tests.browser.screenshots

icons: .venv/installed-test
	@$(BIN)/python -m tests.browser.icons

# Both need node (20 or newer), npm and Chromium; exit status 1 when a target is missed.
lighthouse pa11y: .venv/installed-test
	@$(BIN)/python -m tests.quality $@

# Causes faults while people sign in: exit status 1 on a broken promise. As root on Debian it installs what it lacks.
faults survival: .venv/installed-test
	@$(BIN)/python -m tests.resilience $(if $(ONLY),--only "$(ONLY)") $(if $(QUICK),--quick)

# Builds the image of the Containerfile and starts it. As root on Debian it installs buildah and mmdebstrap.
container: .venv/installed-test
	@$(BIN)/python -m tests.container

# Processor time, statements and memory beside other software: docs/performance.md.
benchmark: .venv/installed-test
	@$(BIN)/python -m benchmarks

# Mutation testing of the security core: exit status 1 when fewer than 95 % of the mutants are noticed.
mutants: .venv/installed-mutation
	@$(BIN)/python -m tests.mutation --number $(NUMBER) --seed $(SEED)

# Every screen in two languages, themes and widths: var/contact-sheet/index.html, and sheets beside it.
contact-sheet: .venv/installed-test
	@$(BIN)/python -m tests.browser.contact_sheet

# Every screen in two languages, themes and three widths, with text of 200 % too: a table, and exit status 1 on a finding.
accessibility: .venv/installed-test
	@$(BIN)/python -m tests.browser.accessibility

# For who changes texts or dependencies; needs gettext, or uv.
messages:
	DEBUG=1 $(BIN)/python manage.py makemessages -l nl --ignore=.venv --ignore=var --ignore=tests --no-wrap --no-location
	DEBUG=1 $(BIN)/python manage.py compilemessages --ignore=.venv --verbosity 0

lock:
	uv pip compile -q --generate-hashes --universal --no-header -p 3.11 pyproject.toml -o requirements.txt
	uv pip compile -q --generate-hashes --universal --no-header -p 3.11 --extra dev pyproject.toml -o requirements-dev.txt
	uv pip compile -q --generate-hashes --universal --no-header -p 3.11 --extra mutation -c requirements-dev.txt pyproject.toml -o requirements-mutation.txt

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed-run: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/installed-test: requirements-dev.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/installed-run

.venv/installed-mutation: requirements-mutation.txt .venv/installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutation.txt
	@touch $@

var/run.env:
	@mkdir -p var && umask 077 && $(PYTHON) -m assetmaps.local_env > $@
