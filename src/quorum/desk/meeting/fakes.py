"""A language model that says what it was told to, for tests."""

from __future__ import annotations

from collections.abc import Sequence

from quorum.desk.meeting.ports import Purse, Wanted
from quorum.discovery import Proposal


class Scripted:
    """A Seat with its words in advance; every call costs the same."""

    def __init__(self, *says: Proposal, price: float = 0.01) -> None:
        self.says, self.price = says, price
        self.asked: list[Wanted] = []

    def propose(self, wanted: Wanted, purse: Purse) -> Sequence[Proposal]:
        self.asked.append(wanted)
        purse.take(self.price)
        return self.says[: wanted.most]
