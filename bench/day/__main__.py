"""`python -m bench.day`: run every scenario, write the report, its figures, and the copy in docs/performance."""

import json
import time

from tqdm import tqdm

from bench.day import study
from bench.day.demand import MINUTES
from bench.day.page import write_page
from bench.day.scenarios import ROOT
from bench.day.tables import fill

OUT = ROOT / "build" / "rush"
DOCS = ROOT / "docs" / "performance"


def main() -> None:
    began = time.monotonic()
    total = MINUTES * (len(study.SCENARIOS) + 1)
    with tqdm(total=total, unit=" minutes", desc=f"28 April 2021, {study.DRAWS} draws", smoothing=0) as bar:
        found = study.results(tick=bar.update)
    document = study.document(found)
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    series = {
        name: {key: values.round(4).tolist() for key, values in result.series.items()} for name, result in found.items()
    }
    (OUT / "figures.json").write_text(text)
    (OUT / "seconds.json").write_text(json.dumps(series))
    (DOCS / "rush.json").write_text(text)
    write_page(OUT / "report.html", document, found)
    fill(DOCS / "rush.md", document)
    print(f"{OUT.relative_to(ROOT) / 'report.html'} in {time.monotonic() - began:.0f} s")
    for name, told in document["scenarios"].items():
        registered, refused = told["registered"]["value"], told["refused_percent"]["value"]
        print(f"{name:>10}: {registered:>11,.0f} registered, {refused:.1f}% of the requests refused")


if __name__ == "__main__":
    main()
