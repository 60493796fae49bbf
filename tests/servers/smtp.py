"""A mail server on loopback that keeps what it is given, may ask for a password, and can be told to fail."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@dataclass
class Mailbox:
    """What was delivered; `refusals` are answered instead of taking a message, oldest first."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusals:
            return self.refusals.pop(0)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients += envelope.rcpt_tos
        return "250 taken"

    def texts(self) -> list[str]:
        """The plain text of every message."""
        bodies = [message.get_body(("plain",)) for message in self.messages]
        return [body.get_content() for body in bodies if body is not None]


@contextmanager
def mail_server(
    password: str | None = None, port: int = 0, mailbox: Mailbox | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Mailbox]:
    """The server on a port of its own, or on that one; with a password nothing is taken from who does not know it."""
    kept = mailbox or Mailbox()

    def known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        kept.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == password, handled=False)

    asked: dict[str, Any] = {"authenticator": known, "auth_required": True, "auth_require_tls": False}
    options = (asked if password is not None else {}) | ({} if tls is None else {"tls_context": tls})
    controller = Controller(kept, "127.0.0.1", port, ready_timeout=10, **options)
    if port == 0:
        controller.port = _free_port()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Requiring AUTH", UserWarning)
        controller.start()
        kept.port = controller.port
        try:
            yield kept
        finally:
            controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
