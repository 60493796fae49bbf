"""A web service on loopback that keeps what is posted to it, and can be told to fail, to wait and to redirect."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A status after so many seconds; `drip` sends a byte of it every so many seconds, without end."""

    status: int = 200
    after: float = 0.0
    location: str = ""
    drip: float = 0.0


@dataclass
class Hook:
    """What was posted; `answers` are given one after the other, then 200. `arrived` is set by each post."""

    port: int = 0
    posts: list[Mapping[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: deque[Answer] = field(default_factory=deque)
    arrived: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def titles(self) -> list[str]:
        return [str(post["title"]) for post in self.posts]


class Quiet(ThreadingHTTPServer):
    """Takes it calmly when a client has hung up."""

    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def webhook(port: int = 0, hook: Hook | None = None) -> Iterator[Hook]:
    """The service on a port of its own, or on that one."""
    kept = hook or Hook()
    kept.over.clear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = kept.answers.popleft() if kept.answers else Answer()
            if answer.status == 200:
                kept.posts.append(json.loads(content))
            kept.paths.append(self.path)
            kept.headers.append({k.lower(): v for k, v in self.headers.items()})
            kept.arrived.set()
            kept.over.wait(answer.after)
            if answer.drip:
                self._drip(answer.drip)
                return
            with suppress(OSError):
                self.send_response(answer.status)
                if answer.location:
                    self.send_header("Location", answer.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def _drip(self, pause: float) -> None:
            with suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not kept.over.is_set():
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(pause)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = Quiet(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    kept.port = server.server_address[1]
    try:
        yield kept
    finally:
        kept.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
