"""Finding the strategies of others: by the entry points of installed packages, or in a file that somebody names."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from quorum.domain import NotFound, QuorumError, UsageError
from quorum.signals.guests.guest import Guest, guard
from quorum.signals.guests.patience import patiently
from quorum.signals.strategy import AnyStrategy

GROUP = "quorum.strategies"


def guests(taken: Collection[str]) -> dict[str, AnyStrategy | QuorumError]:
    """Every strategy of the entry points by name; the error in the place of one that does not load or fit.

    `taken` are the names of our own: a guest that has one of them, or another guest's, is refused.
    """
    found = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    # an editable install may list the same entry point twice
    points = list({(point.name, point.value): point for point in found}.values())
    times = Counter(point.name for point in points)
    return {point.name: _guest(point, point.name in taken, times[point.name]) for point in points}


def _guest(point: EntryPoint, taken: bool, times: int) -> AnyStrategy | QuorumError:
    if taken:
        return UsageError(f"{_where(point)} hides our own strategy of that name", "choose another name")
    if times > 1:
        return UsageError(f"{times} packages offer a strategy {point.name!r}", "uninstall all but one")
    try:
        loaded = guard(patiently(_where(point), lambda: _made(point.load())), point.name)
    except QuorumError as error:
        return error
    except (Exception, SystemExit) as error:  # noqa: BLE001 - loading runs third-party code
        return _unloadable(_where(point), error)
    if loaded.name != point.name:
        return UsageError(f"{_where(point)} calls itself {loaded.name!r}", "give both one name")
    return loaded


def is_path(name: str) -> bool:
    """Whether `name` means a file, as ./my_rule.py or my_rule.py:NAME, and not a strategy's name."""
    return "/" in name or name.endswith(".py") or ".py:" in name


def load_path(text: str) -> AnyStrategy:
    """The strategy in a file: the one called NAME in PATH:NAME, else the only one that the file holds.

    NotFound for no such file or name, UsageError for a file with no strategy or several, or one that does not run.
    """
    head, colon, name = text.rpartition(":")
    file = Path(head if colon and head.endswith(".py") else text).expanduser()
    wanted = name if colon and head.endswith(".py") else None
    if not file.is_file():
        raise NotFound(f"there is no file {file}", "name a Python file that holds a strategy")
    file = file.resolve()
    module = _run(file)
    chosen = _only_one(module, file) if wanted is None else wanted
    if not hasattr(module, chosen):
        raise NotFound(f"{file.name} holds no {chosen}", f"it holds {', '.join(_held(module)) or 'no strategy'}")
    try:
        return guard(patiently(file.name, lambda: _made(getattr(module, chosen))), f"{file}:{chosen}")
    except QuorumError:
        raise
    except (Exception, SystemExit) as error:
        raise _unloadable(f"{file.name}:{chosen}", error) from error


class _AsItStands(SourceFileLoader):
    """Compiles the file anew: what Python keeps of it beside it hides a change of the same length and second."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _run(file: Path) -> ModuleType:
    """The file as a module of a name of its own, run now."""
    name = f"strategy_file_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    loader = _AsItStands(name, str(file))
    spec = importlib.util.spec_from_file_location(name, file, loader=loader)
    if spec is None or file.suffix != ".py":
        raise UsageError(f"{file} is no Python file", "give one that ends with .py")
    module = importlib.util.module_from_spec(spec)
    # dataclasses and the hash of its origin look the module up by its name
    sys.modules[name] = module
    try:
        patiently(file.name, lambda: loader.exec_module(module))
    except QuorumError:
        raise
    except (Exception, SystemExit) as error:
        raise _unloadable(file.name, error) from error
    return module


def _only_one(module: ModuleType, file: Path) -> str:
    held = _held(module)
    if len(held) != 1:
        what = f"holds {', '.join(held)}" if held else "holds no strategy"
        raise UsageError(f"{file.name} {what}", f"name one as {file.name}:NAME")
    return next(iter(held))


def _held(module: ModuleType) -> Mapping[str, Any]:
    """The strategies among the module's own values, each once."""
    seen: dict[int, str] = {}
    for name, value in vars(module).items():
        if _is_strategy(value):
            seen.setdefault(id(value), name)
    return {name: getattr(module, name) for name in seen.values()}


def _is_strategy(value: Any) -> bool:
    """A type is not one yet: somebody has to call it."""
    return isinstance(value, Guest) or (
        not isinstance(value, type) and all(hasattr(value, name) for name in ("name", "parameters", "step", "batch"))
    )


def _made(value: Any) -> Any:
    """The value, or what it gives when it is called without arguments."""
    made = value if _is_strategy(value) or not callable(value) else value()
    # one made by `from_step` or `from_batch` is a Guest already, but not of this place
    return made.inner if isinstance(made, Guest) else made


def _where(point: EntryPoint) -> str:
    package = f" of {point.dist.name}" if point.dist is not None else ""
    return f"strategy {point.name!r}{package} ({point.value})"


def _unloadable(what: str, error: BaseException) -> QuorumError:
    said = f"{type(error).__name__}: {error}".removesuffix(": ")
    found = UsageError(f"{what} does not load: {said}", "mend it or uninstall its package")
    found.__cause__ = error
    return found
