"""Mutation testing of the security core: ``make mutants NUMBER=220 SEED=16``; see docs/development.md.

Exit status 1 when fewer than 95 % of the mutants are noticed.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutation.sample import Mutant, sample
from tests.mutation.targets import ROOT
from tests.mutation.worker import TEMPLATE, VAR, only_functions_differ

MAP, RESULTS = VAR / "map", VAR / "results"
TESTS = ["tests/accounts", "tests/test_every_change.py", "tests/assetmaps/test_mails.py"]
SLOW = ["--ignore", "tests/accounts/state_machine"]  # random walks of minutes
PARALLEL = re.compile(r"transaction=True|transactional_db|at_once")
# pg_virtualenv makes a PostgreSQL server on loopback for the length of one command.
POSTGRES = ["pg_virtualenv", "-t", "-o", "fsync=off", "-o", "synchronous_commit=off", "bash", "-c"]
DATABASE = 'export DATABASE_URL="postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/postgres"; '
TARGET = 0.95


class Map:
    """Which tests execute a line, and how long each takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for file in MAP.glob("*.json"):
            read = json.loads(file.read_text())
            self.seconds |= read["seconds"]
            for module, lines in read["lines"].items():
                for line, tests in lines.items():
                    self.lines[module][int(line)] |= set(tests)

    def tests_of(self, mutant: Mutant, budget: float) -> list[str]:
        """The tests of the mutated line, or of the function or module around it; the most promising first."""
        lines = self.lines[mutant.module]
        found = lines[mutant.line] or self._of_function(mutant) or set().union(*lines.values())
        folder = str(Path("tests", mutant.module).parent)

        def worth(test: str) -> float:
            likely = (
                PARALLEL.search((ROOT / test.split("::")[0]).read_text()) if mutant.is_lock else test.startswith(folder)
            )
            return self.seconds[test] * (0.1 if likely else 1)

        chosen, spent = [], 0.0
        for test in sorted((test for test in found if test in self.seconds), key=worth):
            spent += self.seconds[test]
            if spent > budget and len(chosen) > 20:
                break
            chosen.append(test)
        return chosen

    def _of_function(self, mutant: Mutant) -> set[str]:
        tree = ast.parse((ROOT / mutant.module).read_text())
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        around = [node for node in functions if self._begin(node) <= mutant.line <= (node.end_lineno or 0)]
        if not around:
            return set()
        inner = max(around, key=self._begin)
        body = range(inner.body[0].lineno, (inner.end_lineno or 0) + 1)
        return set().union(*(self.lines[mutant.module][line] for line in body))

    @staticmethod
    def _begin(node: ast.FunctionDef) -> int:
        return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def record_map(jobs: int) -> None:
    """Runs the tests once with coverage."""
    shutil.rmtree(MAP, ignore_errors=True)
    MAP.mkdir(parents=True)
    options = ["-q", "-n", str(jobs), "--dist", "loadfile", "-p", "tests.mutation.coverage_map", *TESTS, *SLOW]
    subprocess.run([sys.executable, "-m", "pytest", *options], cwd=ROOT, env=os.environ | {"MUTATION_MAP": str(MAP)})


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
    tests = sorted(
        {one["noticed"] for one in results.values() if "::" in one["noticed"] and one["postgres"] == postgres}
    )
    if not tests:
        return set()
    module = "accounts/policy.py"
    source = (ROOT / module).read_text()
    name = f"control-{'postgres' if postgres else 'sqlite'}"
    (RESULTS / f"{name}.json").unlink(missing_ok=True)
    run(
        [
            {
                "id": name,
                "module": module,
                "source": source,
                "tests": tests,
                "timeout": 600,
                "control": True,
                "forked": True,
                "postgres": postgres,
            }
        ],
        1,
    )
    file = RESULTS / f"{name}.json"
    return set(json.loads(file.read_text())["noticed"].split()) if file.exists() else set(tests)


def describe(mutants: list[Mutant], tests: Map, budget: float) -> list[dict]:
    described = []
    for mutant in mutants:
        source, chosen = mutant.source() or "", tests.tests_of(mutant, budget)
        before = (ROOT / mutant.module).read_text()
        is_run_by_tests = bool(tests.lines[mutant.module][mutant.line])
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
                "timeout": 60 + 3 * sum(tests.seconds[test] for test in chosen),
                "forked": only_functions_differ(before, source) and is_run_by_tests,
                "postgres": mutant.is_lock,
            }
        )
    return described


def report(described: list[dict], results: dict[str, dict], unsound: set[str]) -> float:
    lines, by_package = [], defaultdict(lambda: [0, 0])
    for one in described:
        result = results.get(one["id"], {"noticed": ""})
        noticed = bool(result["noticed"]) and result["noticed"] not in unsound
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


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--number", type=int, default=225, help="how many mutants")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--locks", type=int, default=25, help="how many of them change locks and transactions")
    parser.add_argument(
        "--budget", type=float, default=60, help="seconds of tests for one mutant, as the map measured them"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep-map", action="store_true", help="use the map of tests of the last run")
    parser.add_argument("--only", default="", help="only mutants whose id or module begins so; comma between several")
    parser.add_argument("--go-on", action="store_true", help="keep results of an interrupted run")
    chosen = parser.parse_args()
    VAR.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    if not (chosen.keep_map and any(MAP.glob("*.json"))):
        TEMPLATE.unlink(missing_ok=True)
        record_map(chosen.processes)
        print(f"Map of tests: {time.monotonic() - begun:.0f} seconds")
    if not chosen.go_on:
        shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(exist_ok=True)
    mutants = sample(chosen.number, chosen.seed, chosen.locks)
    if chosen.only:
        wanted = tuple(chosen.only.split(","))
        mutants = [one for one in mutants if one.key.startswith(wanted) or one.module.startswith(wanted)]
    described = describe(mutants, Map(), chosen.budget)
    (VAR / "mutants.json").write_text(json.dumps(described))
    run([one for one in described if not (RESULTS / f"{one['id']}.json").exists()], chosen.processes)
    results = {}
    for one in described:
        file = RESULTS / f"{one['id']}.json"
        if file.exists():
            results[one["id"]] = json.loads(file.read_text()) | {"postgres": one["postgres"]}
    unsound = control(results, postgres=False) | control(results, postgres=True)
    share = report(described, results, unsound)
    print(f"{time.monotonic() - begun:.0f} seconds; details in {VAR.relative_to(ROOT)}")
    return 0 if share >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
