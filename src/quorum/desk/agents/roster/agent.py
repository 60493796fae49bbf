"""What a specialist is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seat:
    """A chair for a language model: `asks` is what a model on it would be asked. Nobody sits there by default."""

    asks: str


@dataclass(frozen=True, slots=True)
class Agent:
    """One specialist: its name, its other names, what it is for, and the tasks that it does.

    `tasks` are names in the table of tasks, `room` is the room whose functions do them. One without a task and
    without a model in its seat is listed as unavailable and refuses. Nothing trades without the mandatory ones.
    `deadline_seconds` is how long a call may take, None is the failure protocol's; `source` says which file names it.
    """

    name: str
    role: str
    domain: str
    room: str
    source: str
    tasks: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    brain: Seat | None = None
    mandatory: bool = False
    deadline_seconds: float | None = None


def spelled(name: str) -> str:
    """A name as the registry writes it: small letters and hyphens, without `@` before it or `agent` after it."""
    plain = "-".join(name.strip().lstrip("@").lower().replace("_", " ").replace("-", " ").split())
    return plain.removesuffix("-agent")
