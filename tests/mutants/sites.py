"""Where a file can be broken at random, and how: operators over Python's syntax tree, and over lines of JavaScript."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass

FLIPS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OTHERS = {"min": "max", "max": "min", "any": "all", "all": "any"}
QUIET = ("log.", "_log.", "structlog.")
"""Lines for the operator's log are no promise to a person at a page."""


@dataclass(frozen=True, slots=True)
class Site:
    """One random change: the line it begins in, what kind, the text that goes and the text that comes."""

    line: int
    kind: str
    was: str
    now: str
    text: str
    """The whole file with the change in it."""


def sites_of(file: str, text: str) -> list[Site]:
    """Every change that this file can suffer, in order."""
    found = _javascript(text) if file.endswith(".js") else _Python(text).sites()
    return list(found)


class _Python:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._starts = [0]
        for line in text.encode().splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._raw = text.encode()

    def sites(self) -> Iterator[Site]:
        """Top to bottom."""
        found = [site for node in self._nodes(self.tree) for site in self._of(node)]
        yield from sorted(found, key=lambda site: site.line)

    def _nodes(self, node: ast.AST) -> Iterator[ast.AST]:
        """Every node that does something: no annotation, no docstring, no log line, nothing for the type checker."""
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not self._says_nothing(child):
                    yield child
                    yield from self._nodes(child)

    def _says_nothing(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return True
        if isinstance(node, ast.Expr) and ast.unparse(node).startswith(QUIET):
            return True
        return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"

    def _of(self, node: ast.AST) -> Iterator[Site]:
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            flipped = copy.deepcopy(node)
            flipped.ops = [FLIPS[type(node.ops[0])]()]
            yield self._site("comparison", node, f"({ast.unparse(flipped)})")
        elif isinstance(node, ast.BoolOp):
            other = copy.deepcopy(node)
            other.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield self._site("and/or", node, f"({ast.unparse(other)})")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield self._site("not removed", node, f"({ast.unparse(node.operand)})")
        elif isinstance(node, ast.Constant):
            yield from self._constant(node)
        elif isinstance(node, ast.If | ast.While | ast.IfExp):
            yield self._site("negated", node.test, f"(not ({ast.unparse(node.test)}))")
        elif isinstance(node, ast.Expr | ast.Raise | ast.Continue | ast.AugAssign):
            yield self._site("removed", node, "pass")
        elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
            yield self._site("returns nothing", node, "return None")
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            yield self._site("removed", node, "pass")
        elif isinstance(node, ast.Call):
            yield from self._call(node)

    def _constant(self, node: ast.Constant) -> Iterator[Site]:
        if isinstance(node.value, bool):
            yield self._site("constant", node, str(not node.value))
        elif isinstance(node.value, int):
            yield self._site("constant", node, str(node.value + 1))
        elif isinstance(node.value, float):
            yield self._site("constant", node, repr(node.value * 2 or 1.0))

    def _call(self, node: ast.Call) -> Iterator[Site]:
        if isinstance(node.func, ast.Name) and node.func.id in OTHERS:
            yield self._site("least/most", node.func, OTHERS[node.func.id])
        for at, keyword in enumerate(node.keywords):
            if keyword.arg is not None:
                without = copy.deepcopy(node)
                del without.keywords[at]
                yield self._site(f"without {keyword.arg}", node, ast.unparse(without))

    def _site(self, kind: str, node: ast.expr | ast.stmt, now: str) -> Site:
        first = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        whole = self._raw[:first] + now.encode() + self._raw[end:]
        return Site(node.lineno, kind, self._raw[first:end].decode(), now, whole.decode())


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


_SCRIPT = (
    ("comparison", re.compile(r" === "), " !== "),
    ("comparison", re.compile(r" !== "), " === "),
    ("comparison", re.compile(r" < "), " <= "),
    ("comparison", re.compile(r" > "), " >= "),
    ("comparison", re.compile(r" <= "), " < "),
    ("comparison", re.compile(r" >= "), " > "),
    ("and/or", re.compile(r" && "), " || "),
    ("and/or", re.compile(r" \|\| "), " && "),
    ("negated", re.compile(r"\bif \((?=[^()]*(?:\([^()]*\)[^()]*)*\))"), "if (!"),
    ("not removed", re.compile(r"(?<=[\s(])!(?=[a-z(])"), ""),
    ("constant", re.compile(r"\btrue\b"), "false"),
    ("constant", re.compile(r"\bfalse\b"), "true"),
    ("removed", re.compile(r"^\s+(?:void |await )?[a-z][\w.#]*(?:\.|\?\.)?#?\w+\(.*\);$"), ";"),
    ("removed", re.compile(r"^\s+this\.[\w.]+ = .*;$"), ";"),
    ("removed", re.compile(r"^\s+return;$"), ";"),
)
_NUMBER = re.compile(r"(?<![\w.\"'#-])(\d[\d_]*(?:\.\d+)?)(?![\w.\"'])")


def _javascript(text: str) -> Iterator[Site]:
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        body = line.rstrip("\n")
        if body.lstrip().startswith(("/*", "*", "//", "import ", "export {")):
            continue
        for kind, pattern, now in _SCRIPT:
            for hit in pattern.finditer(body):
                if kind == "negated":  # the whole condition, not its first word
                    now = "if (!(" if (end := _closing(body, hit.end() - 1)) else ""
                    if not now:
                        continue
                    changed = (
                        f"{body[: hit.start()]}if (!({body[hit.end() : end]})){body[end + 1 :]}"
                    )
                else:
                    changed = body[: hit.start()] + now + body[hit.end() :]
                yield _line_site(lines, at, kind, changed)
        for hit in _NUMBER.finditer(body):
            number = float(hit[1].replace("_", ""))
            now = str(int(number) + 1) if number.is_integer() else str(number * 2)
            yield _line_site(lines, at, "constant", body[: hit.start()] + now + body[hit.end() :])


def _closing(body: str, opened: int) -> int:
    """Where the bracket that opens there closes; 0 where it does not in this line."""
    depth = 0
    for at in range(opened, len(body)):
        depth += (body[at] == "(") - (body[at] == ")")
        if depth == 0:
            return at
    return 0


def _line_site(lines: list[str], at: int, kind: str, changed: str) -> Site:
    whole = "".join([*lines[:at], changed + "\n", *lines[at + 1 :]])
    return Site(at + 1, kind, lines[at].strip(), changed.strip(), whole)
