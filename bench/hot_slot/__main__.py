"""`python -m bench.hot_slot`: every design at every crowd, simulated; with `--emulator` also on the emulator."""

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from typing import Any

from tqdm import tqdm

from bench.day.scenarios import ROOT
from bench.day.tables import fill
from bench.hot_slot.tables import BLOCKS

os.environ.setdefault("SLOTS_TABLE", "slots")  # tika.tables reads names when it is imported

from bench.hot_slot import emulator
from bench.hot_slot.crowd import SCENES, Scene, as_dict, crowd
from bench.hot_slot.designs import DESIGNS
from bench.hot_slot.rules import EMULATOR
from local.system import running

SEED = 28_04_2021
DOCS = ROOT / "docs" / "performance"
PEOPLE, PLACES, CRASH = 200, 50, 0.05
# The same crowd, simulated with the emulator's rules.
ON_EMULATOR = Scene(
    "as on the emulator",
    people=PEOPLE,
    slots=1,
    places=PLACES,
    arrive_s=0.0,
    pace=EMULATOR,
    gateway_rps=1e9,
    gateway_burst=1e9,
    copies=1e9,
    warm_copies=1e9,
    handler_s=0.0,
    crash=CRASH,
)


def simulated() -> list[dict[str, object]]:
    tasks = [(scene, design) for scene in (*SCENES, ON_EMULATOR) for design in DESIGNS]
    found = {}
    with ProcessPoolExecutor() as pool, tqdm(total=len(tasks), unit=" crowds", desc="Simulated") as bar:
        futures = {pool.submit(crowd, scene, design, seed=SEED): (scene.name, design) for scene, design in tasks}
        for future in as_completed(futures):
            found[futures[future]] = as_dict(future.result())
            bar.update()
    return [found[scene.name, design] for scene, design in tasks]


def emulated() -> list[dict[str, Any]]:
    with running(ROOT / ".tika" / "hot-slot", say=print, fresh=True) as system:
        return [
            asdict(emulator.crowd(system, design, people=PEOPLE, places=PLACES, crash=CRASH, seed=SEED))
            for design in tqdm(DESIGNS, unit=" crowds", desc="On the emulator")
        ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="make hot-slot", description="One slot and everybody.")
    parser.add_argument("--emulator", action="store_true", help="run the crowds on the emulator as well")
    path = DOCS / "hot-slot.json"
    document = json.loads(path.read_text()) if path.exists() else {}
    if parser.parse_args().emulator:
        document["emulated"] = emulated()
    document |= {"seed": SEED, "simulated": simulated()}
    path.write_text(json.dumps(document, indent=1) + "\n")
    fill(DOCS / "hot-slot.md", document, BLOCKS)
    print(f"{path.relative_to(ROOT)} is up to date")


if __name__ == "__main__":
    main()
