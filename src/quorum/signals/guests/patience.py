"""Loading code of others with a deadline: an import that never ends holds up nobody else."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from quorum.domain import UsageError

T = TypeVar("T")
LOADING_SECONDS = 30.0
"""What an import may take; heavy libraries on a cold disk take ten."""


class _Enough(SystemExit):
    """Ends the thread that was given up; no handler of `Exception` holds it, and a thread ends with it in silence."""


def patiently(what: str, load: Callable[[], T]) -> T:
    """What `load` gives or raises, `SystemExit` included; UsageError once it has taken LOADING_SECONDS.

    It runs in a thread of its own. One that is given up is ended at its next step of Python; code that waits in C
    stays behind and keeps no process alive.
    """
    told: Future[T] = Future()

    def run() -> None:
        try:
            told.set_result(load())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller gets it
            told.set_exception(error)

    thread = threading.Thread(target=run, name="quorum-load", daemon=True)
    thread.start()
    thread.join(LOADING_SECONDS)
    if not told.done():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Enough))
        raise UsageError(
            f"{what} does not load: it was not done after {LOADING_SECONDS:g} s",
            "let the import define, and compute later",
        )
    return told.result()
