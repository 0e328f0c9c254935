"""Runs the tests of mutants: ``python -m tests.mutation.worker JOB.json``.

A job is a list of mutants with their tests, most promising first. Where only bodies of functions differ, one pytest
process collects all tests once and forks for each mutant; the child puts the mutated code into the functions that
exist. A mutant of anything else (a decorator, a constant, a class) is loaded by a process of its own. Each child works
on a copy of the test database.
"""

from __future__ import annotations

import builtins
import gc
import json
import os
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import NoReturn

import pytest
from cosmic_ray.exceptions import CosmicRayTestingException
from django.urls import get_resolver

from tests.mutation.targets import ROOT

VAR = ROOT / "var" / "mutation"
TEMPLATE = VAR / "template.sqlite3"
# In memory where there is such a folder: a database on a disk waits for the disk at each commit.
COPIES = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else VAR
COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


def functions_of(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """Every code object in a module, by qualified name and number of those before it with the same name."""
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield (const.co_qualname, const.co_firstlineno), const
            yield from functions_of(const)


def without_functions(code: CodeType) -> tuple[object, ...]:
    """What a module or class does besides defining functions."""
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    consts = [const for const in code.co_consts if not isinstance(const, CodeType)]
    # Flag 0x02: has local variables of its own. A comprehension outside a function has run when the module is loaded.
    runs_at_once = [one for one in inner if not one.co_flags & 0x02 or one.co_name in COMPREHENSIONS]
    classes = [without_functions(one) for one in runs_at_once]
    return code.co_code, repr(consts), code.co_names, classes


def only_functions_differ(before: str, after: str) -> bool:
    old, new = compile(before, "m", "exec"), compile(after, "m", "exec")
    names = [[name for (name, _line), _ in functions_of(code)] for code in (old, new)]
    return without_functions(old) == without_functions(new) and names[0] == names[1]


def put_into_functions(module: str, source: str) -> None:
    path = str(ROOT / module)
    new = dict(functions_of(compile(source, path, "exec")))
    for found in gc.get_objects():
        if isinstance(found, FunctionType) and found.__code__.co_filename == path:
            code = new.get((found.__code__.co_qualname, found.__code__.co_firstlineno))
            if code is not None and code.co_freevars == found.__code__.co_freevars:
                found.__code__ = code


def renew_thread_pools() -> None:
    """The threads of the parent do not exist in a child; without this a pool would wait for them."""
    for pool in gc.get_objects():
        if isinstance(pool, ThreadPoolExecutor):
            pool._threads.clear()
            pool._idle_semaphore = threading.Semaphore(0)


def load_instead(module: str, source: str) -> None:
    path, get_code = str(ROOT / module), SourceFileLoader.get_code

    def mutated(loader: SourceFileLoader, name: str) -> CodeType | None:
        return compile(source, path, "exec") if loader.path == path else get_code(loader, name)

    SourceFileLoader.get_code = mutated  # type: ignore[method-assign]


class CopiedDatabase:
    """The databases of the children: copies of a file, or of a database in PostgreSQL."""

    @pytest.fixture(scope="session")
    def django_db_setup(self, django_db_blocker: object) -> None:
        from django.conf import settings
        from django.db import connections

        connection = connections["default"]
        if connection.vendor == "sqlite":
            name = str(COPIES / f"mutant-{os.getpid()}.sqlite3")
            shutil.copy(TEMPLATE, name)
        else:
            name = f"mutant_{os.getpid()}"
            with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name} TEMPLATE test_postgres")
        connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name


def drop_database(pid: int) -> None:
    for file in COPIES.glob(f"mutant-{pid}.sqlite3*"):
        file.unlink(missing_ok=True)


class Runner:
    """Runs the mutants of a job in the process that collected the tests."""

    def __init__(self, job: dict) -> None:
        self.job = job
        self.failed: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(CopiedDatabase())  # last, so that its fixture replaces that of pytest-django

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)
            print(report.nodeid, report.longreprtext, sep="\n")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = {item.nodeid: item for item in session.items}
        if self.job["alone"]:
            self.run(self.job["mutants"][0])
            return True
        get_resolver().url_patterns  # noqa: B018  # loads every view once, not in every child
        gc.collect()
        gc.freeze()
        for mutant in self.job["mutants"]:
            begun = time.monotonic()
            pid = os.fork()
            if pid == 0:
                os.setsid()
                gc.unfreeze()
                renew_thread_pools()
                put_into_functions(mutant["module"], mutant["source"])
                try:
                    self.run(mutant)
                finally:
                    sys.stdout.flush()
                    os._exit(0)
            wait_for(pid, mutant, begun)
        return True

    def run(self, mutant: dict) -> None:
        items = [self.items[test] for test in mutant["tests"] if test in self.items]
        ran = 0
        for item, following in zip(items, [*items[1:], None], strict=True):
            limit_processor_time(20 + 5 * mutant["seconds"].get(item.nodeid, 20))
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            ran += 1
            if self.failed and not mutant.get("control"):
                break
        write(mutant, "\n".join(dict.fromkeys(self.failed)), ran)


def limit_processor_time(seconds: float) -> None:
    """An endless loop ends the process, which counts as noticed. Waiting for a busy machine does not count."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds), resource.RLIM_INFINITY))


def result_of(mutant: dict) -> Path:
    return VAR / "results" / f"{mutant['id']}.json"


def write(mutant: dict, failed: str, ran: int) -> None:
    result_of(mutant).write_text(json.dumps({"noticed": failed, "tests": ran}))


def wait_for(pid: int, mutant: dict, begun: float) -> None:
    """Ends a child that waits for ever: that is noticed, too."""
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() - begun > mutant["timeout"]:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            write(mutant, "time is over", 0)
            break
        time.sleep(0.02)
    drop_database(pid)
    file = result_of(mutant)
    if not file.exists():
        write(mutant, "the process ended", 0)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"seconds": round(time.monotonic() - begun, 2)}))


def make_template() -> None:
    """A migrated database to copy, made by a process of its own."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.db import connection

    if connection.vendor == "sqlite":
        TEMPLATE.unlink(missing_ok=True)
        connection.settings_dict["TEST"]["NAME"] = str(TEMPLATE)
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()


def main(job_file: str) -> None:
    job = json.loads(Path(job_file).read_text())
    if not job["alone"]:
        run_job(job)
    begun, mutant = time.monotonic(), job["mutants"][0]
    pid = os.fork()
    if pid == 0:
        os.setsid()
        load_instead(mutant["module"], mutant["source"])
        run_job(job)
    wait_for(pid, mutant, begun)


def run_job(job: dict) -> NoReturn:
    builtins.CosmicRayTestingException = CosmicRayTestingException  # type: ignore[attr-defined]
    options = ["-q", "-p", "no:xdist", "-p", "no:playwright", "-p", "no:randomly", "--tb=short", "--color=no"]
    files = sorted({test.split("::")[0] for mutant in job["mutants"] for test in mutant["tests"]})
    status = pytest.main([*options, *files], plugins=[Runner(job)])
    mutant = job["mutants"][0]
    if job["alone"] and status != pytest.ExitCode.OK and not result_of(mutant).exists():
        write(mutant, "does not load", 0)
    sys.stdout.flush()
    os._exit(0)  # threads of a mutant may wait for ever


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        make_template() if argument == "template" else main(argument)
