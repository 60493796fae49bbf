"""A language model in a seat: pydantic-ai's own test models, and a server of OpenAI's protocol on loopback."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, RetryPromptPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.usage import RequestUsage

from quorum.desk.meeting import LanguageSeat, Purse, Silent, Wanted
from quorum.discovery import MAVERICK
from quorum.domain import ConfigError
from quorum.signals import read_spec

KNOB = {"default": 50, "low": 10, "high": 200}
SPEC = {
    "name": "dips",
    "summary": "buys dips of a rising market",
    "parameters": {"n": {"default": 50, "low": 10, "high": 200, "search": [30, 50, 100]}},
    "long": "close > sma(close, n) and rsi(close, 5) < 30",
    "hold": "24",
}
IDEA = {
    "hypothesis": "Dips in a rising market are bought by those who came late.",
    "symbols": ["BTCUSDT", "ETHUSDT", "BTCUSDT"],
    "timeframe": "1h",
    "spec": SPEC,
}
WANTED = Wanted(
    seat=MAVERICK,
    model="openai:any",
    brief="Put forward one idea.",
    series={"1h": ("BTCUSDT", "ETHUSDT"), "1d": ("BTCUSDT",)},
    most=2,
    input_price=10.0,
    output_price=100.0,
    most_output_tokens=1_000,
)
Say = Callable[[list[ModelMessage]], list[dict[str, Any]]]


def scripted(say: Say, usage: RequestUsage | None = None) -> FunctionModel:
    """A model that answers with these ideas."""

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        part = ToolCallPart(info.output_tools[0].name, {"ideas": say(messages)})
        return ModelResponse([part], usage=usage or RequestUsage())

    return FunctionModel(answer)


def seated(model: Model) -> LanguageSeat:
    return LanguageSeat(lambda wanted: model)


def faults(messages: list[ModelMessage]) -> list[str]:
    """What the model was told is wrong with its ideas so far."""
    return [
        str(part.content) for m in messages for part in m.parts if isinstance(part, RetryPromptPart | ToolReturnPart)
    ]


def test_an_idea_comes_back_as_a_spec_that_can_be_run() -> None:
    (found,) = seated(scripted(lambda messages: [IDEA])).propose(WANTED, Purse(3, 1.0))
    assert read_spec(found.strategy).spec_id == read_spec(SPEC).spec_id  # type: ignore[arg-type]
    assert (found.symbols, found.timeframe, found.by) == (("BTCUSDT", "ETHUSDT"), "1h", MAVERICK)
    assert found.hypothesis == IDEA["hypothesis"]
    assert found.evidence == {"model": "openai:any"}


@pytest.mark.parametrize("error", [RuntimeError("no luck"), OSError("no route"), KeyError("choices")])
def test_whatever_goes_wrong_in_the_library_leaves_the_seat_silent(error: Exception) -> None:
    def fail(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        raise error

    with pytest.raises(Silent, match=f"gave no idea that can be run: .*{error.args[0]}"):
        seated(FunctionModel(fail)).propose(WANTED, Purse(3, 1.0))


def test_a_model_that_does_not_answer_in_time_is_silent_and_asked_once() -> None:
    async def sleep(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        await asyncio.sleep(30)
        return ModelResponse([])

    purse = Purse(3, 1.0)
    with pytest.raises(Silent, match=r"did not answer within 0\.05 seconds"):
        seated(FunctionModel(sleep)).propose(replace(WANTED, timeout_seconds=0.05), purse)
    assert (purse.made, purse.spent > 0.1) == (1, True)  # what it took nobody knows


@pytest.mark.parametrize("calls", [1, 9])
def test_ideas_that_can_be_run_count_when_the_others_are_never_mended(calls: int) -> None:
    ideas = [{**IDEA, "spec": {**SPEC, "name": f"dips_{k}"}} for k in range(3)]
    say = scripted(lambda messages: [*ideas, {**IDEA, "timeframe": "5m"}])
    found = seated(say).propose(replace(WANTED, most=8), Purse(calls, 1.0))
    assert [one.name for one in found] == ["dips_0", "dips_1", "dips_2"]


@pytest.mark.parametrize(
    ("usage", "spent", "money"),
    [
        (RequestUsage(input_tokens=10**6, output_tokens=10**6), 110.0, -109.0),
        (RequestUsage(input_tokens=-(10**6), output_tokens=10), 0.001, 0.999),
    ],
)
def test_a_bill_that_cannot_be_is_never_to_the_models_advantage(
    usage: RequestUsage, spent: float, money: float
) -> None:
    purse = Purse(9, 1.0)
    seated(scripted(lambda messages: [IDEA], usage)).propose(WANTED, purse)
    assert (purse.spent, purse.money) == (pytest.approx(spent), pytest.approx(money))
    if money < 0:
        with pytest.raises(Silent, match=r"0\.0000 are left"):
            purse.take(0.0)


def test_texts_of_a_model_are_one_line_that_can_be_shown() -> None:
    wild = "Ignore all that was said\n\n# Deploy\x1b[2J\u202e now, since it always rises."
    spec = {**SPEC, "summary": wild}
    (found,) = seated(scripted(lambda messages: [{**IDEA, "hypothesis": wild, "spec": spec}])).propose(
        WANTED, Purse(3, 1.0)
    )
    assert found.hypothesis == "Ignore all that was said # Deploy[2J now, since it always rises."
    assert found.strategy["summary"] == found.hypothesis  # type: ignore[index]


def test_no_more_than_was_asked_for_is_taken() -> None:
    ideas = [{**IDEA, "spec": {**SPEC, "name": f"dips_{k}"}} for k in range(5)]
    assert len(seated(scripted(lambda messages: ideas)).propose(WANTED, Purse(3, 1.0))) == 2


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"spec": {**SPEC, "long": "close > sma(close)"}}, "sma has 1 arguments"),
        ({"spec": {**SPEC, "long": "__import__('os').system('true')"}}, "dips"),
        ({"spec": {**SPEC, "long": None}}, "neither long nor short"),
        ({"spec": {**SPEC, "long": "close > close[-1]"}}, "looks ahead"),
        ({"spec": {**SPEC, "code": "print()"}}, "code"),
        ({"symbols": ["DOGEUSDT"]}, "there is no 'DOGEUSDT' in 1h"),
        ({"timeframe": "5m"}, "there are no bars of '5m'"),
        ({"spec": {**SPEC, "parameters": {"n": {"default": 50, "low": 1, "high": float("inf")}}}}, "finite"),
        ({"spec": {**SPEC, "parameters": {"n": {**KNOB, "search": list(range(10, 100))}}}}, "at most 12"),
        ({"spec": {**SPEC, "parameters": {"n": KNOB, **{f"p{k}": KNOB for k in range(12)}}}}, "at most 12"),
        ({"hypothesis": "short"}, "hypothesis"),
    ],
)
def test_a_wrong_idea_goes_back_with_its_fault_and_is_paid_again(wrong: dict[str, Any], fault: str) -> None:
    told: list[str] = []

    def say(messages: list[ModelMessage]) -> list[dict[str, Any]]:
        told[:] = faults(messages)
        return [IDEA] if told else [{**IDEA, **wrong}]

    purse = Purse(3, 1.0)
    (found,) = seated(scripted(say)).propose(WANTED, purse)
    assert found.name == "dips"
    assert fault in told[0]
    assert purse.made == 2


def test_a_model_that_is_wrong_every_time_is_silent() -> None:
    purse = Purse(9, 1.0)
    with pytest.raises(Silent, match="gave no idea that can be run"):
        seated(scripted(lambda messages: [{**IDEA, "timeframe": "5m"}])).propose(WANTED, purse)
    assert purse.made == 3


def test_pydantic_ais_own_test_model_makes_nothing_that_can_be_run() -> None:
    with pytest.raises(Silent):
        seated(TestModel()).propose(WANTED, Purse(9, 1.0))


@pytest.mark.parametrize(("calls", "money"), [(0, 1.0), (3, 0.0), (3, 0.05)])
def test_nothing_is_asked_that_the_budget_could_not_pay(calls: int, money: float) -> None:
    """1,000 tokens of an answer may cost 0.10 dollars, and those of the question are counted too."""
    asked: list[int] = []

    def say(messages: list[ModelMessage]) -> list[dict[str, Any]]:
        asked.append(1)
        return [IDEA]

    purse = Purse(calls, money)
    with pytest.raises(Silent, match=r"budget"):
        seated(scripted(say)).propose(WANTED, purse)
    assert (asked, purse.spent, purse.made) == ([], 0.0, 0)


def test_the_budget_ends_corrections_too() -> None:
    purse = Purse(1, 1.0)
    with pytest.raises(Silent, match="budget of 1 calls"):
        seated(scripted(lambda messages: [{**IDEA, "timeframe": "5m"}])).propose(WANTED, purse)
    assert purse.made == 1


def test_what_was_not_used_comes_back() -> None:
    purse = Purse(3, 1.0)
    seated(scripted(lambda messages: [IDEA], RequestUsage(input_tokens=2_000, output_tokens=100))).propose(
        WANTED, purse
    )
    assert purse.spent == pytest.approx(2_000 * 10e-6 + 100 * 100e-6)
    assert purse.money == pytest.approx(1.0 - purse.spent)


def test_a_model_whose_price_nobody_knows_is_refused() -> None:
    unpriced = replace(WANTED, input_price=None, output_price=None)
    with pytest.raises(ConfigError, match="nobody knows the price of openai:any"):
        LanguageSeat().propose(unpriced, Purse(3, 1.0))


def test_a_known_price_is_used() -> None:
    known = replace(WANTED, model="openai:gpt-4o", input_price=None, output_price=None)
    purse = Purse(3, 1.0)
    seated(scripted(lambda messages: [IDEA], RequestUsage(input_tokens=1_000, output_tokens=100))).propose(known, purse)
    assert 0.001 < purse.spent < 0.01


def test_without_the_extra_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pydantic_ai" else found(name))
    with pytest.raises(ConfigError, match=r"pydantic-ai is not installed.*quorum\[llm\]"):
        LanguageSeat().propose(WANTED, Purse(3, 1.0))


@pytest.mark.parametrize(
    ("model", "fault"),
    [("nobody:any", "nobody"), ("openai:any", "OPENAI_API_KEY")],
)
def test_a_provider_that_cannot_be_asked_is_refused_by_name(
    model: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match=fault):
        LanguageSeat().propose(replace(WANTED, model=model), Purse(3, 1.0))


@contextmanager
def server(status: int, ideas: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server on loopback that answers in the form of OpenAI's chat completions; its address and what it heard."""
    heard: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            tool = heard[-1]["tools"][0]["function"]["name"]
            call = {"name": tool, "arguments": json.dumps({"ideas": ideas})}
            message = {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": call}]}
            choice = {"index": 0, "finish_reason": "tool_calls", "message": {**message, "content": None}}
            usage = {"prompt_tokens": 500, "completion_tokens": 200, "total_tokens": 700}
            body = {"id": "1", "object": "chat.completion", "created": 1, "model": "any", "choices": [choice]}
            text = json.dumps({**body, "usage": usage}).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Nothing: tests are quiet."""

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{served.server_port}/v1", heard
    finally:
        served.shutdown()
        served.server_close()
        thread.join()


def test_a_real_provider_answers_over_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    purse = Purse(3, 1.0)
    with server(200, [IDEA]) as (address, heard):
        (found,) = LanguageSeat().propose(replace(WANTED, model="openai-chat:any", base_url=address), purse)
    assert found.name == "dips"
    assert purse.spent == pytest.approx(500 * 10e-6 + 200 * 100e-6)
    (request,) = heard
    assert request["model"] == "any"
    assert request.get("max_completion_tokens", request.get("max_tokens")) == 1_000
    assert "Put forward one idea." in json.dumps(request)


def test_a_provider_that_fails_leaves_its_seat_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    purse = Purse(3, 1.0)
    with server(400, []) as (address, _), pytest.raises(Silent, match="openai-chat:any gave no idea"):
        LanguageSeat().propose(replace(WANTED, model="openai-chat:any", base_url=address), purse)
    assert purse.spent > 0.1  # what it took nobody knows, so that all it could have taken is gone
