#!/usr/bin/env bash
# The check of the project in parts; `make test` calls it without a name and gets all of them. Names: static, quick,
# sqlite (with the browsers), browser, postgres, redis. A part that fails does not stop the others.
# With STRICT=1 (as in .ci/run) nothing may be left out.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export BIN=$PWD/.venv/bin
STRICT=${STRICT:-}
left_out=()
failed=()

step() { printf '\n== %s\n' "$1"; }
have() { command -v "$1" >/dev/null 2>&1; }

# Leave something out, with one line that says what and why; an error when nothing may be left out.
leave_out() {
  left_out+=("$1")
  [ -z "$STRICT" ] || { echo "missing: $1"; exit 1; }
}

find_chromium() { have chromium || have chromium-browser || have google-chrome || have google-chrome-stable; }
find_firefox() { have firefox-esr || have firefox; }

look_for_browsers() {
  local browsers=()
  find_chromium || browsers+=(chromium)
  find_firefox || browsers+=(firefox-esr)
  if [ "${#browsers[@]}" -gt 0 ] && [ "$(id -u)" = 0 ] && have apt-get; then
    step "Installing for the browser tests: ${browsers[*]}"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${browsers[@]}" >/dev/null
  fi
  find_chromium || leave_out "browser tests: no Chromium or Chrome found"
  find_firefox || leave_out "browser tests in Firefox: no Firefox found"
  have npm || leave_out "browser tests of single sign-on: no node and npm"
}

run_pytest() { "$BIN/python" -m pytest -q -n 2 --dist loadfile -rs "$@"; }

static() {
  step "Lint, format, types, import contracts"
  "$BIN/ruff" check . && "$BIN/ruff" format --check . && "$BIN/mypy" . || return 1
  "$BIN/lint-imports" --no-cache >/dev/null || "$BIN/lint-imports" --no-cache || return 1
  step "Texts: every sentence of the program stands in the Dutch catalogue"
  if have msgfmt && have xgettext; then
    "$BIN/python" -m tests.catalogue
  else
    leave_out "comparison of texts and catalogue: no gettext"
  fi
}

# Of every package the tests of its main pages and flows: what a change is most likely to break.
QUICK=(
  tests/test_structure.py tests/test_requirements.py tests/test_documents.py
  tests/assetmaps/{test_mails,test_errors,test_sources,configuration/test_reader}.py
  tests/accounts/sign_in/{test_sign_in,test_fresh_proof}.py
  tests/accounts/{test_personal_details,test_policy,test_access_control,test_encryption,test_admin}.py
  tests/accounts/two_factor/{test_challenge,test_totp_activation,test_codes,test_recovery_codes,test_account_recovery}.py
  tests/accounts/passwords/{test_reset_link,test_links,test_change}.py
  tests/accounts/throttling/{test_rules,test_sign_in_waits}.py
  tests/accounts/support/desk/test_person.py tests/accounts/support/interventions/{test_actions,test_approval}.py
  tests/accounts/sso/test_sign_in.py tests/accounts/email_address/test_pages.py
  tests/accounts/active_sessions tests/accounts/audit/test_recording.py tests/accounts/mfa_policy/test_change.py
  tests/environments/{test_overview,test_opening}.py tests/environments/people/{test_person,test_imports}.py
)

quick() {
  step "The tests that a change is most likely to break"
  run_pytest "${QUICK[@]}"
}

sqlite() {
  look_for_browsers
  have nginx || [ -x /usr/sbin/nginx ] || leave_out "tests of the proxy in front: no nginx (Debian package nginx)"
  have pgbouncer || [ -x /usr/sbin/pgbouncer ] || leave_out "tests behind PgBouncer: no pgbouncer"
  have redis-server || leave_out "tests of a cache that is out of order: no redis-server"
  step "Tests on SQLite, with real browsers"
  run_pytest
}

browser() {
  look_for_browsers
  step "Tests in real browsers"
  run_pytest tests/browser
}

# pg_virtualenv makes a PostgreSQL server on loopback for the length of one command.
postgres() {
  if ! have pg_virtualenv; then
    leave_out "PostgreSQL run: no pg_virtualenv (Debian packages postgresql and postgresql-common)"
    return 0
  fi
  step "Tests on PostgreSQL"
  export -f run_pytest
  # Nothing in this database outlives the run, so it need not survive a power cut either.
  # shellcheck disable=SC2016
  pg_virtualenv -t -o fsync=off -o synchronous_commit=off bash -c '
    export DATABASE_URL="postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/postgres"
    run_pytest -m "not browser"'
}

redis() {
  if ! have redis-server; then
    leave_out "Redis run: no redis-server"
    return 0
  fi
  step "Tests of waiting times and sign-in on Redis"
  local port server
  port=$("$BIN/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no >/dev/null &
  server=$!
  trap 'kill $server 2>/dev/null || true' RETURN
  # Without the packages that never ask the cache.
  local no_cache=(audit audit_pages mail mfa_policy organisations)
  CACHE_URL="redis://127.0.0.1:$port/0" run_pytest tests/accounts -m "not browser" "${no_cache[@]/#/--ignore=tests/accounts/}"
}

[ "$#" -gt 0 ] || set -- static sqlite postgres redis
for part in "$@"; do "$part" || failed+=("$part"); done
for what in "${left_out[@]:-}"; do [ -z "$what" ] || echo "Left out: $what"; done
[ "${#failed[@]}" -eq 0 ] || { echo "Failed: ${failed[*]}"; exit 1; }
