"""The emergency card: what the desk really runs with, kept where a process can read it that must not load the desk."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quorum.bootstrap.emergency.room import keep_room
from quorum.domain import WorkspaceError, plain

if TYPE_CHECKING:  # the reader of a card loads nothing of the desk
    from quorum.desk import Desk

PLACE = "state/emergency.json"
VARIABLE = "QUORUM_DATABASE_URL"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Card:
    """Where the store is, each account with its venue and limits, the simulated venue, the steps of instruments.

    A key stands on it as a reference, the database's address as the variable that names it.
    """

    store: str
    provenance: Mapping[str, Any]
    accounts: Mapping[str, Mapping[str, Any]]
    simulated_venue: Mapping[str, Any]
    instruments: Mapping[str, Any]


def write_card(desk: Desk, shared: bool, provenance: Mapping[str, Any]) -> None:
    """Put the card into the workspace when it says something new; a folder that takes no file keeps the old one.

    Room for an emergency on a full disk is laid by beside it.
    """
    keep_room(desk.workspace.home)
    path = desk.workspace.home / PLACE
    settings = desk.settings
    body = {
        "version": VERSION,
        "store": f"env:{VARIABLE}" if shared else desk.workspace.database.name,
        "provenance": dict(provenance),
        "accounts": {
            name: {**section.model_dump(mode="json"), "limits": plain(desk.limits(name))}
            for name, section in settings.accounts.accounts.items()
        },
        "simulated_venue": settings.execution.simulated_venue.model_dump(mode="json"),
        "instruments": settings.instruments.model_dump(mode="json"),
    }
    text = json.dumps(body, indent=1, sort_keys=True) + "\n"
    with suppress(OSError):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            from quorum.desk import write_text

            write_text(path, text)


def read_card(home: Path) -> Card:
    """The workspace's card; WorkspaceError when there is none yet, or when it cannot be read."""
    path = home / PLACE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Card(**{name: found[name] for name in Card.__slots__})
    except FileNotFoundError as error:
        raise WorkspaceError(f"there is no {path}", "it is written when the desk is first opened") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            f"{path}: cannot be read ({error})", "any command that opens the desk writes it"
        ) from error


def store_of(home: Path, card: Card) -> Path | str:
    """The store's file, or its address as the environment has it; WorkspaceError when it is not there."""
    if card.store.startswith("env:"):
        address = os.environ.get(card.store.removeprefix("env:"))
        if not address:
            raise WorkspaceError("the store's address is not in this terminal's environment", f"set {card.store[4:]}")
        return address
    path = home / card.store
    if not path.is_file():
        raise WorkspaceError(f"there is no store at {path}", "nothing was traded here yet, or it was moved")
    return path
