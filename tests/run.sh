#!/usr/bin/env bash
# The whole check of the project; `make test` calls it. With STRICT=1 (as in .ci/run) nothing may be left out.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=$PWD/.venv/bin
STRICT=${STRICT:-}
left_out=()

step() { printf '\n== %s\n' "$1"; }
have() { command -v "$1" >/dev/null 2>&1; }

# Leave something out, with one line that says what and why; an error when nothing may be left out.
leave_out() {
  left_out+=("$1")
  [ -z "$STRICT" ] || { echo "missing: $1"; exit 1; }
}

find_chromium() { have chromium || have chromium-browser || have google-chrome || have google-chrome-stable; }
find_firefox() { have firefox-esr || have firefox; }

browsers=()
find_chromium || browsers+=(chromium)
find_firefox || browsers+=(firefox-esr)
if [ "${#browsers[@]}" -gt 0 ] && [ "$(id -u)" = 0 ] && have apt-get; then
  step "Installing for the browser tests: ${browsers[*]}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${browsers[@]}" >/dev/null
fi
find_chromium || leave_out "browser tests: no Chromium or Chrome found"
find_firefox || leave_out "browser tests in Firefox: no Firefox found"

have nginx || [ -x /usr/sbin/nginx ] || leave_out "tests of the proxy in front: no nginx (Debian package nginx)"
have pgbouncer || [ -x /usr/sbin/pgbouncer ] || leave_out "tests behind PgBouncer: no pgbouncer"
have redis-server || leave_out "tests of a cache that is out of order: no redis-server"
have npm || leave_out "browser tests of single sign-on: no node and npm"

step "Lint, format, types, import contracts"
"$BIN/ruff" check .
"$BIN/ruff" format --check .
"$BIN/mypy" .
"$BIN/lint-imports" --no-cache >/dev/null || "$BIN/lint-imports" --no-cache

step "Texts: every sentence of the program stands in the Dutch catalogue"
if have msgfmt && have xgettext; then
  "$BIN/python" -m tests.catalogue
else
  leave_out "comparison of texts and catalogue: no gettext"
fi

run_pytest() { "$BIN/python" -m pytest -q -n 2 --dist loadfile -rs "$@"; }

step "Tests on SQLite, with real browsers"
run_pytest

# pg_virtualenv makes a PostgreSQL server on loopback for the length of one command.
if have pg_virtualenv; then
  step "Tests on PostgreSQL"
  export -f run_pytest
  export BIN
  # shellcheck disable=SC2016
  # Nothing in this database outlives the run, so it need not survive a power cut either.
  pg_virtualenv -t -o fsync=off -o synchronous_commit=off bash -c '
    export DATABASE_URL="postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/postgres"
    run_pytest -m "not browser"'
else
  leave_out "PostgreSQL run: no pg_virtualenv (Debian packages postgresql and postgresql-common)"
fi

if have redis-server; then
  step "Tests of waiting times and sign-in on Redis"
  port=$("$BIN/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no >/dev/null &
  redis=$!
  trap 'kill $redis 2>/dev/null || true' EXIT
  # Without the rooms that never ask the cache.
  no_cache=(audit audit_desk enforcement organisations)
  CACHE_URL="redis://127.0.0.1:$port/0" run_pytest tests/accounts -m "not browser" "${no_cache[@]/#/--ignore=tests/accounts/}"
else
  leave_out "Redis run: no redis-server"
fi

for what in "${left_out[@]:-}"; do [ -z "$what" ] || echo "Left out: $what"; done
