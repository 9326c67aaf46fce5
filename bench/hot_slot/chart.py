"""docs/performance/hot-slot.svg, from hot-slot.json: `python -m bench.hot_slot.chart`."""

import json

from matplotlib.figure import Figure

from bench.day import page  # noqa: F401 sets how charts look
from bench.day.scenarios import ROOT

DOCS = ROOT / "docs" / "performance"
SCENE = "100,000 people at 5,000 places"
PANELS = (
    ("oversold", "sold twice", "#b3261e"),
    ("leaked", "lost for ever", "#a05a00"),
    ("last_sold_s", "seconds until the last is sold", "#1b6ca8"),
    ("write_units", "write units", "#1b6ca8"),
)


def main() -> None:
    outcomes = [o for o in json.loads((DOCS / "hot-slot.json").read_text())["simulated"] if o["scene"] == SCENE]
    designs = ["Tika" if o["design"] == "tika" else o["design"] for o in outcomes]
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    figure.suptitle(f"{SCENE}, simulated by DynamoDB's rules", fontsize=11)
    for axes, (name, words, colour) in zip(figure.subplots(2, 2).flat, PANELS, strict=True):
        values = [o[name] for o in outcomes]
        axes.barh(designs, values, color=colour)
        axes.invert_yaxis()
        axes.set_title(words, fontsize=10, loc="left")
        axes.grid(visible=False)
        axes.set_xlim(0, max(*values, 1) * 1.25)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        for row, value in enumerate(values):
            axes.text(value + max(*values, 1) * 0.02, row, f"{value:,.0f}", va="center", fontsize=9)
    figure.savefig(DOCS / "hot-slot.svg", metadata={"Date": None}, facecolor="white")


if __name__ == "__main__":
    main()
