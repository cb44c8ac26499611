"""Docstrings say what each parameter is, and of nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (ROOT / "UnifiedViTLib", ROOT / "training" / "unifiedvit_training")
#: Functions with fewer parameters may say in a sentence what they are.
MANY = 3


def documented(tree: ast.AST, owner: ast.ClassDef | None = None) -> Iterator[tuple[str, list[str], set[str], str]]:
    """Of the public functions of a file or class: name, parameters, what else it takes (`*` and `**`), docstring; those
    of `__init__` stand at the class.

    Commands are left out: what their options are is said in the options.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from documented(node, node)
        elif isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name == "__init__"):
            decorators = " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
            if re.search(r"\boverload\b|\.command\(", decorators):
                continue
            everything = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            names = [argument.arg for argument in everything][owner is not None and "staticmethod" not in decorators:]
            further = {argument.arg for argument in (node.args.vararg, node.args.kwarg) if argument}
            text = ast.get_docstring(node) or ""
            if owner is not None and node.name == "__init__":
                text += "\n\n" + (ast.get_docstring(owner) or "")
            yield f"{owner.name}.{node.name}" if owner else node.name, names, further, text


def named_in_args(docstring: str) -> list[str]:
    """What stands before the colons of the section Args; an entry may name several, and go on in the next line."""
    section = re.search(r"^Args:\n((?:[ ]+.*\n?)+)", docstring, re.M)
    if section is None:
        return []
    entries = re.sub(r"\n {5,}", " ", section[1]).splitlines()
    return [name.strip(" *") for entry in entries for name in entry.partition(":")[0].split(",")]


def test_the_section_args_names_every_parameter_where_there_are_three_or_more_and_none_that_there_is_not():
    wrong = []
    for file in (file for room in ROOMS for file in sorted(room.rglob("*.py"))):
        for name, parameters, further, docstring in documented(ast.parse(file.read_text(encoding="utf-8"))):
            named = named_in_args(docstring)
            missing = set(parameters) - set(named) if len(parameters) >= MANY else set()
            surplus = set(named) - set(parameters) - further
            if missing or surplus:
                wrong.append(f"{file.relative_to(ROOT)} {name}: lacks {sorted(missing)}, has {sorted(surplus)}")
    assert not wrong, "\n".join(wrong)
