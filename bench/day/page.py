"""The report: one page with its charts in it, to be read by people who know nothing of clouds."""

import io
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from bench.day.constants import DAY
from bench.day.model import Result
from bench.day.scenarios import SCENARIOS
from bench.day.tables import number

# Four colours that people who cannot tell red from green can tell apart, and a dash each for print.
STYLES = {
    "defaults": ("#7a5195", (0, (1, 1))),
    "raised": ("#1b6ca8", "-"),
    "unadmitted": ("#a05a00", (0, (5, 1))),
    "fallen": ("#b3261e", (0, (3, 1, 1, 1))),
}
SHORT = {
    "defaults": "Tika, default quotas",
    "raised": "Tika, quotas raised",
    "unadmitted": "the same, codes not held back",
    "fallen": "the design that fell over",
}
WIDTH_IN, HEIGHT_IN = 4.4, 3.1  # as wide as a phone, so that text keeps its size there

mpl.rcParams |= {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and enlarged
    "svg.hashsalt": "tika",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.color": "#1a1a1a",
    "axes.labelcolor": "#1a1a1a",
    "axes.edgecolor": "#6b6b6b",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e3e3e3",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}


def drawn(paint: Callable[[Axes], None], title: str, description: str, name: str, height: float = HEIGHT_IN) -> str:
    """An SVG element for a page, named for those who cannot see it. `name` keeps its ids apart from other charts'."""
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    paint(figure.subplots())
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    svg = out.getvalue()[out.getvalue().index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r'\b(id="|url\(#|xlink:href="#|href="#)', lambda m: m[0] + name + "-", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    label = f'<title id="{name}-title">{title}</title><desc id="{name}-desc">{description}</desc>'
    return re.sub(
        r"<svg([^>]*)>", rf'<svg role="img" aria-labelledby="{name}-title {name}-desc"\1>{label}', svg, count=1
    )


def by_minute(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, 60).mean(1)


def clock(axes: Axes, until_min: int = 180) -> None:
    step = 30 if until_min > 60 else 5
    axes.set_xlim(0, until_min)
    axes.set_xticks(
        range(0, until_min + 1, step), [f"{16 + m // 60}:{m % 60:02d}" for m in range(0, until_min + 1, step)]
    )


def millions(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1e6:g} m"))


def write_page(path: Path, document: dict[str, Any], found: dict[str, Result]) -> None:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    )
    environment.filters["number"] = number
    path.write_text(
        environment.get_template("report.html.j2").render(
            **document, charts=charts(document, found), short=SHORT, order=[s.name for s in SCENARIOS], day=DAY
        )
    )


def charts(document: dict[str, Any], found: dict[str, Result]) -> dict[str, str]:
    series = {s.name: found[s.name].series for s in SCENARIOS}

    def lines(axes: Axes, name: str, scale: float = 1.0, only: tuple[str, ...] = tuple(SHORT)) -> None:
        for scenario in only:
            colour, dash = STYLES[scenario]
            axes.plot(by_minute(series[scenario][name]) * scale, color=colour, ls=dash, lw=1.8, label=SHORT[scenario])

    def registered(axes: Axes) -> None:
        for scenario in SHORT:
            colour, dash = STYLES[scenario]
            total = np.cumsum(series[scenario]["registered"]).reshape(-1, 60)[:, -1]
            axes.plot(np.arange(1, len(total) + 1), total, color=colour, ls=dash, lw=1.8, label=SHORT[scenario])
        known = [DAY["registrations_first_hour"].value, DAY["registrations"].value]
        axes.plot([60, 180], known, "o", color="#1a1a1a", ms=6, clip_on=False, label="published that evening")
        clock(axes)
        millions(axes)
        axes.set_ylim(0)
        axes.legend(loc="upper left")

    def refused(axes: Axes) -> None:
        lines(axes, "journey_refused_share", 100)
        clock(axes)
        axes.set_ylim(-2, 102)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}%"))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)

    def first_minutes(axes: Axes) -> None:
        share = series["fallen"]["journey_refused_share"][:600] * 100
        axes.plot(np.arange(600) / 60, share, color=STYLES["fallen"][0], lw=1.5, label=SHORT["fallen"])
        tika = series["raised"]["journey_refused_share"][:600] * 100
        axes.plot(np.arange(600) / 60, tika, color=STYLES["raised"][0], lw=1.8, label=SHORT["raised"])
        axes.axvline(DAY["down_at_minute"].value, color="#1a1a1a", lw=1, ls=":")
        axes.text(2.15, 12, "16:02, the real\nportal answers 504", fontsize=8.5)
        clock(axes, 10)
        axes.set_xticks(range(0, 11, 2), [f"16:{m:02d}" for m in range(0, 11, 2)])
        axes.set_ylim(-2, 102)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}%"))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)

    def hits(axes: Axes) -> None:
        edge, origin = by_minute(series["raised"]["edge"]) / 1e3, by_minute(series["raised"]["origin"]) / 1e3
        minutes = np.arange(len(edge))
        axes.stackplot(
            minutes, origin, edge, colors=["#1b6ca8", "#a9cce3"], labels=["reach a function", "answered by the edge"]
        )
        axes.set_ylabel("thousand a second")
        clock(axes)
        axes.set_ylim(0)
        axes.legend(loc="upper right")

    def asked(axes: Axes) -> None:
        lines(axes, "hits", 1e-3)
        axes.set_ylim(0)
        axes.set_ylabel("thousand a second")
        clock(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)

    def texts(axes: Axes) -> None:
        lines(axes, "text_wait_s", only=("defaults", "raised", "unadmitted"))
        axes.axhline(90, color="#1a1a1a", lw=1, ls=":")
        axes.text(70, 93, "people ask for another text after 90 s", fontsize=8.5)
        axes.set_ylabel("seconds")
        clock(axes)
        axes.set_ylim(0, 180)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)

    def luck(axes: Axes) -> None:
        for row, scenario in enumerate(SHORT):
            values = np.sort(found[scenario].totals["registered"][1:] / found[scenario].totals["set_out"][1:] * 100)
            jitter = np.linspace(-0.28, 0.28, len(values))
            axes.plot(values, row + jitter, "o", ms=3.5, color=STYLES[scenario][0], alpha=0.75, mew=0)
        axes.set_yticks(range(len(SHORT)), [textwrap.fill(label, 16) for label in SHORT.values()])
        axes.invert_yaxis()
        axes.set_xlim(-2, 102)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}%"))
        axes.set_xlabel("of those who set out are registered by 19:00")

    def bill(axes: Axes) -> None:
        services = {k: v["value"] for k, v in document["bills"]["raised"].items() if v["value"] > 0}
        names = sorted(services, key=lambda service: services[service])
        axes.barh(names, [services[name] for name in names], color="#1b6ca8")
        for row, name in enumerate(names):
            axes.text(services[name] + 250, row, f"${services[name]:,.0f}", va="center", fontsize=9)
        axes.set_xlim(0, max(services.values()) * 1.2)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"${value:,.0f}"))
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4))

    told = document["scenarios"]
    by_seven = "; ".join(f"{SHORT[s]}: {number(told[s]['registered']['value'])}" for s in SHORT)
    lowest = "; ".join(f"{SHORT[s]}: {number(told[s]['registered_percent']['p10'])}" for s in SHORT)
    down = number(told["fallen"]["first_down_s"]["value"])
    four = "in the four runs, by minute."
    return {
        name: drawn(paint, title, description, name, height)
        for name, paint, title, description, height in (
            ("registered", registered, "People registered", f"By 19:00: {by_seven}. Published: 7.97 million.", 3.4),
            (
                "first_minutes",
                first_minutes,
                "The first ten minutes",
                f"Steps towards a registration that are refused; the design that fell over is down after {down} s.",
                HEIGHT_IN,
            ),
            ("refused", refused, "Steps that fail", f"Share of sign-ins and registrations refused {four}", 3.7),
            ("asked", asked, "Requests a second", f"Requests with their retries {four}", 3.7),
            ("hits", hits, "Who answers", "Requests answered by the edge and by functions, by minute.", HEIGHT_IN),
            ("texts", texts, "How long a code waits", "Age of the oldest text in the queue, by minute.", 3.7),
            ("luck", luck, "Other assumptions", f"Percent registered in nine of ten days at least: {lowest}.", 3.4),
            ("bill", bill, "The bill", "Dollars by service for the three hours; texts are most of it.", HEIGHT_IN),
        )
    }
