"""The texts of the panel to translate, and the .ts files beside the module that hold their translations.

    python Testing/translations.py [LANGUAGE ...]

brings the files up to date: what is new comes in empty, what is gone goes, and what waits for a translation is listed.
A LANGUAGE (as Slicer's language packs write it: pt-BR, zh-Hans) begins a new file.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

MODULE = Path(__file__).resolve().parent.parent / "UnifiedViT"
FOLDER = MODULE / "Resources" / "Translations"


@dataclass(frozen=True)
class Message:
    """One text of a .ts file; `kind` is "unfinished" where no speaker has read it, "" where one has."""

    context: str
    source: str
    translation: str
    kind: str


def context_of(file: Path) -> str:
    """Under which `slicer.i18n.tr` looks for the texts of a Python file."""
    return f"{file.parent.name}.{file.stem}" if (file.parent / "__init__.py").is_file() else file.stem


def marked_texts(file: Path) -> Iterator[str]:
    """The literals in `_(...)` of a Python file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "_":
            (text,) = node.args
            assert isinstance(text, ast.Constant), f"{file.name}, line {node.lineno}: not a literal"
            yield text.value


def messages(file: Path) -> list[Message]:
    """What a .ts file holds."""
    found = []
    for context in ElementTree.parse(file).iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            assert translation is not None, f"{file.name}: a message without a place for its translation"
            found.append(Message(context.findtext("name", ""), message.findtext("source", ""), translation.text or "",
                                 translation.get("type", "")))
    return found


def update(files: Iterable[Path]) -> None:
    """Bring .ts files, named UnifiedViT_LANGUAGE.ts, up to date; those that are not there are begun."""
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted(MODULE.rglob("*.py")):
            # Qt's tool knows `translate(context, text)`; it would take the classes of a file for the contexts of `_`.
            calls = [f"translate({json.dumps(context_of(file))}, {json.dumps(text, ensure_ascii=False)})\n"
                     for text in marked_texts(file)]
            (Path(folder) / f"{context_of(file)}.py").write_text("".join(calls), encoding="utf-8")
        sources = [*sorted(Path(folder).glob("*.py")), *sorted((MODULE / "Resources" / "UI").glob("*.ui"))]
        for file in files:
            # Without the heuristic for similar texts: what was changed is to be translated again.
            qt_tool("lupdate", *sources, "-locations", "none", "-no-obsolete", "-disable-heuristic", "similartext",
                    "-source-language", "en", "-target-language", file.stem.split("_")[1], "-ts", file)


def qt_tool(name: str, *arguments: object) -> None:
    """Run lupdate or lrelease, as PySide6 brings them."""
    program = shutil.which(f"pyside6-{name}", path=str(Path(sys.executable).parent))
    assert program, f"pyside6-{name} is not beside {sys.executable}"
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def main() -> None:
    """See above."""
    update({*FOLDER.glob("*.ts"), *(FOLDER / f"UnifiedViT_{language}.ts" for language in sys.argv[1:])})
    for file in sorted(FOLDER.glob("*.ts")):
        for message in messages(file):
            if not message.translation:
                print(f"{file.name}: {message.context}: {message.source}")


if __name__ == "__main__":
    main()
