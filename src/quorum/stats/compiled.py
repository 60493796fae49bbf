"""Kernels: functions that numba compiles, with a cache that a change of any kernel's source empties."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import llvmlite
import numba
import numpy as np
from llvmlite import binding

F = TypeVar("F", bound=Callable[..., Any])
SOURCES = ("stats", "features", "signals", "engine", "surfaces/bench")
PACKAGE = Path(__file__).parent.parent
KEPT, IDLE = 4, 86_400.0
_KEY = re.compile(r"[0-9a-f]{20}")


class _Kernels:
    """Every kernel of this process; numba's own cache misses a change in a called function of another file."""

    def __init__(self) -> None:
        self.cached = False
        self.dispatchers: list[Any] = []

    def add(self, dispatcher: Any) -> None:
        self.dispatchers.append(dispatcher)
        if self.cached:
            dispatcher.enable_caching()

    def cache_in(self, folder: Path) -> None:
        numba.config.CACHE_DIR = str(folder)
        self.cached = True
        for dispatcher in self.dispatchers:
            dispatcher.enable_caching()


_KERNELS = _Kernels()


def kernel(function: F) -> F:
    """Compile `function` on its first call: no fast-math, no threads; the plain function is its `py_func`."""
    return _compiled(function, {})


def fragment(function: F) -> F:
    """A kernel whose code is put into those that call it: for small steps that are called on every event."""
    return _compiled(function, {"forceinline": True})


def _compiled(function: F, options: dict[str, bool]) -> F:
    dispatcher = numba.njit(nogil=True, **options)(function)
    _KERNELS.add(dispatcher)
    compiled: F = dispatcher
    return compiled


def cache_key(package: Path = PACKAGE) -> str:
    """A hash, 20 hexadecimal digits, of all that compiled code depends on.

    That is: the sources in the folders of kernels in `package`, numba, llvmlite, numpy, Python and the CPU's features.
    """
    libraries = (numba.__version__, llvmlite.__version__, np.__version__)
    facts = (*libraries, platform.python_version(), platform.machine())
    digest = hashlib.sha256("|".join(facts).encode())
    digest.update(f"{binding.get_host_cpu_name()}|{binding.get_host_cpu_features().flatten()}".encode())
    for room in SOURCES:
        for source in sorted((package / room).rglob("*.py")):
            digest.update(source.relative_to(package).as_posix().encode() + b"\0")
            digest.update(source.read_bytes())
    return digest.hexdigest()[:20]


def cache_kernels(root: Path) -> bool:
    """Keep compiled code below `root`, in a folder of this exact code and machine; False when it is read-only.

    Of the folders of other code the newest few stay; older ones go when nobody began to use them for a day.
    """
    folder = root / cache_key()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError:
        return False
    with suppress(OSError):
        forget_older(root, folder.stat().st_mtime)
    _KERNELS.cache_in(folder)
    return True


def forget_older(root: Path, now: float) -> None:
    """A process that still uses a folder that goes makes it again with the next kernel that it compiles."""
    used = {folder: folder.stat().st_mtime for folder in root.iterdir() if _KEY.fullmatch(folder.name)}
    for folder in sorted(used, key=lambda f: used[f], reverse=True)[KEPT:]:
        if now - used[folder] > IDLE:
            shutil.rmtree(folder, ignore_errors=True)
