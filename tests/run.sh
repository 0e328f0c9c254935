#!/usr/bin/env bash
# The check of the project in parts; `make test` calls it without a name and gets static, both, redis, faults. Further names:
# quick, browser, postgres, sqlite (every test without browsers), everywhere (every test on both databases and on Redis).
# A part that fails does not stop the others.
# With STRICT=1 (as in .ci/run) nothing may be left out.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# Where the machine keeps compiled Python away, every worker and every server of a test compiles all modules anew: pytest
# alone 9 seconds of processor time for each worker of each part.
unset PYTHONDONTWRITEBYTECODE
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

# One worker more than cores, because many tests wait: for a browser, a server, a second that has to pass. At most four,
# which share what a test counts on. A worker that has nothing left takes tests from another one.
workers() {
  local cores
  cores=$(nproc 2>/dev/null || echo 2)
  echo "${WORKERS:-$((cores < 3 ? cores + 1 : 4))}"
}

# A few tests that fail are run once more, alone: a test that fails again is a failure, and one that passes is named as
# unstable, so that its cause is looked for. A browser that hangs once must not cost the answer of 7,600 other tests.
run_pytest() {
  local failures again
  failures=$(mktemp)
  FAILED_TESTS=$failures "$BIN/python" -m pytest -q -n "$(workers)" --dist worksteal -rs "$@" && return 0
  mapfile -t again < <(sort -u "$failures")
  [ "${#again[@]}" -gt 0 ] && [ "${#again[@]}" -le 5 ] || return 1
  printf '\n== Once more, alone: %s\n' "${again[@]}"
  "$BIN/python" -m pytest -q "${again[@]}" || return 1
  printf 'UNSTABLE (failed first, passed alone): %s\n' "${again[@]}"
}

# Types take as long as all the rest together and one core only: beside each other.
static() {
  local types failures=0 said
  step "Lint, format, types, import contracts; every sentence of the program stands in the Dutch catalogue"
  said=$(mktemp)
  "$BIN/mypy" . >"$said" 2>&1 &
  types=$!
  "$BIN/ruff" check . && "$BIN/ruff" format --check . || failures=1
  "$BIN/lint-imports" --no-cache >/dev/null || "$BIN/lint-imports" --no-cache || failures=1
  if have msgfmt && have xgettext; then
    "$BIN/python" -m tests.catalogue || failures=1
  else
    leave_out "comparison of texts and catalogue: no gettext"
  fi
  wait "$types" || failures=1
  cat "$said"
  return "$failures"
}

# Of every package the tests of its main pages and flows: what a change is most likely to break.
mapfile -t QUICK < tests/quick.txt

quick() {
  step "The tests that a change is most likely to break"
  run_pytest "${QUICK[@]}"
}

look_for_services() {
  have nginx || [ -x /usr/sbin/nginx ] || leave_out "tests of the proxy in front: no nginx (Debian package nginx)"
  have redis-server || leave_out "tests of a cache that is out of order: no redis-server"
}

look_for_postgres() {
  have pg_virtualenv || leave_out "PostgreSQL run: no pg_virtualenv (Debian packages postgresql and postgresql-common)"
  have pgbouncer || [ -x /usr/sbin/pgbouncer ] || leave_out "tests behind PgBouncer: no pgbouncer"
}

# Every test where it can show something (tests/selection.py). Without PostgreSQL, SQLite answers them all; what counts in
# the cache is left to the part `redis`, which asks the same database.
both() {
  local failures=0 elsewhere=()
  look_for_browsers
  look_for_services
  step "Tests on SQLite: real browsers, what asks no database, and what may differ there"
  if have pg_virtualenv; then
    run_pytest -m "browser or sqlite or not database" || failures=1
  else
    run_pytest || failures=1
  fi
  ! have redis-server || elsewhere=("${COUNTS_IN_THE_CACHE[@]/#/--ignore=}")
  postgres -m "database and not browser" --ignore=tests/browser "${elsewhere[@]}" || failures=1
  return "$failures"
}

sqlite() {
  look_for_services
  step "Tests without browsers on SQLite"
  run_pytest -m "not browser"
}

