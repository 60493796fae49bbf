"""What a task is told of its inputs and what its answer is to others: documents by path, answers by step."""

from __future__ import annotations

from desk.workflows.runs_of import answers, fails, office, one, steps


def test_inputs_that_are_there_are_named_by_their_documents() -> None:
    found = office(
        steps(
            one("bars", outputs={"size": "size"}),
            one("silent", critical=False),
            one("last", inputs={"b": "bars", "n": "size", "s": "silent", "k": "1 + 1", "w": "nothing"}),
        ),
        {"bars": answers({"size": 7}), "silent": fails()},
    )
    found.run()
    last = found.crew.calls[-1]
    assert last.inputs["s"]["status"] == "failed"
    assert last.available == ("/state/bars.json", "k")


def test_an_answer_is_of_use_by_its_document_or_where_it_is_read() -> None:
    quiet = {"output": None}
    found = office(
        steps(
            one("read", **quiet),
            one("named", outputs={"size": "size"}, **quiet),
            one("shown", **quiet),
            one("unread", **quiet),
            one("last", inputs={"r": "read.of"}),
            conditions={5: "size == 7"},
        ),
        {"named": answers({"size": 7})},
        results={"of": "shown.of"},
    )
    found.run()
    use = {call.task.name: call.used_as for call in found.crew.calls}
    assert use == {
        "read": "1.read/read",
        "named": "2.named/named",
        "shown": "3.shown/shown",
        "unread": "",
        "last": "/state/last.json",
    }
