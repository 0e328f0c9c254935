"""Pytest plugin that records which tests execute which lines of the security core, and what each test costs.

Loaded with ``-p tests.mutation.coverage_map``; writes one JSON file per pytest process to the folder in
``MUTATION_MAP``. Works under pytest-xdist.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import coverage
import pytest

from tests.mutation.targets import ROOT, modules


class Recorder:
    """Switches the coverage context at each test; keeps outcomes, and processor seconds: a busy machine adds none."""

    def __init__(self) -> None:
        self.coverage = coverage.Coverage(
            data_file=None, include=[str(ROOT / path) for path in modules()], config_file=False
        )
        # Newer versions of Python have a faster way that reports a line only once, to the first test.
        self.coverage.set_option("run:core", "ctrace")
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def pytest_collection_finish(self) -> None:
        """Load every module before the first test, or the map says that this test executes what the others do not."""
        for path in modules():
            import_module(path.removesuffix(".py").replace("/", "."))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        begun = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = round(time.process_time() - begun, 3)
            self.coverage.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or report.skipped:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        lines: dict[str, dict[int, list[str]]] = {}
        for file in data.measured_files():
            lines[str(Path(file).relative_to(ROOT))] = {
                line: [test for test in tests if test] for line, tests in data.contexts_by_lineno(file).items()
            }
        seconds = {test: spent for test, spent in self.seconds.items() if test not in self.failed}
        name = f"{os.environ.get('PYTEST_XDIST_WORKER', 'added')}-{os.getpid()}.json"
        (Path(os.environ["MUTATION_MAP"]) / name).write_text(json.dumps({"seconds": seconds, "lines": lines}))


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # the process that only hands out tests to others
    recorder = Recorder()
    config.pluginmanager.register(recorder)
    recorder.coverage.start()
