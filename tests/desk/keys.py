"""The keys of configuration files: each of a model, and one of them written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from ruamel.yaml import YAML


def write(home: Path, file: str, key: str, value: Any) -> None:
    """Set one key of a configuration file, or leave the file as it is for None."""
    if value is None:
        return
    yaml, path = YAML(), home / "config" / file
    document = yaml.load(path.read_text(encoding="utf-8"))
    *way, last = key.split(".")
    section = document
    for step in way:
        section = section[step]
    section[last] = value
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(document, stream)


def keys(model: type[BaseModel], way: str = "") -> set[str]:
    """Every key of a model that holds a value, dotted; the names of books and accounts are left out."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = [m for m in (field.annotation, *get_args(field.annotation)) if isinstance(m, type)]
        sections = [m for m in inner if issubclass(m, BaseModel)]
        found |= keys(sections[0], f"{way}{name}.") if sections else {f"{way}{name}"}
    return found
