"""The opening day in steps of one second: queues and quotas as a fluid, all draws of the uncertain figures at once.

A request passes the edge, the gateway's token bucket, its function's copies and the units of its tables; each may
refuse it, and whoever is refused comes back, goes away, or waits. A person sets out, asks for a code, waits for the
text, types it, registers, and tries for a place. Nothing is lost in between: at every second, people who set out =
registered + gave up + under way, and tries = served + refused.

What the model leaves out is listed in docs/performance/rush.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.day import costs
from bench.day.constants import Draws
from bench.day.costs import CLASSES, CONFIRM, HOLD, LIST, OTP, POLL, REGISTER, VERIFY
from bench.day.demand import LIST_HITS, MINUTES, PUBLIC_HITS, demand, journey_hits
from bench.day.scenarios import Scenario

SESSION_SEATS = 50  # places of a session, so that the nation's places make so many sessions
LATENCIES_S = np.geomspace(0.002, 60, 73)  # edges of the histogram's bins
PIPE_S = 256  # the longest delay that is a fixed number of seconds: typing, filling a form, Retry-After
LOOK_AGAIN_S = 30  # somebody without a place looks at the search as often as this
COUNTS_LAG_S = 6  # the search shows places as they were: the counts, and the edge's seconds
TARGET_WAIT_S = 30  # for how long a wait for the text codes are given out, where they are admitted
SLOWED_S = 5  # requests that wait for a refusing table hold their copies on for about as long
FALLEN_SHARE = 0.5  # a second in which more than this is refused or fails counts as down

WRITES, READS = 0, 1
OTP_TABLE, SLOTS_TABLE = costs.TABLES.index("otp"), costs.TABLES.index("slots")

type Array = NDArray[np.float64]


@dataclass
class Result:
    """`series` by second of the first draw; `totals` by draw."""

    scenario: Scenario
    series: dict[str, Array]
    totals: dict[str, Array]
    dollars: dict[str, Array]
    latencies: Array = field(repr=False)  # answered requests, by bin of LATENCIES_S and draw
    function_latencies: Array = field(repr=False)  # those that a function answered

    def percentile(self, share: float, *, functions: bool = False) -> Array:
        """The time within which `share` of the answered requests had their answer, by draw."""
        return percentile(self.function_latencies if functions else self.latencies, share)


def percentile(histogram: Array, share: float) -> Array:
    """`histogram` by bin (and draw): the upper edge of the bin in which the share is reached; nan for none."""
    total = histogram.sum(0)
    reached = (np.cumsum(histogram, 0) >= share * total).argmax(0)
    return np.where(total > 0, LATENCIES_S[1:][np.minimum(reached, len(LATENCIES_S) - 2)], np.nan)


class Pipe:
    """What comes out again after some seconds, by class and draw."""

    def __init__(self, classes: int, draws: int):
        self._slots, self._now, self._columns = np.zeros((PIPE_S, classes, draws)), 0, np.arange(draws)

    def put(self, amount: Array, delay_s: Array) -> None:
        """`delay_s` by draw, in whole seconds from 1 to PIPE_S - 1."""
        self._slots[(self._now + delay_s) % PIPE_S, :, self._columns] += amount.T

    def spread(self, amount: Array, low_s: int, high_s: int) -> None:
        """Evenly over the seconds from `low_s` to `high_s`."""
        part = amount / (high_s - low_s + 1)
        for delay in range(low_s, high_s + 1):
            self._slots[(self._now + delay) % PIPE_S] += part

    def step(self) -> Array:
        self._now = (self._now + 1) % PIPE_S
        due = self._slots[self._now].copy()
        self._slots[self._now] = 0
        return due

    def inside(self) -> Array:
        return self._slots.sum(0)


def whole_seconds(delay_s: Array) -> NDArray[np.int64]:
    return np.clip(np.rint(delay_s), 1, PIPE_S - 1).astype(int)


class Texts:
    """The queue of codes to send: first in, first out, those that would come too late dropped.

    A text older than the person's patience is sent for nothing, as they have asked for another meanwhile.
    """

    def __init__(self, seconds: int, figures: Draws):
        draws = len(figures["patience_s"])
        self._queued = np.zeros((draws, seconds + 1))  # ever, before each second
        self._gone = np.zeros(draws)  # sent or dropped, ever
        self._rows, self._patience = np.arange(draws), np.rint(figures["patience_s"]).astype(int)
        self._good_for = int(figures["code_valid_s"][0] - figures["code_arrives_s"][0])
        self._head = np.zeros(draws, int)  # the second in which the oldest text was queued
        self.waiting = np.zeros(draws)

    def step(self, now: int, asked: Array, rate: Array) -> tuple[Array, Array, Array, Array]:
        """(useful, sent, dropped, asking again) of this second."""
        queued = self._queued
        queued[:, now + 1] = queued[:, now] + asked
        expired = queued[:, now - self._good_for] if now >= self._good_for else np.zeros_like(asked)
        dropped = np.maximum(0, expired - self._gone)
        self._gone = self._gone + dropped
        sent = np.minimum(rate, queued[:, now + 1] - self._gone)
        before, self._gone = self._gone, self._gone + sent
        stale = queued[self._rows, np.maximum(0, now - self._patience)]
        useless = np.clip(np.minimum(self._gone, stale) - before, 0, None)
        next_stale = queued[self._rows, np.maximum(0, now + 1 - self._patience)]
        again = np.maximum(0, next_stale - np.maximum(stale, self._gone))
        self.waiting = queued[:, now + 1] - self._gone
        return sent - useless, sent, dropped, again

    def oldest_s(self, now: int) -> Array:
        """Age of the oldest text that still waits."""
        while True:
            following = np.minimum(self._head, now) + 1
            behind = (self._head <= now) & (self._queued[self._rows, following] <= self._gone + 1e-6)
            if not behind.any():
                return np.maximum(0, now - self._head).astype(float)
            self._head = self._head + behind


class Crowded:
    """The share of requests that partitions refuse where some keys are asked for more than others (Zipf)."""

    def __init__(self, keys: Array, exponent: Array):
        ranks = np.arange(1, int(keys.max()) + 1)[None, :]
        weights = np.where(ranks <= keys[:, None], ranks ** -exponent[:, None], 0)
        self._weights = weights / weights.sum(1, keepdims=True)

    def refused(self, rate: Array, each: Array | float) -> Array:
        """Of `rate` requests a second, where each key serves `each` of them."""
        served = np.minimum(rate[:, None] * self._weights, np.reshape(each, (-1, 1))).sum(1)
        return np.where(rate > 0, 1 - served / np.maximum(rate, 1e-9), 0)


def run(
    scenario: Scenario, figures: Draws, *, minutes: int = MINUTES, tick: Callable[[], None] | None = None
) -> Result:
    """The scenario from 16:00 on, for all draws; `tick` is called once a minute of the day."""
    return _Day(scenario, figures, minutes * 60).run(tick)


@dataclass(slots=True)
class _Flow:
    """What one second asked for and got, by class and draw; people, polls, `later` and `from_edge` by draw."""

    people: Array
    polls: Array
    sent: Array
    wanted: Array
    ok: Array
    later: Array
    from_edge: Array
    reaching: Array
    admitted: Array
    started: Array
    cold: Array
    failed: Array


class _Day:
    def __init__(self, scenario: Scenario, figures: Draws, seconds: int):
        self.scenario, self.f, self.seconds = scenario, figures, seconds
        self.draws = draws = len(figures["hits"])
        self.demand = demand(figures)
        zeros = np.zeros(draws)
        # How people go on
        self.retries = Pipe(len(CLASSES), draws)
        self.typing, self.filling, self.deciding = Pipe(1, draws), Pipe(1, draws), Pipe(1, draws)
        self.type_s, self.fill_s = whole_seconds(figures["type_code_s"]), whole_seconds(figures["fill_form_s"])
        self.impatient_s = whole_seconds(figures["impatient_retry_s"] if scenario.polite else np.ones(draws))
        self.gateway_s = whole_seconds(figures["gateway_retry_after_s"])
        self.gives_up = np.tile(figures["gives_up"], (len(CLASSES), 1))
        self.gives_up[POLL] = 1 - figures["polls_again"]
        self.asking_again, self.just_registered, self.texts_sent = zeros.copy(), zeros.copy(), zeros.copy()
        self.texts = Texts(seconds, figures)
        self.later = Pipe(1, draws)  # told to ask for a code later
        self.later_s = int(figures["later_retry_s"][0])
        self.awaiting_code = zeros.copy()
        self.places = np.floor(figures["registrations"] / figures["people_per_place"])
        self.left = self.places.copy()
        self.shown = [self.places.copy() for _ in range(COUNTS_LAG_S)]
        self.without_place = zeros.copy()
        # What serves them
        self.bucket = np.full(draws, float(scenario.gateway_burst))
        self.copies = np.full((len(CLASSES), draws), float(scenario.warm_copies))
        self.capacity = np.empty((2, len(costs.TABLES), draws))
        self.capacity[WRITES], self.capacity[READS] = scenario.table_writes, scenario.table_reads
        self.table_limit = np.maximum(self.capacity, scenario.table_quota)
        self.table_peaks = np.zeros_like(self.capacity)
        self.growth = 2 ** (1 / figures["quota_ddb_doubling_s"])
        self.refetched = np.ones(draws)  # share of the edge's requests that the origin served in the last second
        self.slowed = np.zeros((len(CLASSES), draws))  # share that the tables refused, over the last seconds
        self.work_s = costs.seconds(figures)
        self.units = np.array(  # by kind, table, class and draw
            [np.broadcast_to(costs.writes_by_table().T[:, :, None], self.capacity.shape[1:2] + self.slowed.shape),
             costs.reads_by_table(figures).transpose(1, 0, 2)]
        )  # fmt: skip
        self.send_writes = costs.operation(costs.SEND_LINE).writes
        self.calls_each = np.ones((len(CLASSES), draws))
        self.calls_each[VERIFY], self.calls_each[LIST] = figures["otp_tries"], LIST_HITS
        self.districts = Crowded(figures["districts"], figures["popularity"])
        self.sessions = Crowded(np.ceil(self.places / SESSION_SEATS), figures["popularity"])
        self.totals: dict[str, Array] = {}
        self.series: dict[str, list[float]] = {}
        self.masses = {
            "edge": _masses(figures["edge_s"], figures["spread"]),
            "warm": _masses(figures["gateway_s"] + self.work_s, figures["spread"]),
            "cold": _masses(figures["gateway_s"] + self.work_s + figures["cold_start_s"], figures["spread"]),
        }
        self.answered = {"edge": zeros.copy(), "warm": np.zeros_like(self.slowed), "cold": np.zeros_like(self.slowed)}

    def run(self, tick: Callable[[], None] | None) -> Result:
        for now in range(self.seconds):
            self._second(now)
            if tick and now % 60 == 59:
                tick()
        self._count("still_waiting", self.retries.inside().sum(0))
        self._count("under_way", self._under_way())
        self._count("places_left", self.left)
        self._count("places", self.places)
        self._count("deciding", self.deciding.inside()[0] + self.retries.inside()[CONFIRM])
        self._count("static_hits", self.totals["set_out"] * self.f["static_hits"])
        for kind, word in ((WRITES, "writes"), (READS, "reads")):
            for row, table in enumerate(costs.TABLES):
                self.totals[f"peak_{word}_{table}"] = self.table_peaks[kind, row]
        functions = sum(np.einsum("bcd,cd->bd", self.masses[kind], self.answered[kind]) for kind in ("warm", "cold"))
        everything = functions + self.masses["edge"] * self.answered["edge"]
        series = {name: np.array(values) for name, values in self.series.items()}
        return Result(self.scenario, series, self.totals, costs.dollars(self.totals, self.f), everything, functions)

    # --- one second --------------------------------------------------------------------------------------------------

    def _second(self, now: int) -> None:
        people, polls = self.demand.people[:, now], self.demand.polls[:, now]
        wanted = np.zeros((len(CLASSES), self.draws))  # people, or polls, whose turn it is
        again = self.retries.step()
        wanted[POLL] = polls + again[POLL]
        wanted[OTP] = people + self.asking_again + self.later.step()[0] + again[OTP]
        wanted[VERIFY] = self.typing.step()[0] + again[VERIFY]
        wanted[REGISTER] = self.filling.step()[0] + again[REGISTER]
        wanted[LIST] = self.just_registered + again[LIST]
        visible = self.shown.pop(0) >= 1
        self.shown.append(self.left)
        trying = np.where(visible, self.without_place / LOOK_AGAIN_S, 0)
        wanted[HOLD] = trying + again[HOLD]
        self.without_place -= trying
        wanted[CONFIRM] = self.deciding.step()[0] + again[CONFIRM]
        sent = wanted * self.calls_each

        reaching, from_edge, edge_refused = self._edge(sent)
        admitted = self._gateway(reaching)
        started, cold = self._functions(admitted)
        codes = self._codes(started[OTP])
        working = started.copy()
        working[OTP] = codes
        failed = self._tables(working)
        done = started - failed
        served = _share(done, reaching)
        ok = wanted * served
        self.refetched = served[POLL]
        ok[POLL] = wanted[POLL] - edge_refused * (1 - served[POLL])
        later = started[OTP] - codes  # answered with the time at which to ask again

        self._come_back(wanted, ok, reaching, admitted, started, failed, later)
        ok[OTP] -= later
        useful, texts, dropped, impatient = self._go_on(now, people, ok)
        self._note(
            now,
            _Flow(people, polls, sent, wanted, ok, later, from_edge, reaching, admitted, started, cold, failed),
            texts,
            dropped,
        )
        self._count("useful_texts", useful)
        self._count("asked_again", impatient)

    def _codes(self, asking: Array) -> Array:
        """How many of those who ask for a code may have one: as long as its text would not wait for too long."""
        if not self.scenario.admits_codes:
            return asking
        room = np.maximum(0, self.scenario.sms_per_second * (self.f["admitted_wait_s"] + 1) - self.texts.waiting)
        return np.minimum(asking, room)

    def _text_rate(self) -> Array:
        return np.minimum(self.scenario.sms_per_second, self.scenario.sending_copies * self.f["sms_per_copy"])

    def _edge(self, sent: Array) -> tuple[Array, Array, Array]:
        """(requests by class that go on to the origin, those the edge answers, polls that wait for an origin request).

        A copy that is asked for lambda times a second and lives t seconds is fetched every t + 1 / (q lambda), where q
        is the share of fetches that succeed: a refused fetch is tried again by whoever asks next.
        """
        reaching = sent.copy()
        if not self.scenario.edge:
            return reaching, np.zeros(self.draws), sent[POLL]
        by_pin, variants = self.f["by_pin"], self.f["variants"]
        pins = self._fetched(sent[POLL] * by_pin, self.f["pins_active"] * variants)
        districts = self._fetched(sent[POLL] * (1 - by_pin), self.f["districts"] * variants)
        reaching[POLL] = pins + districts
        self.units[READS, SLOTS_TABLE, POLL] = costs.poll_units(self.f, _share(pins, pins + districts))
        return reaching, sent[POLL] - reaching[POLL], reaching[POLL]

    def _fetched(self, asked: Array, copies: Array) -> Array:
        return asked / (self.refetched * asked / copies * self.f["public_ttl_s"] + 1)

    def _gateway(self, reaching: Array) -> Array:
        total = reaching.sum(0)
        available = self.scenario.gateway_rps + self.bucket
        admitted = np.minimum(total, available)
        self.bucket = np.minimum(self.scenario.gateway_burst, available - admitted)
        return reaching * _share(admitted, total)

    def _functions(self, admitted: Array) -> tuple[Array, Array]:
        """(requests that a copy takes on, copies started for them), by class.

        A function grows so fast and no faster. Where all of them together have used up the account's copies, each that
        becomes free goes to whoever asks next, so the requests of every function are refused in the same proportion.
        """
        busy_s = self.work_s + self.slowed * self.f["sdk_backoff_s"]
        held_s = np.maximum(busy_s, 1 / self.f["quota_lambda_requests_per_copy"])
        needed = admitted * held_s
        allowed = np.minimum(needed, self.copies + self.f["quota_lambda_growth_per_s"])
        used_up = allowed.sum(0) >= self.scenario.copies
        shared = needed * _share(np.full(self.draws, self.scenario.copies), needed.sum(0))
        in_flight = np.where(used_up, np.minimum(shared, allowed), allowed)
        cold = np.maximum(0, in_flight - self.copies)
        self.copies = np.maximum(self.copies, in_flight)
        started = np.minimum(admitted, in_flight / held_s)
        self._count("copy_seconds", (started * busy_s).sum(0) + (cold * self.f["cold_start_s"]).sum(0))
        self._most("copies_at_work", in_flight.sum(0))
        return started, cold

    def _tables(self, started: Array) -> Array:
        """Requests that their tables or a partition of them refuse, by class."""
        demanded = np.einsum("ktcd,cd->ktd", self.units, started)
        demanded[WRITES, OTP_TABLE] += self.texts_sent * self.send_writes
        share = _share(np.minimum(self.capacity, demanded), demanded)
        kept = np.where(self.units > 0, share[:, :, None], 1).prod((0, 1))
        # An on-demand table that is used to its capacity doubles within half an hour, up to its quota.
        growing = np.where(demanded > 0.8 * self.capacity, self.growth, 1)
        self.capacity = np.minimum(self.capacity * growing, self.table_limit)
        np.maximum(self.table_peaks, demanded, out=self.table_peaks)
        if not self.scenario.edge:
            per_district = self.f["quota_ddb_partition_reads"] / self.f["district_units"]
            by_district = 1 - self.f["by_pin"]
            hot = self.districts.refused(started[POLL] * by_district, per_district)
            kept[POLL] = kept[POLL] * (1 - by_district * hot)
        hot = self.f["quota_ddb_partition_writes"] / 2  # a seat in a transaction is two units
        if self.scenario.counters:
            hot = np.minimum(hot, 1 / self.f["transaction_s"])  # one transaction at a time
        if self.left.any() and started[HOLD].any():
            kept[HOLD] = kept[HOLD] * (1 - self.sessions.refused(np.minimum(started[HOLD], self.left), hot))
        failing = 1 - kept
        self.slowed += (failing - self.slowed) / SLOWED_S
        self._count("write_units", (demanded[WRITES] * share[WRITES]).sum(0))
        self._count("read_units", (demanded[READS] * share[READS]).sum(0))
        return started * failing

    def _come_back(
        self,
        wanted: Array,
        ok: Array,
        reaching: Array,
        admitted: Array,
        started: Array,
        failed: Array,
        later: Array,
    ) -> None:
        """Those who were refused retry or go away."""
        refused = np.maximum(0, wanted - ok)
        total = np.maximum(reaching - started + failed, 1e-12)
        busy = _share(failed, total)  # by a function, which spreads them; the gateway asks all for the same seconds
        gone = refused * self.gives_up
        back = refused - gone
        polite = self.f["obeys_retry_after"] if self.scenario.polite else 0.0
        low, high = int(self.f["busy_retry_low_s"][0]), int(self.f["busy_retry_high_s"][0])
        self.retries.put(back * (1 - polite), self.impatient_s)
        if self.scenario.polite:
            self.retries.spread(back * polite * busy, low, high)
            self.retries.put(back * polite * (1 - busy), self.gateway_s)
        leaving = later * self.f["gives_up"]
        self.later.spread(((later - leaving) * polite)[None], 1, self.later_s)
        self.later.put(((later - leaving) * (1 - polite))[None], self.impatient_s)
        self._count("gave_up", leaving)
        self._count("polls_given_up", gone[POLL])
        # A look at the list that failed costs nobody the registration, and who holds or not stays registered.
        self._count("gave_up", gone[OTP] + gone[VERIFY] + gone[REGISTER])
        self.without_place = self.without_place + gone[HOLD]
        self.left = self.left + gone[CONFIRM]

    def _go_on(self, now: int, people: Array, ok: Array) -> tuple[Array, Array, Array, Array]:
        """People whose request was answered take their next step. Gives back what the texts' queue did."""
        useful, texts, dropped, impatient = self.texts.step(now, ok[OTP], self._text_rate())
        self.texts_sent = texts
        leaving = impatient * self.f["gives_up_without_code"]
        self.asking_again = impatient - leaving
        self.awaiting_code = self.awaiting_code + ok[OTP] - useful - impatient
        self._count("gave_up", leaving)
        self.typing.put(useful[None], self.type_s)
        self.filling.put(ok[[VERIFY]], self.fill_s)
        self.just_registered = ok[REGISTER]
        self.without_place = self.without_place + ok[REGISTER]
        held = np.minimum(ok[HOLD], self.left)
        self.left = self.left - held
        self.without_place = self.without_place + ok[HOLD] - held
        self.deciding.put(held[None], self.type_s)
        self._count("set_out", people)
        self._count("registered", ok[REGISTER])
        self._count("booked", ok[CONFIRM])
        self._count("told_full", ok[HOLD] - held)
        return useful, texts, dropped, impatient

    def _under_way(self) -> Array:
        return (
            self.retries.inside()[[OTP, VERIFY, REGISTER]].sum(0)
            + self.typing.inside()[0]
            + self.filling.inside()[0]
            + self.awaiting_code
            + self.asking_again
            + self.later.inside()[0]
        )

    # --- notes -----------------------------------------------------------------------------------------------------

    def _note(self, now: int, flow: _Flow, texts: Array, dropped: Array) -> None:
        hits, origin = flow.sent.sum(0), flow.reaching.sum(0)
        refused = (flow.wanted - flow.ok).sum(0) - flow.later
        share = refused / np.maximum(flow.wanted.sum(0), 1e-12)
        steps = [OTP, VERIFY, REGISTER]
        journey_refused = (flow.wanted - flow.ok)[steps].sum(0) - flow.later
        journey_share = journey_refused / np.maximum(flow.wanted[steps].sum(0), 1e-12)
        age = self.texts.oldest_s(now)
        amounts = {
            "hits": hits,
            "first_hits": flow.polls + flow.people * (journey_hits(self.f) - PUBLIC_HITS),
            "tries": flow.wanted.sum(0),
            "served": flow.ok.sum(0),
            "refused": refused,
            "edge_hits": flow.from_edge,
            "origin": origin,
            "shield": flow.reaching[POLL] if self.scenario.edge else np.zeros(self.draws),
            "admitted": flow.admitted.sum(0),
            "invocations": flow.started.sum(0) + texts / 10,
            "gateway_429": (flow.reaching - flow.admitted).sum(0),
            "copies_503": (flow.admitted - flow.started).sum(0),
            "tables_503": flow.failed.sum(0),
            "cold_starts": flow.cold.sum(0),
            "texts": texts,
            "texts_dropped": dropped,
            "journey_tries": flow.wanted[steps].sum(0),
            "journey_refused": journey_refused,
            "later": flow.later,
            "down_s": (journey_share > FALLEN_SHARE).astype(float),
            "people_seconds": self._under_way(),
            "text_wait_sum": age * texts,
        }
        for name, amount in amounts.items():
            self._count(name, amount)
        for name, amount in {
            "peak_hits": hits,
            "peak_origin": origin,
            "peak_texts_waiting": self.texts.waiting,
            "peak_text_wait_s": age,
        }.items():
            self._most(name, amount)
        self._most("peak_codes", flow.wanted[OTP])
        if "first_down_s" not in self.totals:
            self.totals["first_down_s"] = np.full(self.draws, np.inf)
        first = self.totals["first_down_s"]
        self.totals["first_down_s"] = np.where((journey_share > FALLEN_SHARE) & np.isinf(first), float(now), first)
        cold_done = np.minimum(flow.cold, flow.started - flow.failed)
        self.answered["warm"] += flow.started - flow.failed - cold_done
        self.answered["cold"] += cold_done
        self.answered["edge"] += flow.from_edge
        warm = self.masses["warm"][:, :, 0] @ (flow.started - flow.failed - cold_done)[:, 0]
        warm += self.masses["cold"][:, :, 0] @ cold_done[:, 0]
        everything = warm + self.masses["edge"][:, 0] * flow.from_edge[0]
        for name, value in {
            "hits": hits,
            "origin": origin,
            "edge": flow.from_edge,
            "refused": refused,
            "refused_share": share,
            "journey_refused_share": journey_share,
            "gateway_429": amounts["gateway_429"],
            "copies_503": amounts["copies_503"],
            "tables_503": amounts["tables_503"],
            "registered": flow.ok[REGISTER],
            "set_out": flow.people,
            "booked": flow.ok[CONFIRM],
            "texts": texts,
            "texts_waiting": self.texts.waiting,
            "text_wait_s": age,
            "told_to_wait": self.later.inside()[0],
            "under_way": amounts["people_seconds"],
            "copies": (flow.started * self.work_s).sum(0),
        }.items():
            self.series.setdefault(name, []).append(value[0])
        for name, histogram, part in (
            ("p50_s", everything, 0.5),
            ("p99_s", everything, 0.99),
            ("function_p99_s", warm, 0.99),
        ):
            self.series.setdefault(name, []).append(percentile(histogram[:, None], part)[0])

    def _count(self, name: str, amount: Array) -> None:
        if name in self.totals:
            self.totals[name] += amount
        else:
            self.totals[name] = np.array(amount, float)

    def _most(self, name: str, amount: Array) -> None:
        self.totals[name] = np.maximum(self.totals.get(name, 0), amount)


def _share(part: Array, of: Array) -> Array:
    """part / of, and 1 where there is nothing."""
    return np.where(of > 0, part / np.maximum(of, 1e-12), 1.0)


def _masses(median: Array, spread: Array) -> Array:
    """The share of a lognormal time in each bin of LATENCIES_S; `median` by class and draw, or by draw."""
    edges = np.log(LATENCIES_S).reshape((-1,) + (1,) * median.ndim)
    scaled = (edges - np.log(median)) / spread
    reached = 1 / (1 + np.exp(-1.702 * scaled))  # the logistic curve, within 0.01 of the normal one
    reached[0], reached[-1] = 0, 1
    return np.diff(reached, axis=0)
