"""The model of the opening day: nothing is lost in it, small cases by hand, and the documents say what it says."""

import json
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from bench.day import costs, study, tables
from bench.day.constants import ALL_FIGURES, DAY, Figure, draw
from bench.day.demand import PUBLIC_HITS, demand, journey_hits
from bench.day.model import Crowded, Pipe, Texts, percentile, run
from bench.day.scenarios import DEFAULTS, FALLEN, RAISED, SCENARIOS, UNADMITTED, UNLIMITED
from tests.budget.figures import BUDGET
from tests.conftest import ROOT, template
from tika import api, policy, refusals
from tika.texts import messages

SEED = 1
DOCS = ROOT / "docs" / "performance"


def figures(draws=0, **values):
    """Figures as they are, some of them set."""
    drawn = draw(SEED, draws)
    return drawn | {name: np.full(draws + 1, float(value)) for name, value in values.items()}


# --- who comes -----------------------------------------------------------------------------------------------------


def test_arrivals_add_up_to_what_was_published():
    comes = demand(figures())
    hits = comes.polls + comes.people * (journey_hits(figures()) - PUBLIC_HITS)[:, None]

    assert comes.people[0, :3600].sum() == pytest.approx(3.5e6)
    assert comes.people[0].sum() == pytest.approx(7_965_720)
    assert hits[0].sum() == pytest.approx(383e6, rel=1e-5)
    assert hits[0, :60].sum() == pytest.approx(2.7e6, rel=1e-3)
    assert hits[0].max() == pytest.approx(55_000)
    assert hits[0].sum() / comes.people[0].sum() == pytest.approx(48, abs=0.2)


def test_whatever_is_assumed_the_totals_stay_and_nobody_comes_in_negative_numbers():
    drawn = draw(SEED, 50) | {"came_in_vain": np.ones(51)}
    comes = demand(drawn)

    assert comes.people.sum(1) == pytest.approx(np.full(51, 7_965_720))
    assert comes.people.min() > 0
    assert comes.polls.min() > 0


# --- small cases by hand ---------------------------------------------------------------------------------------------


def texts_of(seconds=400, **values):
    return Texts(seconds, figures(**{"patience_s": 90, **values}))


def one(value):
    return np.array([float(value)])


def test_texts_leave_in_the_order_in_which_they_were_asked_for():
    queue = texts_of()
    sent = [queue.step(now, one(10 if now == 0 else 0), one(4))[1][0] for now in range(4)]

    assert sent == [4, 4, 2, 0]
    assert queue.waiting[0] == 0


def test_a_text_is_of_no_use_to_somebody_who_has_asked_for_another():
    queue, useful, asking = texts_of(), 0.0, 0.0
    for now in range(170):
        done, _, _, again = queue.step(now, one(100 if now == 0 else 0), one(1 if now != 0 else 0))
        useful, asking = useful + done[0], asking + again[0]

    assert (useful, asking) == (90, 10)  # one a second until they have waited 90 s


def test_a_code_that_would_arrive_too_late_is_not_sent():
    queue = texts_of()
    outcomes = [queue.step(now, one(5 if now == 0 else 0), one(0)) for now in range(172)]

    assert sum(dropped[0] for _, _, dropped, _ in outcomes) == 5
    assert [now for now, (_, _, dropped, _) in enumerate(outcomes) if dropped[0]] == [171]
    assert queue.waiting[0] == 0


def test_the_oldest_text_is_as_old_as_the_queue_is_long():
    queue = texts_of()
    for now in range(50):
        queue.step(now, one(10), one(5))

    assert queue.oldest_s(49)[0] == 24  # what was asked for in seconds 0 to 24 has gone


def test_a_pipe_gives_back_what_was_put_in_after_its_time():
    pipe = Pipe(1, 1)
    pipe.put(np.array([[6.0]]), np.array([3]))
    pipe.spread(np.array([[4.0]]), 1, 2)

    assert [pipe.step()[0, 0] for _ in range(4)] == [2, 2, 6, 0]


def test_a_crowded_partition_refuses_what_is_over_its_limit():
    even, uneven = Crowded(one(2), one(0)), Crowded(one(2), one(1))

    assert even.refused(one(100), 40)[0] == pytest.approx(0.2)
    assert uneven.refused(one(90), 40)[0] == pytest.approx(20 / 90)  # 60 and 30 are asked of them


def test_a_percentile_is_the_upper_edge_of_its_bin():
    histogram = np.zeros((72, 1))
    histogram[10], histogram[20] = 98, 2

    assert percentile(histogram, 0.5)[0] < percentile(histogram, 0.99)[0]
    assert np.isnan(percentile(np.zeros((72, 1)), 0.5)[0])


