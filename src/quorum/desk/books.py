"""Whether an account's books are in order: the ledger by itself, and against the venue."""

from __future__ import annotations

from dataclasses import dataclass

from quorum.desk.desk import Desk
from quorum.desk.notices import Event, Occurrence
from quorum.domain import Book, Clock, content_hash, utc_day
from quorum.execution import AuditReport, BrokerAccount, audit, differences

AUDITED = (
    *("entry", "posting", "fill", "balance", "position", "fill_share", "strategy_position"),
    *("intent", "order_event", "order_state", "decision", "account"),
)


@dataclass(frozen=True, slots=True)
class BookReport:
    """An account's book, the audit of the whole ledger, and where book and venue differ."""

    account: str
    book: Book
    venue: BrokerAccount
    audit: AuditReport
    differences: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        return self.audit.balanced and not self.differences


def books(desk: Desk, account: str, clock: Clock | None = None) -> BookReport:
    """Audit the ledger from its raw rows and compare the account with its venue."""
    with desk.accounts.transaction(account) as transaction:
        book = transaction.book()
    venue = desk.broker(account, clock or desk.clock).account()
    report = audit(desk.rows(AUDITED))
    return BookReport(account, book, venue, report, differences(book, venue))


def tell_difference(desk: Desk, report: BookReport) -> None:
    """People are told where books do not balance, once a day for the same differences; else nothing."""
    found = [*report.differences, *(str(fault) for fault in report.audit.faults)]
    if report.balanced:
        return
    key = f"{report.account}/{content_hash(found)}/{utc_day(desk.clock.now())}"
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    details = {"account": report.account, "differences": found}
    summary = f"account {report.account}: {found[0]}{more}"
    desk.outbox.raise_(Occurrence(Event.BOOKS_DIFFER, key, summary, details))
