"""What the report and docs/performance show: every scenario at its seed, what the day needs, and its price."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from queue import Empty
from typing import Any

import numpy as np

from bench.day import constants
from bench.day.constants import DAY, Draws, draw
from bench.day.demand import MINUTES
from bench.day.model import Result, run
from bench.day.scenarios import ROOT, SCENARIOS, UNLIMITED, Scenario

SEED, DRAWS = 28_04_2021, 40
EARLY_MINUTES = 10  # the part of the day that the tests run again

# Totals that are told, by name: what they are in plain words.
TOLD = {
    "registered": "people registered",
    "registered_percent": "of those who set out, percent",
    "gave_up": "people who gave up",
    "hits": "requests",
    "refused_percent": "requests refused or failed, percent",
    "journey_refused_percent": "of the steps towards a registration, percent",
    "down_minutes": "minutes in which most such steps failed",
    "first_down_s": "seconds after 16:00 until they first did",
    "p50_ms": "time of an answer, half are quicker, ms",
    "p99_ms": "time of an answer, 99 of 100 are quicker, ms",
    "function_p99_ms": "the same of answers by a function, ms",
    "text_wait_s": "wait of a text in the queue, mean, s",
    "peak_text_wait_s": "longest wait of a text in the queue, s",
    "useless_texts_percent": "texts that came too late to be of use, percent",
    "minutes_under_way": "minutes that somebody was under way, mean",
    "booked": "places booked",
    "usd": "US dollars for the three hours",
}
# What the day needs at its peak where nothing is in the way.
NEEDS = {
    "peak_hits": "requests/s at the edge",
    "peak_origin": "requests/s at the gateway",
    "copies_at_work": "copies of functions at work",
    "peak_codes": "codes asked for a second",
    "peak_writes_otp": "write units/s, otp",
    "peak_writes_citizens": "write units/s, citizens",
    "peak_writes_slots": "write units/s, slots and its index",
    "peak_reads_citizens": "read units/s, citizens",
    "peak_reads_slots": "read units/s, slots",
}


def told(result: Result) -> dict[str, np.ndarray]:
    """TOLD by name and draw."""
    total = result.totals
    percent = 100 / np.maximum(total["tries"], 1)
    return {
        **{
            name: total[name]
            for name in ("registered", "gave_up", "hits", "booked", "first_down_s", "peak_text_wait_s")
        },
        "refused_percent": total["refused"] * percent,
        "journey_refused_percent": 100 * total["journey_refused"] / np.maximum(total["journey_tries"], 1),
        "down_minutes": total["down_s"] / 60,
        "p50_ms": 1000 * result.percentile(0.5),
        "p99_ms": 1000 * result.percentile(0.99),
        "function_p99_ms": 1000 * result.percentile(0.99, functions=True),
        "text_wait_s": total["text_wait_sum"] / np.maximum(total["texts"], 1),
        "useless_texts_percent": 100 * (1 - total["useful_texts"] / np.maximum(total["texts"], 1)),
        "minutes_under_way": total["people_seconds"] / total["set_out"] / 60,
        "registered_percent": 100 * total["registered"] / total["set_out"],
        "usd": sum(result.dollars.values()),
    }


def summary(values: dict[str, np.ndarray]) -> dict[str, dict[str, float | None]]:
    """By name: the value at the figures' own values, and the 10th and 90th of 100 draws; None for never."""
    with np.errstate(invalid="ignore"):
        return {
            name: {
                "value": _rounded(value[0]),
                **(
                    {"p10": _rounded(_ranked(value[1:], 10)), "p90": _rounded(_ranked(value[1:], 90))}
                    if len(value) > 1
                    else {}
                ),
            }
            for name, value in values.items()
        }


def _ranked(values: np.ndarray, percent: int) -> float:
    return float(np.sort(values)[round((len(values) - 1) * percent / 100)])


def _rounded(value: float) -> float | None:
    """Four digits, which is more than a model knows; what never happened is None."""
    return None if not np.isfinite(value) else float(f"{value:.4g}") if abs(value) > 1e-6 else 0.0


# --- the scenarios ---------------------------------------------------------------------------------------------------


def scenario_task(arguments: tuple[Scenario, int, int, Any]) -> Result:
    scenario, draws, minutes, ticks = arguments
    return run(scenario, draw(SEED, draws), minutes=minutes, tick=(lambda: ticks.put(1)) if ticks else None)