def test_the_gateway_admits_its_rate_and_once_its_burst():
    quiet = replace(UNLIMITED, gateway_rps=10_000, gateway_burst=5_000, edge=False)
    result = run(quiet, figures(), minutes=1)

    asked = result.series["hits"]
    admitted = asked - result.series["gateway_429"]
    assert asked.min() > 15_000
    assert admitted[:3] == pytest.approx([15_000, 10_000, 10_000])


def test_the_edge_fetches_each_answer_once_in_its_lifetime_however_many_ask():
    result = run(UNLIMITED, figures(by_pin=0, variants=1, districts=100, public_ttl_s=5), minutes=1)

    fetched = result.totals["shield"][0] / 60
    assert 19.5 < fetched < 20  # 100 districts every 5 s, a little later as somebody must ask first


def test_a_function_grows_by_a_thousand_copies_in_ten_seconds():
    result = run(replace(UNLIMITED, warm_copies=0, edge=False), figures(), minutes=1)

    served = result.series["hits"] - result.series["copies_503"]
    # 100 copies a second, ten requests a second each
    assert (served[:3] / 1000).round() == pytest.approx([1 + 1, 2 + 1, 3 + 1], abs=1.1)


# --- the whole -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", [*SCENARIOS, UNLIMITED], ids=lambda s: s.name)
def test_every_arrival_ends_as_served_refused_given_up_or_waiting(scenario):
    total = run(scenario, figures(draws=3), minutes=5).totals

    assert total["tries"] == pytest.approx(total["served"] + total["refused"] + total["later"])
    assert total["set_out"] == pytest.approx(total["registered"] + total["gave_up"] + total["under_way"])
    assert (total["texts"] > total["useful_texts"] - 1e-6).all()
    assert total["places"] == pytest.approx(total["booked"] + total["places_left"] + total["deciding"])
    assert min(values.min() for name, values in total.items() if name != "first_down_s") > -1e-6


def test_where_nothing_is_in_the_way_nobody_is_refused():
    result = run(UNLIMITED, figures(), minutes=20)

    assert result.totals["refused"][0] == pytest.approx(0, abs=1e-3)
    assert result.totals["gave_up"][0] == pytest.approx(0, abs=1e-3)
    assert result.totals["registered"][0] > 0.85 * result.totals["set_out"][0]  # the rest is typing


@pytest.mark.parametrize(
    ("scenario", "quota"),
    [
        (replace(RAISED, sending_copies=1e9), "sms_per_second"),
        (replace(UNLIMITED, gateway_rps=6_000, gateway_burst=0), "gateway_rps"),
        (replace(UNLIMITED, copies=400, warm_copies=50), "copies"),
        (replace(UNLIMITED, table_writes=4_000, table_quota=4_000), "table_writes"),
        (replace(FALLEN, sms_per_second=1e9, sending_copies=1e9, polite=True), "copies"),
    ],
    ids=["texts", "gateway", "copies", "writes", "copies of the other design"],
)
def test_more_quota_is_never_worse(scenario, quota):
    registered = [
        run(replace(scenario, **{quota: getattr(scenario, quota) * part}), figures(), minutes=4).totals["registered"][0]
        for part in (0.5, 1, 2)
    ]

    assert registered == sorted(registered)
    assert registered[0] < registered[-1]


def test_the_same_seed_gives_the_same_day_and_another_does_not():
    first, second = (run(RAISED, draw(5, 3), minutes=3).totals["hits"] for _ in range(2))
    other = run(RAISED, draw(6, 3), minutes=3).totals["hits"]

    assert (first == second).all()
    assert first[0] == other[0]  # the figures' own values come first, whatever the seed
    assert (first[1:] != other[1:]).all()


def test_the_design_that_fell_over_falls_within_minutes_by_itself():
    result = run(FALLEN, figures(), minutes=6)

    assert 1 < result.totals["first_down_s"][0] < 180
    assert result.series["journey_refused_share"][180:].min() > 0.5  # and stays down


def test_the_same_design_behind_an_edge_does_not_fall():
    """The twin: what brings it down is that every look costs a function and a table."""
    result = run(replace(FALLEN, edge=True), figures(), minutes=6)

    assert np.isinf(result.totals["first_down_s"][0])


def test_texts_that_people_do_not_wait_for_are_wasted_unless_codes_are_admitted_at_their_pace():
    rush = figures(rush_decay_min=10, patience_s=65)
    wasted, admitted = (run(scenario, rush, minutes=30).totals for scenario in (UNADMITTED, RAISED))

    assert wasted["useful_texts"][0] < 0.3 * wasted["texts"][0]
    assert admitted["useful_texts"][0] == pytest.approx(admitted["texts"][0])
    assert admitted["registered"][0] > 4 * wasted["registered"][0]


