"""Where the workspace is, found without loading the desk; and acts that may not keep anybody waiting."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from quorum.domain import QuorumError, WorkspaceError

NAMES = (".quorum", ".crypto")
TRACES = ("workspace.yaml", "desk.db", "state", "lake", "config/accounts.yaml")
Answer = TypeVar("Answer")


def find_home(given: Path | None) -> Path:
    """The folder given, $QUORUM_HOME, or the nearest .quorum or .crypto upwards; WorkspaceError when there is none.

    A broken workspace will do: any of what only workspaces have tells one. In another folder a halt would stop nobody.
    """
    named = os.environ.get("QUORUM_HOME")
    here = Path.cwd()
    upwards = (folder / name for folder in (here, *here.parents) for name in NAMES)
    home = given or (Path(named) if named else next((place for place in upwards if place.is_dir()), None))
    if home is None or not home.is_dir():
        raise WorkspaceError(f"there is no workspace {f'at {home}' if home else 'here or above'}", "name it by --home")
    if not any((home / trace).exists() for trace in TRACES):
        remedy = "name the one that trades by --home; `quorum init` makes one"
        raise WorkspaceError(f"{home} is no workspace: it has nothing of one", remedy)
    return home.resolve()


class Late(QuorumError):
    """No answer came in time."""


class Apart(threading.Thread):
    """An act in a thread that nobody has to wait for: one that hangs ends with the process."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._act = act
        self.error: QuorumError | None = None
        self.ended = threading.Event()  # a join that Ctrl-C breaks off may count the thread as ended
        self.start()

    def run(self) -> None:
        try:
            self._act()
        except QuorumError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - what breaks here is told, and stops nothing else
            self.error = QuorumError(f"{type(error).__name__}: {error}", "see `quorum doctor`")
        finally:
            self.ended.set()


def within(seconds: float, what: str, act: Callable[[], Answer]) -> Answer:
    """The answer of `act`, or its QuorumError; Late, which names `what`, after so many seconds."""
    box: list[Answer] = []
    thread = Apart(lambda: box.append(act()))
    if not thread.ended.wait(seconds):
        raise Late(f"{what} did not answer within {seconds:g} s", "it is left behind; go on without it")
    if thread.error is not None:
        raise thread.error
    return box[0]
