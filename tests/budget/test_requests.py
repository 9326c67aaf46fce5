"""What each operation may cost. A figure that grows is a decision, not an accident."""

import pytest

from bench import table
from tests.budget.figures import BUDGET
from tests.budget.meter import measure
from tests.budget.scenes import SCENES, Stage, stage  # noqa: F401 a fixture

OTHERS = {"SendMessage", "Publish"}


@pytest.mark.parametrize("name", SCENES)
def test_an_operation_costs_what_its_budget_says(name, stage: Stage, monkeypatch, measured):  # noqa: F811
    request = SCENES[name](stage)
    stage.warm()
    with monkeypatch.context() as patch:
        cost = measure(patch)
        request.make()

    measured(f"| {name} | {cost.line()} |")
    dynamodb, others, writes, index_writes, reads = BUDGET[name]
    assert {call: number for call, number in cost.calls.items() if call not in OTHERS} == dynamodb
    assert {call: number for call, number in cost.calls.items() if call in OTHERS} == others
    assert (cost.write_units, cost.index_units) == (writes, index_writes)
    assert cost.read_units <= reads
    counted = cost.line().rpartition(" | ")[0]
    assert table.documented_requests()[name] == counted, "make bench writes the table of docs/performance/requests.md"
