"""What is set up before the hour: Tika as deployed, Tika after the runbook's raises, and a design that falls over."""

from dataclasses import dataclass, replace
from pathlib import Path

from bench.day.constants import DAY, QUOTAS

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Scenario:
    """Quotas and settings. Rates are per second, writes and reads in units of each table."""

    name: str
    title: str
    gateway_rps: float
    gateway_burst: float
    copies: float  # of all functions at work at once
    warm_copies: float  # of each function, waiting at 16:00
    table_writes: float
    table_reads: float
    table_quota: float
    sms_per_second: float
    sending_copies: float
    edge: bool = True  # public answers are kept by the edge
    polite: bool = True  # refusals say when to come back, and the share of people that obeys does
    counters: bool = False  # places are a number in a row, not rows
    admits_codes: bool = True  # no more codes are given out than texts can leave in time


# samconfig.toml [production] on the default quotas of an account; test_day.py holds them to the files.
DEFAULTS = Scenario(
    name="defaults",
    title="Tika, production settings, default quotas",
    gateway_rps=9_000,
    gateway_burst=5_000,
    copies=QUOTAS["lambda_concurrency"].value,
    warm_copies=0,
    table_writes=QUOTAS["ddb_new_table_writes"].value,
    table_reads=QUOTAS["ddb_new_table_reads"].value,
    table_quota=QUOTAS["ddb_table_writes"].value,
    sms_per_second=QUOTAS["sms_per_second"].value,
    sending_copies=150,
)

# The chapter "Opening day" of docs/runbook.md.
RAISED = replace(
    DEFAULTS,
    name="raised",
    title="Tika, after the raises of the runbook",
    gateway_rps=38_000,
    gateway_burst=19_000,
    copies=4_000,
    warm_copies=200,
    table_writes=40_000,
    table_reads=40_000,
    table_quota=80_000,
    sms_per_second=DAY["sms_per_second"].value,
)

# As RAISED, without the admission of codes: what the queue alone would make of the day.
UNADMITTED = replace(RAISED, name="unadmitted", title="The same without admission of codes", admits_codes=False)

# The same raises and more, for the design whose drawings were published: every hit a function and a table.
FALLEN = replace(
    RAISED,
    name="fallen",
    title="The design that fell over, larger quotas",
    gateway_rps=60_000,
    gateway_burst=30_000,
    copies=10_000,
    warm_copies=500,
    edge=False,
    polite=False,
    counters=True,
    admits_codes=False,
)

SCENARIOS = (DEFAULTS, RAISED, UNADMITTED, FALLEN)

# Nothing is in the way: what the day itself asks for.
UNLIMITED = replace(
    RAISED,
    name="unlimited",
    title="No limits",
    gateway_rps=1e9,
    copies=1e9,
    warm_copies=1e6,
    table_writes=1e9,
    table_reads=1e9,
    table_quota=1e9,
    sms_per_second=1e9,
    sending_copies=1e9,
    admits_codes=False,
)
