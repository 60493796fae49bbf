"""The doors of news: /v1beta1/news as a list and as a stream, and articles by hand."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from quorum.domain import DAY, parse_instant
from quorum.simulator.alpaca.announced.articles import Article, article_of
from quorum.simulator.alpaca.asking import instant, whole
from quorum.simulator.alpaca.data import NEWS, Feed
from quorum.simulator.alpaca.refusals import BAD_REQUEST, Complaint
from quorum.simulator.core import Noted
from quorum.simulator.serving import Simulation, said

_NOTE = "news:"
_USUAL, _MOST = 10, 50
_BEAT = 0.05  # seconds between looks for articles that are due


class News:
    """Articles, told when their time has come; one that is given again is told again, as updated."""

    def __init__(self, simulation: Simulation, articles: Iterable[Article], feed: Feed) -> None:
        self._simulation = simulation
        self._exchange = simulation.exchange
        self._feed = feed
        self._waiting = deque(sorted(articles, key=lambda article: article.at))
        if self._waiting:
            simulation.spawn(self._deliver())

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door, with its method."""
        return [web.get(NEWS, self.listed), web.post("/sim/news", said(self.publish))]

    async def listed(self, request: web.Request) -> web.StreamResponse:
        """Articles of a span and of symbols, the newest first unless asked, a page at a time; or the stream of them."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._feed.stream(request)
        self._catch_up()
        rows = self._asked(request)
        limit = whole(request, "limit", _USUAL, _MOST)
        if token := request.query.get("page_token"):
            ids = [str(row["id"]) for row in rows]
            if token not in ids:
                raise Complaint(400, BAD_REQUEST, "invalid page_token")
            rows = rows[ids.index(token) + 1 :]
        shown = [_shown(row, _true(request, "include_content")) for row in rows[:limit]]
        more = str(rows[limit - 1]["id"]) if len(rows) > limit else None
        return web.json_response({"news": shown, "next_page_token": more})

    def publish(self, body: Any) -> Any:
        """Tell an article, or a list of them, now; their ids."""
        now = self._exchange.clock.now()
        rows = body if isinstance(body, list) else [body]
        articles = [article_of(row, f"article {number} of the request", now) for number, row in enumerate(rows, 1)]
        for article in articles:
            self._tell(article)
        return [article.identity for article in articles]

    def _asked(self, request: web.Request) -> list[dict[str, Any]]:
        query, now = request.query, self._exchange.clock.now()
        start, end = instant(query, "start"), instant(query, "end")
        start, end = now // DAY * DAY if start is None else start, now if end is None else end
        symbols = {name.replace("/", "") for name in query.get("symbols", "").split(",") if name}
        sort = query.get("sort", "desc").lower()
        if sort not in ("asc", "desc"):
            raise Complaint(400, BAD_REQUEST, "sort must be asc or desc")
        rows = [
            row
            for row in self._all()
            if start <= parse_instant(row["updated_at"]) <= end
            and (not symbols or symbols & set(row["symbols"]))
            and (row["content"] or not _true(request, "exclude_contentless"))
        ]
        return sorted(rows, key=lambda row: (parse_instant(row["updated_at"]), row["id"]), reverse=sort == "desc")

    def _all(self) -> list[dict[str, Any]]:
        return [json.loads(text) for name, text in self._exchange.floor.notes.items() if name.startswith(_NOTE)]

    async def _deliver(self) -> None:
        while self._waiting:
            self._catch_up()
            await asyncio.sleep(_BEAT)

    def _catch_up(self) -> None:
        while self._waiting and self._waiting[0].at <= self._exchange.clock.now():
            article = self._waiting.popleft()
            if f"{_NOTE}{article.identity}" not in self._exchange.floor.notes:
                self._tell(article)

    def _tell(self, article: Article) -> None:
        now, name = self._exchange.clock.now(), f"{_NOTE}{article.identity}"
        at, known = min(article.at, now), self._exchange.floor.notes.get(name)
        form = article.form(parse_instant(json.loads(known)["created_at"]) if known else at, at)
        self._exchange.emit(Noted(now, name, json.dumps(form)))
        self._feed.publish(form)


def _shown(row: dict[str, Any], content: bool) -> dict[str, Any]:
    return row if content else row | {"content": ""}


def _true(request: web.Request, name: str) -> bool:
    return request.query.get(name, "").lower() == "true"
