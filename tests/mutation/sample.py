"""Choosing mutants: the same seed takes the same ones where lines stay the same but for names and texts."""

from __future__ import annotations

import ast
import difflib
import hashlib
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import StringIO
from keyword import iskeyword

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.tree import NodeOrLeaf

from tests.mutation.operators import LOCKS, RemoveCall
from tests.mutation.targets import ROOT, modules, package_of

# Of cosmic-ray's operators; of the replacements of one operator by another the least different, which is seen last.
REPLACEMENTS = (
    *("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Is_IsNot", "IsNot_Is"),
    *("Add_Sub", "Sub_Add", "Mul_Add", "Div_Mul", "FloorDiv_Div", "Pow_Mul", "BitOr_BitAnd", "BitAnd_BitOr"),
    *("LShift_RShift", "RShift_LShift", "Delete_Not", "Delete_USub", "USub_UAdd"),
)
OTHERS = (
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer", "NumberReplacer"),
    *("RemoveDecorator", "ZeroIterationForLoop"),
)
# Without these a module does not load: no test says anything about them.
DECORATORS_KEPT = (
    "dataclass",
    "property",
    "classmethod",
    "staticmethod",
    "contextmanager",
    "register",
    ".atomic",
    "cache",
)


@dataclass(frozen=True)
class Mutant:
    module: str
    operator: type[Operator]
    occurrence: int  # of this operator in the module
    line: int
    key: str  # order of the sample
    is_lock: bool

    @property
    def package(self) -> str:
        return "locks" if self.is_lock else package_of(self.module)

    @property
    def needs_postgres(self) -> bool:
        """SQLite has no locks on rows."""
        return self.is_lock or "select_for_update" in (ROOT / self.module).read_text().splitlines()[self.line - 1]

    def source(self) -> str | None:
        """The mutated module; None when it says the same as before, or is no Python."""
        before = (ROOT / self.module).read_text()
        try:
            after = mutate_code(before, self.operator(), self.occurrence)
            return after if after and ast.dump(ast.parse(after)) != ast.dump(ast.parse(before)) else None
        except (SyntaxError, AttributeError):  # cosmic-ray does not know `except module.Error`
            return None

    def diff(self) -> list[str]:
        before, after = (ROOT / self.module).read_text().splitlines(), (self.source() or "").splitlines()
        return [line for line in difflib.unified_diff(before, after, n=0) if line[:3] not in ("---", "+++")]


@cache
def operators() -> tuple[type[Operator], ...]:
    names = [name for name in operator_names() if name.endswith((*REPLACEMENTS, *OTHERS))]
    own = [get_operator(name) for name in names if "_" not in name or name.split("_", 1)[1] in REPLACEMENTS]
    return (*own, RemoveCall, *LOCKS)


def _is_kept(node: NodeOrLeaf) -> bool:
    return node.type == "decorator" and any(name in node.get_code() for name in DECORATORS_KEPT)


def is_of_no_use(node: NodeOrLeaf) -> bool:
    """Types in annotations decide nothing at run time; some decorators are needed to load the module."""
    child, parent = node, node.parent
    if _is_kept(node):
        return True
    while parent is not None:
        if _is_kept(parent):
            return True
        if parent.type in ("tfpdef", "annassign") and parent.children[2 if parent.type == "tfpdef" else 1] is child:
            return True
        if parent.type == "funcdef" and parent.annotation is child:
            return True
        child, parent = parent, parent.parent
    return False


def shape_of(line: str) -> str:
    """The line without names and texts: what stays when something is renamed."""
    words = []
    try:
        for token in tokenize.generate_tokens(StringIO(line.strip() + "\n").readline):
            is_name = token.type == tokenize.NAME and not iskeyword(token.string)
            words.append("n" if is_name else "s" if token.type == tokenize.STRING else token.string)
    except (tokenize.TokenError, IndentationError):
        pass  # a part of a statement; what was read so far is enough
    return " ".join(words)


def mutants_of(module: str, seed: int) -> Iterator[Mutant]:
    """One mutant a place in the module: of several operators that fit there, the seed chooses."""
    text = (ROOT / module).read_text()
    lines, places, counts = text.splitlines(), defaultdict(list), Counter()
    instances = [(operator, operator()) for operator in operators()]
    for node in ast_nodes(get_ast(text)):
        useless = None
        for operator, instance in instances:
            for start, end in instance.mutation_positions(node):
                occurrence, counts[operator] = counts[operator], counts[operator] + 1
                useless = is_of_no_use(node) if useless is None else useless
                if not useless or operator in LOCKS:
                    places[operator in LOCKS, start, end].append((operator, occurrence))
    seen: Counter[tuple[str, ...]] = Counter()
    for (is_lock, start, _end), choices in sorted(places.items()):
        like = (
            module,
            shape_of(lines[start[0] - 1]),
            ",".join(sorted({choice[0].__name__[:22] for choice in choices})),
        )
        seen[like] += 1
        chosen = min(
            choices, key=lambda choice: digest(seed, *like, seen[like], choice[0].__name__, choice[1] - choices[0][1])
        )
        yield Mutant(module, *chosen, start[0], digest(seed, *like, seen[like]), is_lock)


def digest(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


def size_of(module: str) -> int:
    return sum(
        1 for line in (ROOT / module).read_text().splitlines() if line.strip() and not line.strip().startswith("#")
    )


def sample(number: int, seed: int, locks: int) -> list[Mutant]:
    """``locks`` mutants of locks and transactions, the others spread over the packages in proportion to their size."""
    found = defaultdict(list)
    sizes: Counter[str] = Counter()
    for module in modules():
        sizes[package_of(module)] += size_of(module)
        for mutant in mutants_of(module, seed):
            found[mutant.package].append(mutant)
    shares = {name: max(1, round((number - locks) * size / sizes.total())) for name, size in sizes.items()}
    chosen = []
    for name, share in {**shares, "locks": locks}.items():
        usable = (mutant for mutant in sorted(found[name], key=lambda one: one.key) if mutant.source())
        chosen += [mutant for mutant, _ in zip(usable, range(share), strict=False)]
    return chosen
