"""The expression grammar: what it reads, what it refuses and where, and the conditions of workflows."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import ConfigError
from quorum.domain.grammar import (
    Binary,
    Call,
    Compare,
    Lag,
    Literal,
    Logic,
    Name,
    Node,
    Unary,
    evaluate,
    parse,
    walk,
    written,
)

NAMES: dict[str, Any] = {
    "close": 101.5,
    "count": 3,
    "ready": True,
    "nothing": None,
    "prices": [1.0, 2.0, 3.0],
    "voters": ("smc", "momentum"),
    "steps": {"regime": {"name": "bull", "confidence": 0.72, "passed": True}, "tags": ["bull", 3, None]},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 - 4 / 2", 5.0),
        ("-7 % 3", 2),
        ("(1 + 2) * -3", -9),
        ("1 < 2 <= 2", True),
        ("1 < 2 < 2", False),
        ("2 > 1 == True", False),
        ("not ready or close > 100 and count >= 3", True),
        ("steps.regime.name in ['bull', 'sideways'] and steps.regime.confidence >= 0.7", True),
        ('steps.regime.name not in ["bear"]', True),
        ("steps.regime.passed == True", True),
        ("nothing == None", True),
        ("nothing == null and none == null", True),
        ("ready == true and not false", True),
        ("steps.regime.passed != false", True),
        ("'smc' in voters", True),
        ("'ml_model' not in voters", True),
        ("steps.regime.name in steps.tags", True),
        ("1 in steps.tags or True in steps.tags", False),
        ("null in steps.tags", True),
        ("2 in prices == true", False),
        ("count == 3.0", True),
        ("ready == 1", False),
        ("True in [1, 2]", False),
        ("prices[0] - prices[2]", 2.0),
        ("least(close, 7) + 1.5e1", 22.0),
        ("ready or missing", True),
        ("not ready and missing", False),
        ("1 > 2 < missing", False),
        ("close\n  > 100\n", True),
        ("name == 'a  b'", True),
    ],
)
def test_an_expression_has_the_value_that_it_says(text: str, value: object) -> None:
    found = evaluate(parse(text), NAMES | {"name": "a  b"}, {"least": min})
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("9**9**9", 1, "a power is not allowed"),
        ("close >", 8, "cannot be read"),
        ("close > (1", 9, "cannot be read"),
        ("a = 1", 3, "cannot be read"),
        ("", 1, "no expression"),
        ("   ", 1, "no expression"),
        ("a.b().c", 1, "a dot after something that is no name"),
        ("f()(1)", 1, "no plain name"),
        ("f(x=1)", 3, "an argument with a name"),
        ("f(*x)", 3, "a star"),
        ("1 + (lambda: 1)", 6, "a lambda"),
        ("x if y else z", 1, "an if"),
        ("x[1:2]", 3, "a slice"),
        ("x[1, 2]", 3, "a tuple"),
        ("[1, 2]", 1, "a list that does not stand after in"),
        ("{1: 2}", 1, "a dictionary"),
        ("f'{x}'", 1, "a formatted text"),
        ("x in 3", 6, "after in there is no list"),
        ("x in 'abc'", 6, "after in there is no list"),
        ("x in null", 6, "after in there is no list"),
        ("x not in f(y)", 10, "or the name of a list"),
        ("x in y[0]", 6, "after in there is no list"),
        ("x in (1, 2)", 6, "after in there is no list"),
        ("x in a.b().c", 6, "a dot after something that is no name"),
        ("x in true.parts", 6, "a dot after true"),
        ("1 < null.x", 5, "a dot after null"),
        ("x is None", 6, "the word is"),
        ("(y := 1)", 2, "an assignment"),
        ("[i for i in x]", 1, "a comprehension"),
        ("1if", 2, "a number runs into a word"),
        ("0x10", 2, "a number runs into a word"),
        ("1 + 2j", 6, "a number runs into a word"),
        ("b'x'", 1, "is not allowed"),
        ("...", 1, "is not allowed"),
        ("'\\x41'", 2, "is not allowed"),
        ("x // 2", 1, "//"),
        ("x @ y", 1, "is not allowed"),
        ("+x", 1, "a plus sign"),
        ("~x", 1, "~"),
        ("1 + 1e999", 5, "beyond all floats"),
        ("1 + 9007199254740992", 5, "2**53"),
        ("é + x ** 2", 5, "a power"),
        ("await x", 1, "await is not allowed"),
        ("x; y", 2, "cannot be read"),
        ("# x", 4, "cannot be read"),
    ],
)
def test_what_the_grammar_has_not_is_refused_at_its_column(text: str, column: int, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert f"column {column}: " in refused.value.found
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 900 + "1" + ")" * 900,
        "-" * 1_900 + "1",
        "not " * 480 + "x",
        "1+" * 900 + "1",
        "f(" * 600 + "1" + ")" * 600,
        "x" + "[0]" * 600,
        "a and " * 330 + "a",
        "9" * 1_999,
        "1" + "0" * 5_000,
        "9**" * 400 + "9",
        "'" + "a" * 1_000 + "'*1000000000",
        "x.y" * 600,
        "\0",
        "1" * 100 + "e" + "9" * 900,
    ],
)
def test_hostile_text_ends_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(ConfigError):
        evaluate(parse(text), {})
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("clsoe > 1", "column 1: there is no 'clsoe'; there is close"),
        ("1 < steps.regme.name", "column 5: there is no 'regme' in steps; there is regime"),
        ("steps.regime.name.first == 1", "column 1: there is no 'first' in steps.regime.name"),
        ("__class__ == 1", "there is no '__class__'"),
        ("steps.__class__ == 1", "there is no '__class__' in steps"),
        ("open('x')", "there is no function 'open'; there is fails, least"),
        ("close / (count - 3)", "column 1: 101.5 / 0"),
        ("close % 0", "101.5 % 0"),
        ("steps.regime.name < 3", "compares no two numbers"),
        ("ready > 0", "compares no two numbers"),
        ("ready + 1", "column 1: True is no number"),
        ("1 + steps.regime.name", "column 5: 'bull' is no number"),
        ("-nothing", "None is no number"),
        ("close and ready", "column 1: 101.5 is neither True nor False"),
        ("not count", "column 5: 3 is neither True nor False"),
        ("prices[3]", "no value 3 places before the last"),
        ("prices[-1]", "no value -1 places before the last"),
        ("close[0]", "no value 0 places before the last"),
        ("1 + fails()", "column 5: fails failed: "),
        ("3 in close", "column 6: close is no list but 101.5; in looks among the items of a list"),
        ("'b' in steps.regime.name", "column 8: steps.regime.name is no list but 'bull'"),
        ("'name' not in steps.regime", "column 15: steps.regime is no list but {"),
        ("'smc' in nothing", "column 10: nothing is no list but None"),
        ("'smc' in votrs", "column 10: there is no 'votrs'"),
    ],
)
def test_values_that_do_not_go_together_are_refused_by_name_and_column(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        evaluate(parse(text), NAMES, {"least": min, "fails": lambda: 1 // 0})
    assert says in str(refused.value)


def test_names_and_calls_are_listed_once_and_sorted() -> None:
    read = parse("sma(close, n) > sma(close[1], n) and steps.a.b == 'close2' or max(n, low) > 0")
    assert read.names == ("close", "low", "n", "steps.a.b")
    assert read.calls == ("max", "sma")
    assert {type(node) for node in walk(read.tree)} >= {Logic, Compare, Call, Lag, Name, Literal}


def test_true_false_and_null_are_no_names() -> None:
    assert parse("true and x.true == null").names == ("x.true",)
    assert parse("a == true") == parse("a == True")
    assert parse("a != none") == parse("a != null") == parse("a != None")
    assert str(parse("a in b.c and d not in [true]")) == "((a in b.c) and (d not in [True]))"


def test_spaces_and_parentheses_that_change_nothing_make_no_difference() -> None:
    one, other = parse("a+b*c<(d)"), parse("(a + (b*c))   < d")
    assert one == other
    assert hash(one) == hash(other)
    assert str(one) == "((a + (b * c)) < d)"
    assert parse("(a + b) * c") != parse("a + b * c")


LEAVES = st.one_of(
    st.sampled_from(["close", "low", "steps.a.b"]).map(lambda n: Name(tuple(n.split(".")))),
    st.integers(0, 2**53 - 1).map(Literal),
    st.floats(0, 1e300).map(Literal),
    st.sampled_from([True, False, None, "bull", 'a "quoted" word', "it's"]).map(Literal),
)


def _grow(below: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    pair = st.tuples(below, below)
    return st.one_of(
        st.tuples(st.sampled_from("+-*/%"), pair).map(lambda t: Binary(t[0], *t[1])),
        st.tuples(st.sampled_from(["-", "not"]), below).map(lambda t: Unary(*t)),
        st.tuples(st.sampled_from(["and", "or"]), pair).map(lambda t: Logic(*t)),
        st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), pair).map(lambda t: Compare((t[0],), t[1])),
        st.tuples(st.sampled_from(["in", "not in"]), below, st.sampled_from(["close", "steps.a"])).map(
            lambda t: Compare((t[0],), (t[1], Name(tuple(t[2].split(".")))))
        ),
        pair.map(lambda t: Call("sma", t)),
        st.tuples(st.sampled_from(["close", "low"]), st.integers(0, 9)).map(
            lambda t: Lag(Name((t[0],)), Literal(t[1]))
        ),
    )


@given(st.recursive(LEAVES, _grow, max_leaves=12))
def test_a_written_tree_is_read_as_the_same_tree(tree: Node) -> None:
    assert parse(written(tree)).tree == tree


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = parse(text)
    except ConfigError:
        return
    assert parse(str(read)) == read
