"""Who has agreed to trade real money: a strategy needs two yeses of persons, one to paper and one to live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from quorum.desk.approvals import Answered, Approval, Questions
from quorum.desk.approvals.standing import SURFACE as STANDING
from quorum.desk.life.ports import Records
from quorum.desk.settings.trading import AccountSection
from quorum.domain import NeedsApproval, NotFound, OrderIntent, Purpose

LIVE = "LIVE"
"""The stage of a deployment that trades real money."""
AT_WORK = "standing"
GONE = ("refused", "admitted")


class Agreed(NamedTuple):
    """What was agreed to about an account: the strategies that may open there, and those that ever could.

    `why` says what is missing where there is none.
    """

    strategies: frozenset[str]
    ever: frozenset[str]
    why: str = ""


class Consents(NamedTuple):
    """Where it is looked up who agreed to what; nothing is remembered between two looks."""

    deployments: Records
    approvals: Questions

    def of(self, account: str, section: AccountSection) -> Agreed:
        """What holds for an account as it is configured."""
        found: dict[str, str] = {}
        ever: set[str] = set()
        why = "nobody has agreed to that"
        for record in self.deployments.listed(account=account, stage=LIVE):
            lacking = self._lacking(record, section)
            found.pop(record["strategy_id"], None)
            if lacking:
                why = lacking
            elif record["status"] not in GONE:
                ever.add(record["strategy_id"])
                found[record["strategy_id"]] = record["status"]
        at_work = frozenset(name for name, status in found.items() if status == AT_WORK)
        return Agreed(at_work, frozenset(ever), "" if ever else why)

    def must_know(self, account: str, section: AccountSection) -> None:
        """NeedsApproval unless two approvals stand behind a strategy of the account, as it is configured."""
        why = self.of(account, section).why
        if why:
            raise NeedsApproval(
                f"account {account} trades with real money, and {why}",
                f"ask for it with `quorum deploy ID --live --account {account}`",
            )

    def refusal(self, intent: OrderIntent, section: AccountSection) -> str:
        """Why an order may not leave for real money, in words; empty when it may. What lets go always may."""
        if intent.purpose is Purpose.REDUCTION:
            return ""
        agreed = self.of(intent.account, section)
        names = [part.strategy_id for part in intent.parts]
        lacking = [name or "what no strategy wants" for name in names if name not in agreed.strategies]
        if names and not lacking:
            return ""
        who = ", ".join(lacking) or "what no strategy wants"
        return f"{who} may not trade real money in account {intent.account}: {agreed.why or 'two approvals are needed'}"

    def _lacking(self, record: Mapping[str, Any], section: AccountSection) -> str:
        """What is missing behind a deployment, in words; empty when both approvals hold."""
        names = str(record["first_approval_id"]), str(record["approval_id"])
        strategy_id, terms = record["strategy_id"], terms_of(section)
        if len(set(names)) < 2:
            return f"{strategy_id} has one approval, and two are needed"
        for name in names:
            try:
                approval = self.approvals.get(name)
            except NotFound as error:
                return error.found
            if not is_word(approval, strategy_id):
                return f"{name} is no person's yes to {strategy_id}"
        shown = self.approvals.get(names[1]).question.shows
        if (shown.get("account"), shown.get("terms")) != (record["account"], terms):
            return f"{names[1]} agreed to {shown.get('terms')}, and it is {terms} now"
        return ""


def terms_of(section: AccountSection) -> str:
    """What a person agrees to about an account: where its orders go, by which keys, in which book and currency."""
    return f"{section.place}; book {section.book}, {section.currency}"


def is_word(approval: Approval, strategy_id: str) -> bool:
    """Whether a person said yes under this approval, to this strategy; a standing approval is no person."""
    said = approval.state
    person = isinstance(said, Answered) and said.approved and said.surface != STANDING
    return person and approval.question.shows.get("strategy_id") == strategy_id
