"""The tills of the simulated venues."""

from __future__ import annotations

from pathlib import Path

from quorum.adapters.process import JournalTill
from quorum.adapters.sql import SqlAccounts
from quorum.desk import Settings, Workspace
from quorum.domain import Money


def open_till(workspace: Workspace, settings: Settings, accounts: SqlAccounts) -> JournalTill:
    """Where cash and units that move by no order are told to the accounts' simulated venues."""
    configured = settings.accounts.accounts

    def journal(account: str) -> Path | None:
        ours = configured[account].venue == "simulated"
        return workspace.home / "venue" / f"{account}.jsonl" if ours else None

    def opening(account: str) -> Money:
        section = configured[account]
        return accounts.paid_in(account) or Money(section.cash, section.currency)

    return JournalTill(journal, opening)
