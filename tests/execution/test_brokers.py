"""Every broker of ours keeps the contract: in this process, over a file, and behind a socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.words import NOW, PRICES, decimals
from execution.broker_contract import BrokerContract
from execution.venues import CASH, FREE, Venues, at, listed, printed, served, wish
from quorum.adapters.process import RemoteBroker
from quorum.domain import BrokerError, BrokerUnreachable, Side, UsageError, VirtualClock
from quorum.execution import SimulatedBroker, VenueCosts
from quorum.execution.fakes import ListedPrices, MemoryJournal


class TestInMemory(BrokerContract):
    @pytest.fixture
    def venues(self) -> Iterator[Venues]:
        with ExitStack() as stack:
            yield Venues("memory", stack)


class TestInAFile(BrokerContract):
    @pytest.fixture
    def venues(self) -> Iterator[Venues]:
        with ExitStack() as stack:
            yield Venues("file", stack)


class TestBehindASocket(BrokerContract):
    @pytest.fixture
    def venues(self) -> Iterator[Venues]:
        with ExitStack() as stack:
            yield Venues("remote", stack)


def test_nobody_listens_is_no_refusal(tmp_path: Path) -> None:
    broker = RemoteBroker(tmp_path / "nobody", VirtualClock(NOW))
    with pytest.raises(BrokerUnreachable, match="the simulated venue gave no answer"):
        broker.submit(wish())
    for verb in (broker.order, broker.cancel):
        with pytest.raises(BrokerUnreachable, match="the simulated venue gave no answer"):
            verb("Q1")
    with pytest.raises(BrokerUnreachable) as refusal:
        broker.account()
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("answer", [b"", b"\n", b'{"answer": ', b"not json\n"])
def test_half_an_answer_is_none(tmp_path: Path, answer: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(tmp_path / "s"))
        line.listen()

        def reply() -> None:
            caller, _ = line.accept()
            with caller:
                caller.recv(65_536)
                caller.sendall(answer)

        thread = threading.Thread(target=reply)
        thread.start()
        with pytest.raises(BrokerUnreachable):
            RemoteBroker(tmp_path / "s", VirtualClock(NOW), timeout=5).submit(wish())
        thread.join()


def test_silence_is_given_up_after_the_timeout(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(tmp_path / "s"))
        line.listen()
        with pytest.raises(BrokerUnreachable, match="timed out"):
            RemoteBroker(tmp_path / "s", VirtualClock(NOW), timeout=0.05).account()


def test_the_venue_tells_the_time_of_whoever_asks() -> None:
    prints = ListedPrices([printed(5, "100")])
    journal = MemoryJournal()
    with served(lambda clock: SimulatedBroker(journal, prints, clock, FREE, CASH, listed)) as path:
        early, late = VirtualClock(NOW), VirtualClock(at(5))
        assert RemoteBroker(path, early).submit(wish()).fills == ()
        answer = RemoteBroker(path, late).order("Q1")
    assert answer is not None
    assert len(answer.fills) == 1


def test_a_refusal_comes_through_the_socket_as_it_was_said() -> None:
    journal, prints = MemoryJournal(), ListedPrices([])
    venue = served(lambda clock: SimulatedBroker(journal, prints, clock, FREE, CASH, listed))
    with venue as path, pytest.raises(BrokerError) as refusal:
        RemoteBroker(path, VirtualClock(NOW)).cancel("Q7")
    assert not isinstance(refusal.value, BrokerUnreachable)
    assert str(refusal.value) == "there is no order Q7 to cancel"


@pytest.mark.parametrize(
    ("fee", "slippage", "share"), [("-1", "0", "0.1"), ("0", "-1", "0.1"), ("0", "0", "0"), ("0", "0", "1.1")]
)
def test_costs_out_of_bounds_are_refused(fee: str, slippage: str, share: str) -> None:
    with pytest.raises(UsageError, match="make no sense; fees and slippage are >= 0"):
        VenueCosts(Decimal(fee), Decimal(slippage), Decimal(share))


@settings(max_examples=60)
@given(
    st.sampled_from(Side),
    st.lists(st.tuples(PRICES, decimals(0, 10**6, 3)), min_size=1, max_size=6),
    PRICES,
    decimals(1, 10**6, 3),
    st.builds(VenueCosts, decimals(0, 500, 1), decimals(0, 500, 1), decimals(1, 100, 2)),
)
def test_on_any_prints_no_fill_helps_the_taker(
    side: Side, prints: list[tuple[Decimal, Decimal]], collar: Decimal, size: Decimal, costs: VenueCosts
) -> None:
    trades = [printed(n, str(price), str(volume)) for n, (price, volume) in enumerate(prints)]
    broker = SimulatedBroker(MemoryJournal(), ListedPrices(trades), VirtualClock(at(10)), costs, CASH, listed)
    answer = broker.submit(wish(1, str(size), side, collar=collar))
    assert answer.fills == ()
    clock = VirtualClock(NOW)
    broker = SimulatedBroker(MemoryJournal(), ListedPrices(trades), clock, costs, CASH, listed)
    broker.submit(wish(1, str(size), side, collar=collar))
    clock.advance_to(at(10))
    later = broker.order("Q1")
    assert later is not None
    by_time = {trade.time: trade for trade in trades}
    for fill in later.fills:
        source = by_time[fill.time]
        assert side.sign * (fill.price - source.price * (1 + side.sign * costs.slippage_bps / 10_000)) >= 0
        assert side.sign * (fill.price - collar) <= 0
        assert source.quantity == 0 or fill.quantity <= source.quantity * costs.max_volume_share
        assert fill.fee * 10_000 >= fill.notional * costs.fee_bps
    assert sum((fill.quantity for fill in later.fills), Decimal(0)) <= size
