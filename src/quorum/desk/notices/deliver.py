"""One pass of the sender: who is told, what is sent now, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from time import monotonic
from typing import NamedTuple
from uuid import uuid4

from quorum.desk.notices.parcels import Delivery, Parcel, sort_out
from quorum.desk.notices.policy import ChannelRule, Policy, first_send, next_round, next_try, route
from quorum.desk.notices.ports import Channels, Deliveries, Failed, Outcome, Post, Retry, Round, Rounds, Sent, Turn
from quorum.desk.notices.wording import message
from quorum.domain import Clock, QuorumError

MOST = 500


class Pass(NamedTuple):
    """What a pass did: rounds begun, messages sent, messages that a channel did not take, deliveries left for later."""

    rounds: int
    sent: int
    refused: int
    postponed: int


def deliver(post: Post, channels: Channels, policy: Policy, clock: Clock) -> Pass:
    """Send what is due, each channel beside the others; a channel that takes nothing is left alone until its retry.

    A pass ends within twice the time that one delivery may take; what is left is due in the next one.
    Run by as many senders as there are: each delivery is sent by one of them. One that is killed after sending and
    before saying so has its message sent a second time, with the same id.
    """
    begun = begin_rounds(post, policy, clock.now())
    now = clock.now()
    due, sent = post.due(now, MOST)
    plan = sort_out(due, sent, policy, now)
    for until, found in groupby(sorted(plan.postponed, key=lambda p: p[1]), key=lambda p: p[1]):
        post.postpone([delivery for delivery, _ in found], until)
    by_channel = [list(found) for _, found in groupby(plan.parcels, key=lambda p: p.channel)]
    if not by_channel:
        return Pass(begun, 0, 0, len(plan.postponed))
    sender = _Sender(post, channels, policy, clock)
    with ThreadPoolExecutor(len(by_channel), "deliver") as threads:
        counts = list(threads.map(sender.serve, by_channel))
    return Pass(begun, sum(s for s, _ in counts), sum(r for _, r in counts), len(plan.postponed))


def begin_rounds(rounds: Rounds, policy: Policy, now: int) -> int:
    """Give every notice that is due its deliveries; how many rounds began."""
    wanted = [_round(turn, policy, now) for turn in rounds.turns(now, MOST)]
    return rounds.send_out(wanted) if wanted else 0


def _round(turn: Turn, policy: Policy, now: int) -> Round:
    notice, number = turn.notice, turn.number
    names = [name for name in route(notice, number, policy) if name not in turn.busy]
    channels = {name: first_send(notice, name, number, now, policy) for name in names}
    return Round(turn, channels, next_round(notice, number, now, policy))


class _Sender:
    def __init__(self, post: Deliveries, channels: Channels, policy: Policy, clock: Clock) -> None:
        self._post = post
        self._channels = channels
        self._policy = policy
        self._clock = clock

    def serve(self, parcels: Sequence[Parcel]) -> tuple[int, int]:
        """Send a channel's parcels until it refuses one or has had its time; how many it took, and how many not."""
        sent = refused = 0
        until = monotonic() + self._policy.timeout_seconds
        rule = self._policy.rule(parcels[0].channel)
        for number, parcel in enumerate(parcels):
            outcome = self._send(parcel, rule)
            sent += isinstance(outcome, Sent)
            refused += isinstance(outcome, Retry | Failed)
            if isinstance(outcome, Retry):
                left = [delivery for later in parcels[number + 1 :] for delivery in later.deliveries]
                self._post.postpone(left, outcome.at)
            if isinstance(outcome, Retry) or monotonic() > until:
                break
        return sent, refused

    def _send(self, parcel: Parcel, rule: ChannelRule | None) -> Outcome | None:
        """None when other senders have taken all of it."""
        name = uuid4().hex
        claimed = self._post.claim(parcel.deliveries, name, self._clock.now() + self._policy.lease)
        if not claimed:
            return None
        outcome = self._attempt(parcel.channel, claimed, rule)
        self._post.settle(name, outcome)
        return outcome

    def _attempt(self, channel: str, claimed: Sequence[Delivery], rule: ChannelRule | None) -> Outcome:
        if rule is None:
            return Failed(self._clock.now(), "the channel is not configured any more")
        try:
            self._channels.send(channel, message(claimed, rule.form))
        except QuorumError as error:
            now = self._clock.now()
            again = next_try(min(d.attempts for d in claimed), now, self._policy.retries)
            return Failed(now, str(error)) if again is None else Retry(again, str(error))
        return Sent(self._clock.now())
