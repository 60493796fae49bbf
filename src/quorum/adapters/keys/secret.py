"""A key that no text shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

_HIDDEN = b"(hidden)"


class Secret:
    """Holds a key; `reveal` is the one way to it, `where` says which place it is from."""

    __slots__ = ("_held", "where")

    def __init__(self, value: str, where: str) -> None:
        self._held: Callable[[], str] = lambda: value  # a bare attribute would show in a dump of the object
        self.where = where

    def reveal(self) -> str:
        """The key itself."""
        return self._held()

    def hidden_in(self, content: bytes) -> bytes:
        """`content` without the key, should it stand there."""
        return content.replace(self.reveal().encode(), _HIDDEN)

    def __repr__(self) -> str:
        return f"Secret({self.where})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written down")
