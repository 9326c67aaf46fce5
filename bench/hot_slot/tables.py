"""The tables of docs/performance/hot-slot.md."""

from collections.abc import Callable
from typing import Any

from bench.day.tables import number, table

COLUMNS = {
    "sold": "sold",
    "oversold": "oversold",
    "leaked": "leaked",
    "last_sold_s": "last one sold after, s",
    "refusal_p50_s": "told no, half within, s",
    "refusal_p99_s": "99 of 100 within, s",
    "gave_up": "gave up after 5 min",
    "requests": "requests",
    "table_calls": "calls to tables",
    "conflicts": "conflicts",
    "write_units": "write units",
    "read_units": "read units",
    "usd": "US dollars",
}


# What the emulator saw, and the simulation's name for it.
COMPARED = (("booked", "sold"), ("oversold", "oversold"), ("leaked", "leaked"), ("crashed", "crashed"))


def _cell(name: str, value: float) -> str:
    return f"{value:.2f}" if name == "usd" else number(value)


def of_scene(scene: str) -> Callable[[dict[str, Any]], str]:
    def make(document: dict[str, Any]) -> str:
        found = [outcome for outcome in document["simulated"] if outcome["scene"] == scene]
        rows = [[words, *(_cell(name, outcome[name]) for outcome in found)] for name, words in COLUMNS.items()]
        return table(["", *(outcome["design"] for outcome in found)], rows)

    return make


def emulated(document: dict[str, Any]) -> str:
    """What the emulator's tables held beside what the simulation says of the same crowd."""
    by_design = {o["design"]: o for o in document["simulated"] if o["scene"] == "as on the emulator"}
    rows = []
    for seen in document["emulated"]:
        like = by_design[seen["design"]]
        rows.append(
            [
                seen["design"],
                *(
                    f"{number(seen[here])} / {number(like[there])}"
                    for here, there in COMPARED
                ),
                f"{number(sum(seen['calls'].values()))} / {number(like['table_calls'])}",
            ]
        )  # fmt: skip
    return table(["emulator / simulation", "booked", "oversold", "leaked", "crashes drawn", "calls to tables"], rows)


BLOCKS: dict[str, Callable[[dict[str, Any]], str]] = {
    "few places": of_scene("100,000 people at 100 places"),
    "many places": of_scene("100,000 people at 5,000 places"),
    "a district": of_scene("230 people for each place of a district"),
    "emulator": emulated,
}
