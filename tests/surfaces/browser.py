"""A real browser without a window, driven through its debugging pipe: what a reader sees and does on a page."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_QUIET = ("background-networking", "component-update", "sync", "gpu", "extensions")


class Page:
    """One open page: what its console said, what a script finds in it, and a pointer."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write, self._rest, self._sent = read, write, b"", 0
        self._session: str | None = None
        self.console: list[str] = []

    def open(self, path: Path, width: int = 1200, height: int = 1400, dark: bool = False) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        for room in ("Page", "Runtime", "Log"):
            self.call(f"{room}.enable")
        self.call("Page.navigate", url=path.as_uri())
        drawn = "[...document.querySelectorAll('.plot')].every(p => p.dataset.drawn)"
        self.wait(f"document.readyState === 'complete' && {drawn}")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._sent += 1
        asked: dict[str, Any] = {"id": self._sent, "method": method, "params": params}
        if self._session is not None:
            asked["sessionId"] = self._session
        os.write(self._write, json.dumps(asked).encode() + b"\0")
        while (answer := self._next()).get("id") != self._sent:
            self._note(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def find(self, script: str) -> Any:
        """What `script` comes to in the page, promises awaited."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, script: str) -> None:
        """Until `script` is true, within 30 seconds of the page's own clock."""
        pause = "await new Promise(r => setTimeout(r, 20))"
        poll = f"for (let i = 0; i < 1500; i++) {{ if ({script}) return true; {pause}; }}"
        assert self.find(f"(async () => {{ {poll} }})()") is True, script

    def box(self, selector: str) -> tuple[float, float, float, float]:
        """Left, top, width and height of an element, scrolled into view."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.find(f"{element}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        found = self.find(f"(r => [r.left, r.top, r.width, r.height])({element}.getBoundingClientRect())")
        left, top, width, height = found
        return left, top, width, height

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.move(*start)
        self._mouse("mousePressed", *start, clickCount=1)
        for k in range(1, 6):
            self.move(*(a + (b - a) * k / 5 for a, b in zip(start, end, strict=True)), held=True)
        self._mouse("mouseReleased", *end, clickCount=1)
        self.settle()

    def move(self, x: float, y: float, held: bool = False) -> None:
        self._mouse("mouseMoved", x, y, buttons=int(held))

    def double_click(self, x: float, y: float) -> None:
        for count in (1, 2):
            self._mouse("mousePressed", x, y, clickCount=count)
            self._mouse("mouseReleased", x, y, clickCount=count)
        self.settle()

    def settle(self) -> None:
        """Two frames later."""
        self.find("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(true))))")

    def picture(self, path: Path, whole: bool = False) -> None:
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        button = "none" if kind == "mouseMoved" else "left"
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, **more)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._read, 1 << 20)
            assert more, "the browser went away"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        return found

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.console.append(json.dumps(event["params"]))


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A page of a fresh chromium that lives as long as the block."""
    for_it, from_us = os.pipe()
    to_us, from_it = os.pipe()
    command = ["chromium", "--headless", "--no-sandbox", "--no-first-run", "--remote-debugging-pipe"]
    flags = [*(f"--disable-{name}" for name in _QUIET), "--hide-scrollbars", f"--user-data-dir={profile}"]
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (for_it, from_it)]
    laid = [(os.POSIX_SPAWN_DUP2, end, place) for place, end in enumerate(high, 3)]  # it reads from 3, writes to 4
    silent = [(os.POSIX_SPAWN_OPEN, out, os.devnull, os.O_WRONLY, 0) for out in (1, 2)]
    process = os.posix_spawnp(command[0], [*command, *flags], os.environ, file_actions=[*silent, *laid])
    for end in (for_it, from_it, *high):
        os.close(end)
    try:
        yield Page(to_us, from_us)
    finally:
        os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)
        os.close(from_us)
        os.close(to_us)
