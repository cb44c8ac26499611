"""The whole YAML of a project, read and checked before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from UnifiedViTLib.planes import PLANES

from ..errors import ConfigError
from .data import Data
from .model import Model
from .recipe import AVERAGE, Fit, Machine, Pretrain, Superres
from .section import Kind, Section


class Project(Section):
    """The whole file."""

    data: Data
    model: Model
    fit: Fit
    pretrain: Pretrain = Pretrain()
    superres: Superres = Superres()
    machine: Machine = Machine()
    seed: int = Field(default=0, ge=0, le=2**31)

    @model_validator(mode="before")
    @classmethod
    def _plane_in_use(cls, given: Any) -> Any:
        """A model is used on slices of the plane that it learns from."""
        data, model = (given.get(name) for name in ("data", "model")) if isinstance(given, dict) else (None, None)
        plane = data.get("plane", "auto") if isinstance(data, dict) else None
        if plane not in ("auto", *PLANES) or not isinstance(model, dict) or not isinstance(model.get("input"), dict):
            return given
        if (other := model["input"].get("plane", plane)) != plane:
            raise ValueError(f"model.input.plane ({other}) is not data.plane ({plane}), of which it is made. Leave the "
                             "first out")
        return given | {"model": model | {"input": model["input"] | {"plane": plane}}}


def load_project(file: Path, changes: list[str] | None = None, data: Path | None = None) -> Project:
    """Read and check a project's YAML.

    Args:
        file: the YAML. Relative paths in it start from its folder.
        changes: "fit.batch_size=16" replaces one value; the right side is YAML.
        data: what relative paths of `data.sources` start from instead.

    Raises:
        ConfigError: the file cannot be read, says where it is wrong, or names what cannot be a path.
    """
    return _anchored(read_yaml(file, Project, changes), file.parent, data or file.parent)


class _UniqueKeys(yaml.SafeLoader):
    """PyYAML's safe one, which takes the last of two values that stand under one name, and does not say where dates
    and numbers are that none can be."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [(key.tag, key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for tag, name in keys:
            if keys.count((tag, name)) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{name} stands there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(file: Path, kind: type[Kind], changes: list[str] | None = None) -> Kind:
    """Read a YAML as a section of type `kind`, `changes` made first.

    Args:
        file: the YAML.
        kind: class of the section.
        changes: as for `load_project`.

    Raises:
        ConfigError: the file cannot be read, or says where it is wrong.
    """
    try:
        given = _loaded(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    if not isinstance(given, dict):
        raise ConfigError(f"{file} holds no sections; see training/configs/ for examples.")
    return checked(given, kind, str(file), changes)


def _loaded(text: str) -> Any:
    """What a YAML holds; a `YAMLError` whatever is wrong with it."""
    try:
        return yaml.load(text, _UniqueKeys)
    except RecursionError as error:
        raise yaml.YAMLError("lists or sections stand in each other too deep") from error


def checked(given: dict[str, Any], kind: type[Kind], where: str, changes: list[str] | None = None) -> Kind:
    """What a YAML holds as a section of type `kind`, `changes` made first.

    Args:
        given: of a YAML; changed in place.
        kind: class of the section.
        where: it comes from, for complaints.
        changes: as for `load_project`.

    Raises:
        ConfigError: says what is wrong with it.
    """
    for change in changes or []:
        _change(given, change)
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise ConfigError(f"{where}:\n" + "\n".join(_said(dict(item)) for item in error.errors())) from error


def _change(given: dict, change: str) -> None:
    path, separator, value = change.partition("=")
    if not separator:
        raise ConfigError(f"{change!r}: write it as section.name=value, for example fit.batch_size=16.")
    *sections, name = path.strip().split(".")
    place = given
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise ConfigError(f"{change!r}: {section} has no options of its own.")
    try:
        place[name] = _loaded(value)
    except yaml.YAMLError as error:
        raise ConfigError(f"{change!r}: {value!r} is not YAML ({error}).") from error


def _said(item: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in item["loc"])
    return f"  {place or 'the file'}: {item['msg'].removeprefix('Value error, ')}"


def _anchored(project: Project, home: Path, data: Path) -> Project:
    """`project` with its relative paths made absolute."""

    def at(base: Path, path: Path | None) -> Path | None:
        try:
            return None if path is None else (base / path).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise ConfigError(f"{str(path)!r} in the project cannot be a path ({error}). Correct it.") from error

    sources = [
        source.model_copy(update={name: at(data, getattr(source, name))
                                  for name in ("table", "folder", "images", "masks")})
        for source in project.data.sources
    ]
    initial = project.fit.initial.model_copy(update={"weights": at(home, project.fit.initial.weights)})
    teacher = project.fit.teacher
    if teacher and teacher.model != AVERAGE and (home / teacher.model).is_dir():  # else it is a model's id
        teacher = teacher.model_copy(update={"model": str(at(home, Path(teacher.model)))})
    return project.model_copy(update={
        "data": project.data.model_copy(update={"sources": sources}),
        "fit": project.fit.model_copy(update={"initial": initial, "teacher": teacher}),
    })