def test_letting_in_more_than_people_wait_for_wastes_the_texts_as_well():
    rush = figures(rush_decay_min=10, patience_s=65, admitted_wait_s=90)
    total = run(RAISED, rush, minutes=30).totals

    assert total["useful_texts"][0] < 0.5 * total["texts"][0]


# --- what it starts from ---------------------------------------------------------------------------------------------


def test_a_figure_lies_within_its_range_and_has_a_source():
    with pytest.raises(ValueError, match="outside"):
        Figure(1, "a", "b", 2, 3)
    assert all(figure.source and figure.unit for figure in ALL_FIGURES.values())


def test_what_an_operation_costs_is_the_measured_budget():
    for name, line in costs.LINES.items():
        assert costs.writes_by_table()[costs.CLASSES.index(name)].sum() == sum(BUDGET[line][2:4])


def test_figures_of_tika_are_those_of_its_code():
    in_force = json.loads(
        template()["Resources"]["Policy"]["Properties"]["Value"]["Fn::Sub"].replace("${MinAge}", "18")
    )

    def value(name):
        return ALL_FIGURES[name].value

    assert value("public_ttl_s") == api.PUBLIC_FOR_SECONDS
    assert value("busy_retry_low_s") == refusals.Busy().retry_after
    assert value("busy_retry_high_s") == refusals.Busy().retry_after + refusals.Busy.spread_s
    assert value("later_retry_s") == refusals.TextsBehind.spread_s
    assert value("code_arrives_s") == messages.ARRIVES_S
    assert value("admitted_wait_s") == in_force["otp"]["resend_seconds"] - messages.ARRIVES_S
    assert value("policy_keep_s") == policy.KEEP_S
    assert value("code_valid_s") == in_force["otp"]["valid_seconds"]
    assert value("code_resend_s") == in_force["otp"]["resend_seconds"]
    assert value("function_gb") * 1024 == template()["Globals"]["Function"]["MemorySize"]
    assert value("districts") == len((ROOT / "data/districts.csv").read_text().splitlines()) - 1
    throttled = template()["Resources"]["Api"]["Properties"]["GatewayResponses"]["THROTTLED"]
    assert f"'{value('gateway_retry_after_s'):.0f}'" == throttled["ResponseParameters"]["Headers"]["Retry-After"]


def test_the_first_run_is_the_stage_production_as_it_is_deployed():
    stage = tomllib.loads((ROOT / "samconfig.toml").read_text())["production"]["deploy"]["parameters"]
    given = dict(override.split("=", 1) for override in stage["parameter_overrides"])
    paces = template()["Mappings"]["SmsPace"]

    assert DEFAULTS.gateway_rps == float(given["ApiRequestsPerSecond"])
    assert DEFAULTS.gateway_burst == float(given["ApiBurst"])
    assert DEFAULTS.sending_copies == paces[given["SmsPace"]]["Copies"]
    assert DEFAULTS.sms_per_second == float(given["TextsPerSecond"])
    assert (given["Edge"], DEFAULTS.edge) == ("on", True)
    assert (given.get("ProvisionedConcurrency", "0"), DEFAULTS.warm_copies) == ("0", 0)


# --- what is written about it ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told():
    return json.loads((DOCS / "rush.json").read_text())


def test_the_documents_say_what_the_model_says(told):
    """The first minutes are run again; `make rush` writes all of it."""
    assert told["seed"] == study.SEED
    assert told["figures"] == study.figures_table()
    assert told["idle_usd_a_month"] == study.idle_usd_a_month()
    for name, values in study.early().items():
        never = {figure for figure, value in values.items() if value is None}
        assert never == {figure for figure, value in told["early"][name].items() if value is None}, name
        for figure in values.keys() - never:
            assert told["early"][name][figure] == pytest.approx(values[figure], rel=1e-3), (name, figure)


def test_the_tables_of_the_documents_are_made_from_the_figures(told):
    text = (DOCS / "rush.md").read_text()

    assert tables.filled(text, told) == text


def test_the_published_figures_are_those_of_the_day():
    assert DAY["registrations"].value / DAY["registrations_first_hour"].value == pytest.approx(2.276, abs=1e-3)
    assert DAY["hits"].value / DAY["registrations"].value == pytest.approx(48, abs=0.1)
    assert DAY["sms"].value / 10_800 == pytest.approx(DAY["sms_per_second"].value, abs=1)
