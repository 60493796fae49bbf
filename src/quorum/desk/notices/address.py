"""Where a channel's messages go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NAMED = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Address:
    """A channel's address: a `url` whose {names} stand for keys, or the place of a key that is the whole of it.

    `secrets` has the place of the key for each name, as env:NAME. `allow_plain` lets it be one without encryption.
    """

    url: str = field(default="", repr=False)
    url_from: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    allow_plain: bool = False

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(_NAMED.findall(self.url))

    def filled(self, values: Mapping[str, str]) -> str:
        """The url with each name's value in its place."""
        return _NAMED.sub(lambda found: values[found[1]], self.url)
