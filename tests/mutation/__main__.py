"""Mutation testing of the security core: ``make mutants NUMBER=220 SEED=16``; see docs/development.md.

Exit status 1 when fewer than 95 % of the mutants are noticed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

from tests.mutation.choice import Map
from tests.mutation.sample import Mutant, sample
from tests.mutation.targets import ROOT
from tests.mutation.worker import TEMPLATE, VAR, only_functions_differ

MAP, RESULTS = VAR / "map", VAR / "results"
TESTS = ["tests/accounts", "tests/assetmaps/test_mails.py"]
TESTS += [f"tests/test_{name}.py" for name in ("every_change", "roles", "structure")]
SLOW = ["--ignore", "tests/accounts/state_machine"]  # random walks of minutes
# pg_virtualenv makes a PostgreSQL server on loopback for the length of one command.
POSTGRES = ["pg_virtualenv", "-t", "-o", "fsync=off", "-o", "synchronous_commit=off", "bash", "-c"]
DATABASE = 'export DATABASE_URL="postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/postgres"; '
TARGET = 0.95


def record_map(jobs: int) -> None:
    """Runs the tests once with coverage."""
    shutil.rmtree(MAP, ignore_errors=True)
    MAP.mkdir(parents=True)
    measure("-n", str(jobs), "--dist", "worksteal", *TESTS, *SLOW)


def measure(*options: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutation.coverage_map", *options]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"MUTATION_MAP": str(MAP)})


def write_job(name: str, mutants: list[dict], *, alone: bool) -> str:
    file = VAR / f"job-{name}.json"
    file.write_text(json.dumps({"alone": alone, "mutants": mutants}))
    return str(file)


def jobs_of(name: str, described: list[dict], processes: int) -> list[str]:
    """Files of jobs: in as many parts as there are processes those that they fork for, each other by itself."""
    forked = [one for one in described if one["forked"]]
    parts = [forked[start::processes] for start in range(processes)]
    files = [write_job(f"{name}-{number}", part, alone=False) for number, part in enumerate(parts) if part]
    return files + [write_job(one["id"], [one], alone=True) for one in described if not one["forked"]]


def run(described: list[dict], processes: int) -> None:
    """Runs all mutants, of all packages mixed; meanwhile those of locks on PostgreSQL."""
    mixed = sorted(described, key=lambda one: one["id"])
    locks = [one for one in mixed if one["postgres"]]
    others = [one for one in mixed if not one["postgres"]]
    if others and not TEMPLATE.exists():
        run_worker("template")
    with ThreadPoolExecutor(processes + 1) as pool:
        on_postgres = [pool.submit(run_on_postgres, locks)] if locks else []
        for done in [*on_postgres, *(pool.submit(run_worker, job) for job in jobs_of("sqlite", others, processes))]:
            done.result()


def run_worker(*arguments: str) -> None:
    with (VAR / "worker.log").open("a") as log:
        command = [sys.executable, "-m", "tests.mutation.worker", *arguments]
        subprocess.run(command, cwd=ROOT, stdout=log, stderr=log)


def run_on_postgres(locks: list[dict]) -> None:
    """One server for all: a worker process for each job, one after the other."""
    each = f'for job in template {" ".join(jobs_of("postgres", locks, 1))}; do "$0" -m tests.mutation.worker $job; done'
    with (VAR / "worker-postgres.log").open("a") as log:
        subprocess.run([*POSTGRES, DATABASE + each, sys.executable], cwd=ROOT, stdout=log, stderr=log)


def control(results: dict[str, dict], postgres: bool) -> set[str]:
    """Of the tests that noticed something those that fail without a mutant, too: they say nothing."""
    here = [one["noticed"] for one in results.values() if one["postgres"] == postgres]
    tests = sorted({noticed for noticed in here if "::" in noticed})
    if not tests:
        return set()
    module = "accounts/policy.py"
    one = {"id": f"control-{'postgres' if postgres else 'sqlite'}", "module": module, "tests": tests, "seconds": {}}
    (RESULTS / f"{one['id']}.json").unlink(missing_ok=True)
    one |= {"source": (ROOT / module).read_text(), "timeout": 1800, "control": True, "forked": True}
    run([one | {"postgres": postgres}], 1)
    result = result_of(one)
    return set(result["noticed"].splitlines()) if result else set(tests)


def describe(mutants: list[Mutant], tests: Map, budget: float) -> list[dict]:
    described = []
    for mutant in mutants:
        source, chosen = mutant.source() or "", tests.tests_of(mutant, budget)
        before = (ROOT / mutant.module).read_text()
        described.append(
            {
                "id": mutant.key[:12],
                "package": mutant.package,
                "module": mutant.module,
                "line": mutant.line,
                "operator": mutant.operator.__name__,
                "diff": mutant.diff(),
                "source": source,
                "tests": chosen,
                "seconds": {test: tests.seconds[test] for test in chosen},
                "timeout": 300 + 10 * sum(tests.seconds[test] for test in chosen),
                "forked": only_functions_differ(before, source) and tests.is_run(mutant),
                "postgres": mutant.needs_postgres,
            }
        )
    return described


def report(described: list[dict], results: dict[str, dict], unsound: set[str]) -> float:
    lines, by_package = [], defaultdict(lambda: [0, 0])
    for one in described:
        result = results.get(one["id"], {"noticed": ""})
        noticed = bool(set(result["noticed"].splitlines()) - unsound)
        by_package[one["package"]][0] += noticed
        by_package[one["package"]][1] += 1
        if not noticed:
            doubt = f" (fails anyway: {result['noticed']})" if result["noticed"] else ""
            place = f"{one['id']} {one['module']}:{one['line']} {one['operator']}"
            lines.append(f"\nNot noticed by {len(one['tests'])} tests{doubt}: {place}")
            lines += [f"    {line}" for line in one["diff"] if not line.startswith("@@")]
    lines.append("")
    lines += [f"{package:18} {seen:3} of {number:3}" for package, (seen, number) in by_package.items()]
    seen, number = (sum(pair[index] for pair in by_package.values()) for index in (0, 1))
    lines.append(f"{'together':18} {seen:3} of {number:3} noticed: {seen / number:.1%}")
    print("\n".join(lines))
    (VAR / "report.txt").write_text("\n".join(lines) + "\n")
    return seen / number


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--number", type=int, default=225, help="how many mutants")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--locks", type=int, default=25, help="how many of them change locks and transactions")
    parser.add_argument("--budget", type=float, default=120, help="processor seconds of tests for one mutant")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep-map", action="store_true", help="use the map of tests of the last run")
    parser.add_argument(
        "--add", nargs="*", default=[], help="files of tests to measure anew, for the map of the last run"
    )
    parser.add_argument("--only", default="", help="only mutants whose id or module begins so; comma between several")
    parser.add_argument("--go-on", action="store_true", help="keep results of an interrupted run")
    parser.add_argument("--again", action="store_true", help="as --go-on, but run again what was not noticed")
    return parser.parse_args()


def result_of(one: dict) -> dict:
    file = RESULTS / f"{one['id']}.json"
    return json.loads(file.read_text()) if file.exists() else {}


def is_kept(one: dict, chosen: argparse.Namespace) -> bool:
    return bool(result_of(one).get("noticed")) if chosen.again else chosen.go_on and bool(result_of(one))


def make_map(chosen: argparse.Namespace) -> None:
    if not ((chosen.keep_map or chosen.add) and any(MAP.glob("*.json"))):
        TEMPLATE.unlink(missing_ok=True)
        record_map(chosen.processes)
    elif chosen.add:
        measure(*chosen.add)


def main() -> int:
    chosen, begun = options(), time.monotonic()
    RESULTS.mkdir(parents=True, exist_ok=True)
    make_map(chosen)
    print(f"Map of tests: {time.monotonic() - begun:.0f} seconds")
    mutants = sample(chosen.number, chosen.seed, chosen.locks)
    if chosen.only:
        wanted = tuple(chosen.only.split(","))
        mutants = [one for one in mutants if one.key.startswith(wanted) or one.module.startswith(wanted)]
    described = describe(mutants, Map(MAP), chosen.budget)
    (VAR / "mutants.json").write_text(json.dumps(described))
    to_run = [one for one in described if not is_kept(one, chosen)]
    for one in to_run:
        (RESULTS / f"{one['id']}.json").unlink(missing_ok=True)
    run(to_run, chosen.processes)
    results = {one["id"]: result_of(one) | {"postgres": one["postgres"]} for one in described if result_of(one)}
    unsound = control(results, postgres=False) | control(results, postgres=True)
    share = report(described, results, unsound)
    print(f"{time.monotonic() - begun:.0f} seconds; details in {VAR.relative_to(ROOT)}")
    return 0 if share >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
