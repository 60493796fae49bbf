"""The library yfinance, asked in one place: what it raises becomes our errors."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Callable
from typing import Any

from quorum.domain import ConfigError, DataError, NotFound

_LATER = "what came before is in the lake; run it again later, an hour from now"


def has_library() -> bool:
    """Whether yfinance is installed."""
    return importlib.util.find_spec("yfinance") is not None


def download_with(session: Any = None, timeout: float = 20.0) -> Callable[[str, str, int, int], Any]:
    """A question to Yahoo: ticker, interval, first and last second (the last not included) to a frame by time.

    `session` is one of yfinance's own kind, None for its default. ConfigError where yfinance is not installed;
    NotFound for an unknown ticker; DataError for whatever else it raises. No rows where it has no prices.
    """
    if not has_library():
        raise ConfigError("yfinance is not installed", "install it with `pip install 'quorum[yfinance]'`")

    def download(ticker: str, interval: str, start: int, end: int) -> Any:
        import yfinance
        from yfinance import exceptions

        logging.getLogger("yfinance").addHandler(logging.NullHandler())
        yfinance.config.debug.hide_exceptions = False
        asked = {"interval": interval, "start": start, "end": end, "timeout": timeout}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it speaks to an older pandas
                asker = yfinance.Ticker(ticker, session=session)
                return asker.history(**asked, auto_adjust=False, actions=False, prepost=False)
        except exceptions.YFTzMissingError as error:
            raise _unknown(ticker) from error
        except exceptions.YFPricesMissingError:
            return None
        except exceptions.YFRateLimitError as error:
            raise DataError(f"yahoo says that we ask too often, for {ticker}", _LATER) from error
        except Exception as error:  # whatever a third party raises is its failure, not ours
            said = " ".join(str(error).split())[:200]
            if "404" in said:
                raise _unknown(ticker) from error
            raise DataError(f"yahoo did not give {ticker} ({type(error).__name__}: {said})", _LATER) from error

    return download


def _unknown(ticker: str) -> NotFound:
    return NotFound(f"yahoo does not know {ticker}", "write it as AAPL, BTCUSD or ^GSPC")