def results(
    draws: int = DRAWS, minutes: int = MINUTES, tick: Callable[[int], None] = lambda _: None
) -> dict[str, Result]:
    """Every scenario and UNLIMITED, one process each as far as there are processors."""
    scenarios = (*SCENARIOS, UNLIMITED)
    with _ticking() as (ticks, ticked), ProcessPoolExecutor() as pool:
        futures = [pool.submit(scenario_task, (scenario, draws, minutes, ticks)) for scenario in scenarios]
        while not all(future.done() for future in futures):
            tick(ticked())
        tick(ticked())
        return {scenario.name: future.result() for scenario, future in zip(scenarios, futures, strict=True)}


@contextmanager
def _ticking() -> Iterator[tuple[Any, Callable[[], int]]]:
    with multiprocessing.Manager() as manager:
        ticks = manager.Queue()

        def ticked() -> int:
            """Ticks since it was last called, waiting a little for the first."""
            try:
                ticks.get(timeout=0.2)
            except Empty:
                return 0
            return 1

        yield ticks, ticked


# --- from a village to a nation --------------------------------------------------------------------------------------

PLACES = {
    "a village": 1_000,
    "a town": 20_000,
    "a district": 250_000,
    "a state": 1_500_000,
    "the nation": DAY["registrations"].value,
    "twice the nation": 2 * DAY["registrations"].value,
}


def growth() -> list[dict[str, Any]]:
    """What opening day costs by the number who register, everything else in proportion."""
    figures: Draws = {name: np.full(len(PLACES), values[0]) for name, values in draw(SEED, 0).items()}
    part = np.array(list(PLACES.values())) / DAY["registrations"].value
    for name in ("hits", "hits_peak_minute", "hits_peak_second", "registrations_first_hour", "registrations"):
        figures[name] = figures[name] * part
    for name in ("districts", "pins_active"):
        figures[name] = np.maximum(1, np.ceil(figures[name] * np.minimum(part, 1)))
    result = run(replace(UNLIMITED, warm_copies=0), figures)
    bill = result.dollars
    texts, total = bill["text messages"], sum(bill.values())
    return [
        {
            "place": place,
            "registrations": people,
            "peak_hits": _rounded(result.totals["peak_hits"][row]),
            "peak_origin": _rounded(result.totals["peak_origin"][row]),
            "copies": _rounded(result.totals["copies_at_work"][row]),
            "usd_texts": _rounded(texts[row]),
            "usd_other": _rounded(total[row] - texts[row]),
            "usd_per_1000_other": _rounded(1000 * (total[row] - texts[row]) / people),
        }
        for row, (place, people) in enumerate(PLACES.items())
    ]


@cache
def idle_usd_a_month() -> dict[str, float]:
    """What the template costs in a month in which nobody comes, without storage."""
    text = (ROOT / "template.yaml").read_text()
    alarms, secrets = text.count("Type: AWS::CloudWatch::Alarm"), text.count("Type: AWS::SecretsManager::Secret")
    price = {name: figure.value for name, figure in constants.PRICES.items()}
    return {
        "alarms": round(alarms * price["alarm_month"], 2),
        "secrets": round(secrets * price["secret_month"], 2),
        "web ACL": price["waf_month"],
    }


# --- everything -----------------------------------------------------------------------------------------------------


def early(minutes: int = EARLY_MINUTES) -> dict[str, dict[str, float | None]]:
    """The first minutes at the figures' own values: what the tests run again, as the whole day would be too slow."""
    figures = draw(SEED, 0)
    found = {}
    for scenario in (*SCENARIOS, UNLIMITED):
        result = run(scenario, figures, minutes=minutes)
        values = told(result) | {name: result.totals[name] for name in NEEDS}
        found[scenario.name] = {name: value["value"] for name, value in summary(values).items()}
    return found


def figures_table() -> dict[str, dict[str, Any]]:
    groups = ("DAY", "QUOTAS", "PRICES", "TIKA", "ASSUMED")
    return {
        group.lower(): {
            name: {"value": f.value, "low": f.low, "high": f.high, "unit": f.unit, "source": f.source}
            for name, f in getattr(constants, group).items()
        }
        for group in groups
    }


def document(found: dict[str, Result]) -> dict[str, Any]:
    """What docs/performance/rush.json holds."""
    return {
        "seed": SEED,
        "draws": len(found["unlimited"].totals["hits"]) - 1,
        "scenarios": {
            scenario.name: {"title": scenario.title, **summary(told(found[scenario.name]))} for scenario in SCENARIOS
        },
        "bills": {scenario.name: summary(found[scenario.name].dollars) for scenario in SCENARIOS},
        "needs": summary({name: found["unlimited"].totals[name] for name in NEEDS}),
        "growth": growth(),
        "idle_usd_a_month": idle_usd_a_month(),
        "early": early(),
        "figures": figures_table(),
    }
