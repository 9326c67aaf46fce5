"""Who comes when: people who set out to register and polls for places, each second, shaped to the published totals.

Both curves fall from a rush to a steady stream, steady + rush * exp(-t / decay), the decay being the one figure that
was not published. What was fixes the rest: for people, those registered by 17:00 and by 19:00; for hits, the first
minute and the total. All hits of that day are taken as wanted: its own retries are among them and cannot be told
apart, so Tika is asked for more than people came for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.day.constants import Draws

MINUTES = 180
# API hits of a journey that goes well, beside its polls: what the page asks for once, then what the person does.
PUBLIC_HITS, OTP_HITS, REGISTER_HITS, LIST_HITS = 4.0, 1.0, 1.0, 2.0
BURST_S = 10.0  # how fast the busiest second of the first minute calms down to its mean


@dataclass(frozen=True, slots=True)
class Demand:
    """By draw and second: people setting out, and polls including the page's own public requests."""

    people: NDArray[np.float64]
    polls: NDArray[np.float64]


def journey_hits(figures: Draws) -> NDArray[np.float64]:
    """Hits of one journey that goes well, without its polls."""
    return PUBLIC_HITS + OTP_HITS + figures["otp_tries"] + REGISTER_HITS + LIST_HITS


def demand(figures: Draws) -> Demand:
    decay, came = figures["rush_decay_min"], figures["came_in_vain"]
    people = _curve(decay, came * figures["registrations_first_hour"], 60, came * figures["registrations"])
    hits = _curve(decay, figures["hits_peak_minute"], 1, figures["hits"])
    first = hits[:, :60]
    peak = (figures["hits_peak_second"] / first[:, 0])[:, None] - 1
    calm = np.exp(-np.arange(60) / BURST_S)
    hits[:, :60] = first * (1 + peak * (calm - calm.mean()) / (1 - calm.mean()))
    polls = hits - people * (journey_hits(figures) - PUBLIC_HITS)[:, None]
    return Demand(people, np.maximum(polls, 0))


def _curve(decay_min: NDArray[np.float64], early: NDArray[np.float64], minutes: int, total: NDArray[np.float64]):
    """Arrivals of each second, of which `early` come within `minutes` and `total` by 19:00."""
    shape = np.exp(-np.arange(MINUTES * 60)[None, :] / (decay_min[:, None] * 60))
    rushed, all_rushed = shape[:, : minutes * 60].sum(1), shape.sum(1)
    part = minutes / MINUTES
    rush = (early - total * part) / (rushed - all_rushed * part)
    steady = (total - rush * all_rushed) / (MINUTES * 60)
    return steady[:, None] + rush[:, None] * shape
