"""What is announced at Alpaca: news as they come, and corporate actions.

Promise: what a file or a request announces is journaled when it is told, once, and outlives a restart.
In: a file, requests by hand. Out: the doors of news and of corporate actions, and the stream of news.
Neighbours: `alpaca.data` has the stream; nothing here moves cash, holdings or prices.
"""

from quorum.simulator.alpaca.announced.actions import Actions
from quorum.simulator.alpaca.announced.articles import Article, article_of
from quorum.simulator.alpaca.announced.news import News
from quorum.simulator.alpaca.announced.reading import Announced, read_announced
from quorum.simulator.alpaca.announced.terms import action_of

__all__ = ["Actions", "Announced", "Article", "News", "action_of", "article_of", "read_announced"]