browser() {
  look_for_browsers
  step "Tests in real browsers"
  run_pytest -m browser tests/browser
}

everywhere() {
  local failures=0
  browser || failures=1
  sqlite || failures=1
  postgres || failures=1
  redis tests/accounts tests/environments/people || failures=1
  return "$failures"
}

# pg_virtualenv makes a PostgreSQL server on loopback for the length of one command.
# Arguments: which tests; by default all without browsers.
postgres() {
  [ "$#" -gt 0 ] || set -- -m "not browser"
  look_for_postgres
  have pg_virtualenv || return 0
  step "Tests on PostgreSQL${CACHE_URL:+, and of what counts in the cache on Redis}"
  export -f run_pytest workers
  # Nothing in this database outlives the run, so it need not survive a power cut either.
  # shellcheck disable=SC2016
  pg_virtualenv -t -o fsync=off -o synchronous_commit=off bash -c '
    export DATABASE_URL="postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/postgres"
    run_pytest "$@"' postgres "$@"
}

# Redis answers what counts, remembers or waits in the cache (accounts/rate_limits.py, outbound_requests.py, the metadata
# of providers, the share of earlier hashes); nothing else asks it.
COUNTS_IN_THE_CACHE=(
  tests/accounts/{sign_in,throttling,email_address} tests/accounts/support/caller_check
  tests/accounts/test_{rate_limits,attacks_networks,attacks_early_codes,attacks_present_password,proof_details}.py
  tests/accounts/test_{parallel,hash_queue}.py
  tests/accounts/passwords/test_{reset_link,breached,attacks_earlier_hashes}.py
  tests/accounts/two_factor/test_{challenge,account_recovery,recovery_codes,clock_errors}.py
  tests/accounts/sso/{credentials,domains,inspection,setup,sign_in_test}
  tests/accounts/sso/test_{backchannel,backchannel_rate_limits,temporary_faults,unavailable_provider,rotation}.py
  tests/accounts/sso/test_{sign_in,sign_out,attacks_unusual_text,availability}.py
  tests/environments/people/test_{attacks_across,import_pages}.py
)

# On PostgreSQL where that is there, as in production. Arguments: which tests; by default those of the list above.
redis() {
  [ "$#" -gt 0 ] || set -- "${COUNTS_IN_THE_CACHE[@]}"
  if ! have redis-server; then
    leave_out "Redis run: no redis-server"
    return 0
  fi
  local port server
  port=$("$BIN/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no >/dev/null &
  server=$!
  trap 'kill $server 2>/dev/null || true; unset CACHE_URL; trap - RETURN' RETURN
  export CACHE_URL="redis://127.0.0.1:$port/0"
  if have pg_virtualenv; then
    postgres -m "not browser" "$@"
  else
    step "Tests of what counts in the cache, on Redis"
    run_pytest -m "not browser" "$@"
  fi
}

# The production command while people sign in, and four faults: what visitors saw, and what was lost. All of them, for
# some 20 minutes: `make faults`.
faults() {
  local status said
  step "Faults while people sign in"
  said=$(mktemp)
  # Once more, as with tests: what other work on the machine broke is named, and must not cost the whole answer.
  for again in "" yes; do
    status=0
    [ -z "$again" ] || step "Once more: faults while people sign in"
    "$BIN/python" -m tests.resilience --quick | tee "$said" || status=$?
    [ "$status" -ne 77 ] || { leave_out "faults while people sign in. $(tail -n 1 "$said")"; rm "$said"; return 0; }
    [ "$status" -ne 0 ] || break
  done
  rm "$said"
  [ -z "$again" ] || [ "$status" -ne 0 ] || echo "UNSTABLE (failed first, passed then): faults while people sign in"
  return "$status"
}

[ "$#" -gt 0 ] || set -- static both redis faults
for part in "$@"; do "$part" || failed+=("$part"); done
for what in "${left_out[@]:-}"; do [ -z "$what" ] || echo "Left out: $what"; done
[ "${#failed[@]}" -eq 0 ] || { echo "Failed: ${failed[*]}"; exit 1; }
