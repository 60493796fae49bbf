"""What counts against a client: weight in a minute, messages in a second, connections in some minutes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from time import monotonic

_MINUTE, _FIRST_BAN, _LONGEST = 60.0, 120.0, 3 * 86_400.0
_IGNORED = 10  # requests over the limit, in one minute, that bring a ban


@dataclass(slots=True)
class Weight:
    """Weight used in each minute of the machine's clock, `most` of it allowed; 0 allows any.

    Who goes on asking is banned, twice as long each time.
    """

    most: int
    used: int = 0
    banned_until: float = 0.0
    _minute: int = -1
    _over: int = 0
    _bans: int = 0

    def take(self, weight: int) -> tuple[int, float]:
        """200, 429 or 418 for a request of that weight, and the seconds to wait."""
        now = monotonic()
        if now < self.banned_until:
            return 418, self.banned_until - now
        if (minute := int(now / _MINUTE)) != self._minute:
            self._minute, self.used, self._over = minute, 0, 0
        self.used += weight
        if not self.most or self.used <= self.most:
            return 200, 0.0
        self._over += 1
        if self._over <= _IGNORED:
            return 429, (minute + 1) * _MINUTE - now
        self._bans += 1
        length = min(_FIRST_BAN * 2 ** (self._bans - 1), _LONGEST)
        self.banned_until, self._over = now + length, 0
        return 418, length


@dataclass(slots=True)
class Pace:
    """Messages of the last `window` seconds; at most `most`."""

    most: int
    window: float = 1.0
    _seen: deque[float] = field(default_factory=deque)

    def allows(self) -> bool:
        """Count one more; whether it was still allowed."""
        now = monotonic()
        while self._seen and now - self._seen[0] >= self.window:
            self._seen.popleft()
        self._seen.append(now)
        return len(self._seen) <= self.most


@dataclass(slots=True)
class Turnstile:
    """Connections of the last `window` seconds; at most `most`, 0 for any. Who wants more stays out for `ban` seconds,
    or until one of them is old enough."""

    most: int
    window: float
    ban: float = 0.0
    _seen: deque[float] = field(default_factory=deque)
    _shut: float = 0.0

    def wait(self) -> float:
        """Count one more; the seconds to wait where it is one too many, else 0."""
        now = monotonic()
        while self._seen and now - self._seen[0] >= self.window:
            self._seen.popleft()
        if self.most and now >= self._shut and len(self._seen) >= self.most:
            self._shut = now + (self.ban or self.window - (now - self._seen[0]))
        if now < self._shut:
            return self._shut - now
        self._seen.append(now)
        return 0.0
