"""Real money: what has to be agreed to before anything leaves for an account that trades with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quorum.bootstrap.emergency.real import REAL_MONEY, agreed_places
from quorum.desk import write_text
from quorum.desk.settings.trading import AccountSection
from quorum.desk.trading.live import Consents
from quorum.domain import BrokerError, NeedsApproval, OrderIntent
from quorum.execution import Abilities, Broker, BrokerAccount, BrokerOrder


@dataclass(frozen=True)
class Agreed:
    """A venue at which an order that opens is refused unless both approvals stand behind each of its strategies."""

    venue: Broker
    consents: Consents
    section: AccountSection

    @property
    def abilities(self) -> Abilities:
        """See Broker, as all of these."""
        return self.venue.abilities

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        refusal = self.consents.refusal(intent, self.section)
        if refusal:
            raise BrokerError(refusal, "deploy it with `quorum deploy ID --live`")
        try:
            return self.venue.submit(intent)
        except NeedsApproval as error:  # nothing left
            raise BrokerError(error.found, error.remedy) from error

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        return self.venue.order(client_order_id, sent)

    def open_orders(self) -> Sequence[BrokerOrder]:
        return self.venue.open_orders()

    def cancel(self, client_order_id: str) -> BrokerOrder:
        return self.venue.cancel(client_order_id)

    def cancel_all(self) -> Mapping[str, str]:
        return self.venue.cancel_all()

    def account(self) -> BrokerAccount:
        return self.venue.account()


def permit_of(home: Path, account: str, section: AccountSection, consents: Consents | None) -> Callable[[], None]:
    """What is asked before each request to an account with real money: NeedsApproval without both approvals.

    Once they are there it is written down, so that an emergency may reach the account when the store does not answer.
    """
    known: list[bool] = []

    def permit() -> None:
        if known:
            return
        if consents is None:
            raise NeedsApproval(f"account {account} trades with real money", "open it through the desk")
        consents.must_know(account, section)
        path, places = home / REAL_MONEY, agreed_places(home)
        if places.get(account) != section.place:
            write_text(path, json.dumps({**places, account: section.place}, indent=1, sort_keys=True) + "\n")
        known.append(True)

    return permit
