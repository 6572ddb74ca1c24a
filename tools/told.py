"""Finds what rules say to people: the texts of refusals and findings, which know no language.

`web.texts.told` says them in the reader's language, so they belong into its catalogues.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from fairness import errors
from web.problems import HINTS, USUAL

NOT_FOR_PEOPLE = {"LogBroken", "Misconfigured"}
SAYS = (set(vars(errors)) - NOT_FOR_PEOPLE) | {"Finding"}
MEMBERS = {"rule", "remedy", "because", "message"}
PLACES = ("web", "boxoffice", "fairness")
# What only programs and those who run the site are told.
ELSEWHERE = (
    "boxoffice/dynamo.py", "boxoffice/ledger", "boxoffice/notices/aws.py",
    "boxoffice/notices/bounces.py", "boxoffice/notices/mail.py", "boxoffice/notices/render.py",
    "boxoffice/notices/service.py", "boxoffice/notices/smtp.py", "boxoffice/notices/push",
    "boxoffice/payments/amounts.py", "boxoffice/payments/stripe_provider.py",
    "boxoffice/webhooks/delivery.py", "fairness/beacon", "fairness/identity.py",
    "fairness/ledger", "fairness/line/sharded.py", "fairness/line/verdicts.py",
    "fairness/line/windows.py", "fairness/report.py", "fairness/screening/again",
    "fairness/screening/offline", "web/access.py", "web/idempotency.py", "web/payment_service.py",
    "web/public_log.py", "web/static_files.py",
)  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]")


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield (text, the file it is in) for all that a refusal or a finding may say."""
    for kind in _tree(errors.FairTicketError):
        if kind.__name__ not in NOT_FOR_PEOPLE:
            yield (kind.__doc__ or "").strip().split("\n")[0], "fairness/errors.py"
    for said in (*HINTS.values(), *USUAL.values()):
        yield from ((text, "web/problems.py") for text in said[-2:])
    for place in PLACES:
        for file in sorted((root / place).rglob("*.py")):
            name = file.relative_to(root).as_posix()
            if not name.startswith(ELSEWHERE):
                yield from ((text, name) for text in _of_module(file))


def _of_module(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text("utf-8"))
    known = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) in SAYS:
            said = [*node.args, *(k.value for k in node.keywords if k.arg in MEMBERS)]
            for value in said:
                yield from filter(_is_text, _texts_of(value, known))


def _called(function: ast.expr) -> str:
    name = getattr(function, "attr", getattr(function, "id", ""))
    return str(name)


def _texts_of(value: ast.expr, known: dict[str, ast.expr]) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield _with_places(value)
    elif isinstance(value, ast.IfExp):
        yield from _texts_of(value.body, known)
        yield from _texts_of(value.orelse, known)
    elif isinstance(value, ast.BoolOp):
        for part in value.values:
            yield from _texts_of(part, known)
    elif isinstance(value, ast.Name) and value.id in known:
        yield from _texts_of(known[value.id], {})


def _with_places(value: ast.JoinedStr) -> str:
    """Return an f-string as a text with a named place for each value in it."""
    names: dict[str, str] = {}
    parts = []
    for part in value.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif isinstance(part, ast.FormattedValue):
            spelled = ast.unparse(part.value)
            if spelled not in names:
                name = _name(part.value)
                names[spelled] = name + (str(len(names) + 1) if name in names.values() else "")
            parts.append(f"{{{names[spelled]}}}")
    return "".join(parts)


def _name(value: ast.expr) -> str:
    """Return the last name in an expression: that of `", ".join(map(str, seats))` is "seats"."""
    if isinstance(value, ast.Name | ast.Attribute):
        return _called(value).strip("_").lower()
    below = [child for child in ast.iter_child_nodes(value) if isinstance(child, ast.expr)]
    named = [name for child in reversed(below) if (name := _name(child))]
    return named[0] if named else ""


def _is_text(text: str) -> bool:
    return " " in text and len(_LETTERS.findall(re.sub(r"\{\w+\}", "", text))) >= 5


def _tree(cls: type[Exception]) -> list[type[Exception]]:
    return [cls, *(below for child in cls.__subclasses__() for below in _tree(child))]
