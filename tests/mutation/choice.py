"""Which tests run for a mutant, and in which order."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter, defaultdict
from functools import cache
from math import log
from pathlib import Path

from tests.mutation.sample import Mutant
from tests.mutation.targets import ROOT

# Tests of what happens at the same moment, and of failures halfway.
LOCK_TESTS = re.compile(r"transaction=True|transactional_db|at_once")
WORD = re.compile(r"[A-Za-z_]{4,}")
# What a module defines (fields, decorators), it says when it is loaded, before any test: these look at that.
OF_DEFINITIONS = (
    "tests/test_structure.py::test_no_migration_is_missing",
    "tests/test_structure.py::test_every_address_asks_for_sign_in_unless_it_is_on_the_list",
    "tests/test_structure.py::test_every_view_names_the_methods_it_answers",
    "tests/test_roles.py",
)
AT_LEAST = 20  # tests, also when they take more than the budget


@cache
def words_of(file: str) -> frozenset[str]:
    return frozenset(WORD.findall((ROOT / file).read_text()))


@cache
def words_in(name: str) -> frozenset[str]:
    """Of a line, or of the name of a test and its case: whole names and the words that they are made of."""
    return frozenset(WORD.findall(name)) | frozenset(re.findall("[a-z]{4,}", name.lower()))


def rarity(words: frozenset[str], number_with: Counter[str], number: int) -> float:
    """More for words that few files or tests have."""
    return 1 + sum(log(number / number_with[word]) for word in words if number_with[word])


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text())


class Map:
    """Which tests execute a line, and the processor seconds of each."""

    def __init__(self, folder: Path) -> None:
        self.seconds: dict[str, float] = {}
        self.lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for file in sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime):
            read = json.loads(file.read_text())
            self.seconds |= read["seconds"]
            for module, lines in read["lines"].items():
                for line, tests in lines.items():
                    self.lines[module][int(line)] |= set(tests)
        files = {test.split("::")[0] for test in self.seconds}
        self.files = {file for file in files if (ROOT / file).exists()}
        self.files_with = Counter(word for file in self.files for word in words_of(file))
        self.tests_with = Counter(word for test in self.seconds for word in words_in(test.partition("::")[2]))

    def tests_of(self, mutant: Mutant, budget: float) -> list[str]:
        """The tests of the mutated line, or of the function or module around it; the most promising first."""
        lines = self.lines[mutant.module]
        around = self._function(mutant)
        here = lines[mutant.line] if mutant.line in around else set()  # else the test that loaded the module
        found = here or set().union(*(lines[line] for line in around)) or set().union(*lines.values())
        costs = self._costs(mutant, {test for test in found if test.split("::")[0] in self.files}, around)
        if mutant.line not in around and not mutant.is_lock:
            costs |= {test: 0 for test in self.seconds if test.startswith(OF_DEFINITIONS)}
        chosen, spent = [], 0.0
        for test in sorted(costs, key=lambda test: (costs[test], test)):
            spent += self.seconds[test]
            if spent > budget and len(chosen) >= AT_LEAST:
                break
            chosen.append(test)
        return chosen

    def _costs(self, mutant: Mutant, found: set[str], around: range) -> dict[str, float]:
        """Seconds of each test, less where it is more likely to fail."""
        lines = self.lines[mutant.module]
        rarest = {test: len(found) for test in found}
        for line in around:  # who executes a line that few do looks at this function
            for test in lines[line] & found:
                rarest[test] = min(rarest[test], len(lines[line]))
        words = self._words(mutant, around)
        likely = {file: self._likelihood(mutant, words, file) for file in {test.split("::")[0] for test in found}}
        cases: Counter[str] = Counter()
        costs = {}
        for test in sorted((test for test in found if test in self.seconds), key=lambda test: self.seconds[test]):
            cases[test.split("[")[0]] += 1  # the tenth case of one test says less than another test
            seldom = len(found) / rarest[test] * cases[test.split("[")[0]] ** -1
            named = rarity(words & words_in(test.partition("::")[2]), self.tests_with, len(self.seconds))
            costs[test] = (0.05 + self.seconds[test]) / (seldom**0.5 * named * likely[test.split("::")[0]])
        return costs

    @staticmethod
    def _words(mutant: Mutant, around: range) -> frozenset[str]:
        """Of the mutated line, the name of its function and that of its module."""
        text = (ROOT / mutant.module).read_text().splitlines()
        head = text[around.start - 2 : around.start - 1] if around else []
        return words_in(" ".join([text[mutant.line - 1], *head, Path(mutant.module).stem]))

    def _likelihood(self, mutant: Mutant, words: frozenset[str], file: str) -> float:
        """More for a file of tests beside the module, or with words of the mutated line that few other files have."""
        value = rarity(words & words_of(file), self.files_with, len(self.files))
        if file.startswith(str(Path("tests", mutant.module).parent)):
            value *= 3
        if mutant.needs_postgres and LOCK_TESTS.search((ROOT / file).read_text()):
            value *= 10
        if "Atomic" in mutant.operator.__name__ and "execute_wrapper" in words_of(file):  # statements that fail
            value *= 10
        return value

    def is_run(self, mutant: Mutant) -> bool:
        """Does a test execute it, other than by loading the module?"""
        return mutant.line in self._function(mutant) and bool(self.lines[mutant.module][mutant.line])

    def _function(self, mutant: Mutant) -> range:
        """The lines in the body of the innermost function around the mutated line."""
        functions = [node for node in ast.walk(parsed(mutant.module)) if isinstance(node, ast.FunctionDef)]
        around = [node for node in functions if self._begin(node) <= mutant.line <= (node.end_lineno or 0)]
        if not around:
            return range(0)
        inner = max(around, key=self._begin)
        return range(inner.body[0].lineno, (inner.end_lineno or 0) + 1)

    @staticmethod
    def _begin(node: ast.FunctionDef) -> int:
        return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
