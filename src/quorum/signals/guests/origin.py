"""Where a strategy was written, and the hash of it: part of what a backtest is made from."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from quorum.signals.guests.guest import Guest

HOUSE = "quorum"


@dataclass(frozen=True, slots=True)
class Origin:
    """`place` names the strategy for `find_strategy`, empty for an object that was handed over; SHA-256 of its code."""

    place: str
    sha256: str


def origin(strategy: Any) -> Origin | None:
    """Where a strategy from outside comes from; None for one of ours, which the hash of the house covers.

    The hash is over all Python files of the package that it was written in, or over its one file; over the compiled
    code of what was typed into a session.
    """
    place = strategy.place if isinstance(strategy, Guest) else ""
    inner = strategy.inner if isinstance(strategy, Guest) else strategy
    author = getattr(inner, "author", type(inner))
    module = author.__module__
    if module == HOUSE or module.startswith(f"{HOUSE}."):
        return None
    return Origin(place, _hash_of_module(module) or _hash_of_code(author))


def origin_hash(strategy: Any) -> str | None:
    """The hash of `origin`, None for a strategy of ours."""
    found = origin(strategy)
    return None if found is None else found.sha256


def _hash_of_module(name: str) -> str | None:
    """SHA-256 over the sources of the module's top package, or over its one file; None where there is none."""
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None or not Path(file).is_file():
        return None
    top = sys.modules.get(name.partition(".")[0])
    folders = [Path(folder) for folder in getattr(top, "__path__", ())]
    digest = hashlib.sha256()
    for folder in folders or [Path(file).parent]:
        for source in sorted(folder.rglob("*.py")) if folders else [Path(file)]:
            digest.update(source.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _hash_of_code(author: Any) -> str:
    digest = hashlib.sha256()
    functions = [author, *vars(author).values()] if isinstance(author, type) else [author]
    for function in functions:
        _add(getattr(function, "__code__", None), digest)
    return digest.hexdigest()


def _add(code: CodeType | None, digest: Any) -> None:
    if code is None:
        return
    digest.update(code.co_code + repr(code.co_names).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _add(constant, digest)
        else:
            digest.update(repr(constant).encode())
