"""The tables in docs/performance, made from the figures: what stands between their marks is replaced."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.day.costs import TABLES
from bench.day.scenarios import SCENARIOS, UNLIMITED
from bench.day.study import TOLD

type Document = dict[str, Any]

HEADROOM = 1.5  # what is asked for, over the need of nine days in ten


def number(value: float | None) -> str:
    if value is None:
        return "never"
    if 0 < abs(value) < 0.01:
        return "under 0.01"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def spread(cell: dict[str, float | None]) -> str:
    """The value and its range, `12 (9 to 20)`."""
    value, low, high = (number(cell[name]) for name in ("value", "p10", "p90"))
    return value if value == low == high else f"{value} ({low} to {high})"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def runs(document: Document) -> str:
    found = document["scenarios"]
    rows = [[words, *(spread(found[s.name][name]) for s in SCENARIOS)] for name, words in TOLD.items()]
    return table(["", *(s.title for s in SCENARIOS)], rows)


def bills(document: Document) -> str:
    found = document["bills"]
    rows = [[service, *(spread(found[s.name][service]) for s in SCENARIOS)] for service in found[SCENARIOS[0].name]]
    return table(["US dollars", *(s.title for s in SCENARIOS)], rows)


def plan(document: Document) -> str:
    """What to ask of AWS before the day: by resource the default, the need, and the need with headroom."""
    needs, quotas = document["needs"], document["figures"]["quotas"]
    default = {name: quotas[name]["value"] for name in quotas}
    rows = []
    for words, need, has, lead in (
        ("CloudFront, requests/s", "peak_hits", default["cloudfront_rps"], "none needed"),
        ("API Gateway, requests/s (`ApiRequestsPerSecond`)", "peak_origin", default["gateway_rps"], "weeks: Support"),
        ("Lambda, copies in the account", "copies_at_work", default["lambda_concurrency"], "days: Service Quotas"),
        ("Text messages, a second", "peak_codes", default["sms_per_second"], "a month: Support, operators"),
        *(
            (f"DynamoDB `{name}`, write units/s (`WarmWrites`)", f"peak_writes_{name}", default["ddb_new_table_writes"],
             "warm the day before; over 40,000 a quota first")
            for name in TABLES
        ),
        *(
            (f"DynamoDB `{name}`, read units/s (`WarmReads`)", f"peak_reads_{name}", default["ddb_new_table_reads"],
             "warm the day before; over 40,000 a quota first")
            for name in TABLES[1:]
        ),
    ):  # fmt: skip
        ask = HEADROOM * needs[need]["p90"]
        enough = ask <= has
        rows.append(
            [words, number(has), spread(needs[need]), "the default will do" if enough else number(_up(ask)), lead]
        )
    return table(["what", "default", "need at the peak", "ask for", "how long before"], rows)


def _up(value: float) -> float:
    """To the next 1, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 times a power of ten, a half more for numbers people ask for."""
    power = 10 ** (len(str(int(value))) - 1)
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= value)


def growth(document: Document) -> str:
    rows = [
        [
            row["place"],
            *(number(row[name]) for name in ("registrations", "peak_hits", "peak_origin", "usd_texts", "usd_other")),
            f"{row['usd_per_1000_other']:.2f}",
        ]
        for row in document["growth"]
    ]
    head = ["", "people registered", "peak, requests/s", "of them at the gateway", "texts, USD", "everything else, USD"]
    return table([*head, "everything else for 1,000 people, USD"], rows)


def settings(_: Document) -> str:
    """What each scenario is set to."""
    rows = [
        [name.replace("_", " "), *(str(getattr(scenario, name)) for scenario in SCENARIOS)]
        for name in UNLIMITED.__slots__
        if name not in ("name", "title")
    ]
    return table(["setting", *(scenario.name for scenario in SCENARIOS)], rows)


def assumptions(document: Document) -> str:
    rows = [
        [f"`{name}`", number(f["value"]), f"{number(f['low'])} to {number(f['high'])}", f["unit"], f["source"]]
        for group in document["figures"].values()
        for name, f in group.items()
        if f["low"] is not None
    ]
    return table(["figure", "value", "range", "what", "source"], rows)


BLOCKS: dict[str, Callable[[Document], str]] = {
    "runs": runs, "bills": bills, "plan": plan, "growth": growth, "settings": settings, "assumptions": assumptions,
}  # fmt: skip


def filled(text: str, document: Document, blocks: dict[str, Callable[[Document], str]] = BLOCKS) -> str:
    for name, make in blocks.items():
        begin, end = f"<!-- {name}: made by the code -->\n", f"\n<!-- end of {name} -->"
        if text.count(begin) != 1:
            raise ValueError(f"no place for the table {name}")
        before, rest = text.split(begin)
        text = before + begin + make(document) + end + rest.split(end, 1)[1]
    return text


def fill(path: Path, document: Document, blocks: dict[str, Callable[[Document], str]] = BLOCKS) -> None:
    path.write_text(filled(path.read_text(), document, blocks))
