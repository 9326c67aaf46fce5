"""Every figure that the models start from, with its source. Nothing else in bench/ holds a figure of the outside world.

A figure has a value and, where nobody knows it well, a range (`low` to `high`) over which the Monte Carlo draws it.
What an operation costs in round trips and capacity units is not here: it is tests/budget/figures.py, which is measured.

Sources, by short name; the AWS pages were looked up in November 2026 and describe quotas and prices as of then:

PIB        Ministry of Health and Family Welfare, statement of the evening of 28 April 2021, as printed by Mint,
           Outlook and Business Today on that day
Sharma     R. S. Sharma, chairman of CoWIN, 28 April 2021, as printed by Moneycontrol on that day
MediaNama  "CoWIN portal crashes, bugs", MediaNama, 28 April 2021
APIGW      Amazon API Gateway Developer Guide, "Amazon API Gateway quotas"
LAMBDA     AWS Lambda Developer Guide, "Lambda scaling behavior" and "Lambda quotas"
DDB        Amazon DynamoDB Developer Guide, "On-demand capacity mode", "Understanding DynamoDB warm throughput",
           "Quotas in Amazon DynamoDB", "Managing complex workflows with transactions"
CF         Amazon CloudFront Developer Guide, "Quotas"
SNS        Amazon SNS, "Amazon SNS endpoints and quotas", and "Requesting increases to your monthly SMS spending quota"
SSM        AWS Systems Manager, "AWS Systems Manager endpoints and quotas"
PRICES     AWS Price List of ap-south-1 (Mumbai) as quoted by third parties in 2026; where only another region's price
           could be found, the source says so
ours       template.yaml or the code of Tika itself
assumed    a guess of ours; its range says how sure we are
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Figure:
    """`low` and `high` are None where the figure is taken as known."""

    value: float
    unit: str
    source: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError("the value lies outside of its own range")


# --- the day, as published -------------------------------------------------------------------------------------------

DAY = {
    "hits": Figure(383e6, "API hits, 16:00 to 19:00", "PIB"),
    "hits_peak_minute": Figure(2.7e6, "API hits in the busiest minute", "PIB: 'initially as high as 2.7 million'"),
    "hits_peak_second": Figure(55_000, "API hits in the busiest second", "PIB, Sharma"),
    "registrations_first_hour": Figure(
        3.5e6, "people", "MyGov, 28 April 2021, as printed by Business Today: 'more than'"
    ),
    "registrations": Figure(7_965_720, "people by 19:00", "Sharma: of the day, 'most of these' from 16:00 to 19:00"),
    "sms": Figure(14.5e6, "text messages delivered, 16:00 to 19:00", "PIB"),
    "sms_per_second": Figure(1_343, "text messages a second", "PIB: 14.5 million in 10,800 s"),
    "down_at_minute": Figure(2, "minutes after 16:00", "MediaNama: a 504 'by 4.02 pm'"),
    "people_per_place": Figure(230, "people", "assumed: the ratio the hot slot is asked about", 100, 400),
}

# --- quotas -----------------------------------------------------------------------------------------------------

QUOTAS = {
    "gateway_rps": Figure(10_000, "requests/s in the region", "APIGW: Mumbai has the full default"),
    "gateway_burst": Figure(5_000, "requests", "APIGW: follows the rate, cannot be asked for"),
    "lambda_concurrency": Figure(1_000, "copies in the account", "LAMBDA: default"),
    "lambda_growth_per_s": Figure(100, "copies/s of one function", "LAMBDA: 1,000 every 10 s, refilled continuously"),
    "lambda_requests_per_copy": Figure(10, "requests/s of one copy", "LAMBDA: 10,000 requests/s for each 1,000 copies"),
    "ddb_new_table_writes": Figure(4_000, "write units/s", "DDB: a new on-demand table"),
    "ddb_new_table_reads": Figure(12_000, "read units/s", "DDB: a new on-demand table"),
    "ddb_partition_writes": Figure(1_000, "write units/s", "DDB"),
    "ddb_partition_reads": Figure(3_000, "read units/s", "DDB"),
    "ddb_table_writes": Figure(40_000, "write units/s", "DDB: default quota of a table"),
    "ddb_table_reads": Figure(40_000, "read units/s", "DDB: default quota of a table"),
    "ddb_doubling_s": Figure(
        1_800,
        "s for an on-demand table to double",
        "DDB: throttles above twice the peak of the last 30 minutes",
        300,
        1_800,
    ),
    "sms_per_second": Figure(20, "text messages/s", "SNS: default for transactional text messages"),
    "sms_spend_usd": Figure(1, "USD a month", "SNS: default; both runs take it as raised, or 400 messages end the day"),
    "cloudfront_rps": Figure(250_000, "requests/s of a distribution", "CF"),
    "parameter_reads": Figure(40, "reads/s", "SSM: default, without the higher throughput that can be switched on"),
    "parameter_reads_high": Figure(10_000, "reads/s", "SSM: GetParameter with higher throughput"),
}

# --- prices, US dollars ----------------------------------------------------------------------------------------------

PRICES = {
    "cloudfront_request": Figure(0.0120 / 10_000, "a HTTPS request, India", "PRICES: IN-Requests-Tier2-HTTPS"),
    "cloudfront_gb": Figure(0.109, "a GB to the internet, India, first tier", "PRICES: list, no volume discount"),
    "cloudfront_function": Figure(0.10 / 1e6, "a run of the visitor's header function", "PRICES: list of all regions"),
    "origin_shield_request": Figure(
        0.0090 / 10_000, "a request through the shield", "assumed: as HTTP requests, India"
    ),
    "waf_request": Figure(0.60 / 1e6, "a request looked at", "PRICES: list of all regions"),
    "waf_month": Figure(5 + 3, "the web ACL and its three rules, a month", "PRICES: list of all regions"),
    "gateway_request": Figure(
        3.50 / 1e6, "a REST request, first 333 million a month", "PRICES: us-east-1, and Mumbai alike"
    ),
    "lambda_request": Figure(0.20 / 1e6, "an invocation", "PRICES: APS3-Request"),
    "lambda_gb_s": Figure(0.0000133334, "a GB-second on arm64", "PRICES: APS3-Lambda-GB-Second-ARM"),
    "lambda_provisioned_gb_s": Figure(0.0000033334, "a GB-second kept warm, arm64", "PRICES: us-east-1"),
    "ddb_write": Figure(0.71 / 1e6, "a write unit", "PRICES: APS3-WriteRequestUnits"),
    "ddb_read": Figure(0.1425 / 1e6, "a read unit", "PRICES: APS3-ReadRequestUnits"),
    "ddb_warm_write": Figure(0.00074, "a write unit/s warmed, once", "assumed: an hour of a provisioned unit, Mumbai"),
    "ddb_warm_read": Figure(0.000148, "a read unit/s warmed, once", "assumed: an hour of a provisioned unit, Mumbai"),
    "sqs_request": Figure(0.40 / 1e6, "a request", "PRICES: list of all regions"),
    "sms": Figure(0.0023, "a text by India's local route", "assumed, after AWS's example of 0.00223", 0.0015, 0.004),
    "alarm_month": Figure(0.10, "an alarm, a month", "PRICES: list of all regions"),
    "secret_month": Figure(0.40, "a secret, a month", "PRICES: list of all regions"),
    "logs_gb": Figure(0.67, "a GB of logs taken in", "PRICES: APS3-DataProcessing-Bytes"),
}

# --- Tika itself -----------------------------------------------------------------------------------------------------

TIKA = {
    "public_ttl_s": Figure(5, "s that the edge keeps availability", "ours: api.PUBLIC_FOR_SECONDS"),
    "function_gb": Figure(1.0, "GB of a function", "ours: MemorySize"),
    "gateway_retry_after_s": Figure(5, "s that the gateway's refusals ask for", "ours: Retry-After of THROTTLED"),
    "busy_retry_low_s": Figure(1, "s at least that a function's 503 asks for", "ours: refusals.Busy"),
    "busy_retry_high_s": Figure(7, "s at most that a function's 503 asks for", "ours: refusals.Busy"),
    "later_retry_s": Figure(60, "s at most that a code not admitted is told to wait", "ours: refusals.TextsBehind"),
    "admitted_wait_s": Figure(50, "s that a text may wait for its code to be admitted", "ours: otp.admit"),
    "code_valid_s": Figure(180, "s that a code is good", "ours: otp.valid_seconds of the policy"),
    "code_resend_s": Figure(60, "s until another may be asked for", "ours: otp.resend_seconds of the policy"),
    "code_arrives_s": Figure(10, "s before it expires that a code is still sent", "ours: messages.ARRIVES_S"),
    "sms_per_copy": Figure(10, "text messages/s of one copy of send_otp", "ours: the comment at SmsPace", 6, 14),
    "policy_keep_s": Figure(60, "s after which a copy reads the policy again", "ours: policy.KEEP_S"),
    "seat_bytes": Figure(234, "bytes of a booked seat's row", "ours: measured as tests/budget measures"),
    "district_units": Figure(
        6, "read units of a district's search at the origin", "assumed: 40 sessions, 48 KB", 2, 20
    ),
    "pin_units": Figure(1, "read units of a PIN code's search at the origin", "assumed: up to 7 sessions", 0.5, 2),
}

# --- what nobody published -------------------------------------------------------------------------------------------

ASSUMED = {
    # People
    "rush_decay_min": Figure(20, "minutes in which the first rush halves twice and a half (1/e)", "assumed", 10, 40),
    "came_in_vain": Figure(1.0, "people who set out for each who registered that day", "assumed", 1.0, 1.3),
    "otp_tries": Figure(1.05, "guesses until the right code", "assumed", 1.0, 1.15),
    "type_code_s": Figure(20, "s to read a code and type it", "assumed", 10, 40),
    "fill_form_s": Figure(60, "s to fill the form", "assumed", 30, 120),
    "patience_s": Figure(90, "s without a text until they ask for another", "assumed", 65, 150),
    "obeys_retry_after": Figure(0.7, "share of refused requests that come back when told", "assumed", 0.4, 0.95),
    "impatient_retry_s": Figure(2, "s until the others come back", "assumed", 1, 4),
    "gives_up": Figure(0.02, "share of refused tries after which somebody goes away", "assumed", 0.01, 0.05),
    "gives_up_without_code": Figure(0.1, "share who go away when no code came in time", "assumed", 0.05, 0.2),
    "polls_again": Figure(0.6, "share of refused polls that are repeated before the next is due", "assumed", 0.3, 0.9),
    # The edge
    "by_pin": Figure(0.2, "share of the polls that ask by PIN code", "assumed", 0.05, 0.4),
    "districts": Figure(756, "districts", "ours: data/districts.csv"),
    "pins_active": Figure(8_000, "PIN codes that are asked for at a time", "assumed, of 19,486", 4_000, 19_486),
    "variants": Figure(3, "copies of an answer in the edge: languages, dates", "assumed", 1, 8),
    "popularity": Figure(
        0.9, "exponent of how much more the first districts are asked for", "assumed (Zipf)", 0.6, 1.1
    ),
    "answer_kb": Figure(4, "KB of an answer as it travels, compressed", "assumed", 2, 10),
    "static_hits": Figure(8, "files of the page loaded by each who sets out", "ours: portal/dist"),
    # Functions and tables
    "call_s": Figure(0.006, "s of a DynamoDB call, median", "assumed", 0.003, 0.012),
    "transaction_s": Figure(0.018, "s of a DynamoDB transaction, median", "assumed", 0.010, 0.035),
    "handler_s": Figure(0.012, "s of a function's own work, median", "assumed", 0.006, 0.030),
    "edge_s": Figure(0.020, "s of an answer from the edge, median", "assumed", 0.010, 0.060),
    "gateway_s": Figure(0.015, "s that edge and gateway add to a function's answer", "assumed", 0.008, 0.040),
    "cold_start_s": Figure(0.9, "s of a cold start", "assumed", 0.5, 2.0),
    "spread": Figure(0.5, "sigma of the log of a time", "assumed"),
    "sdk_backoff_s": Figure(
        1.5, "s a throttled call waits in the SDK until it is given up", "ours: three tries of botocore"
    ),
    "log_kb": Figure(0.8, "KB of logs of an invocation", "assumed", 0.4, 1.5),
    # The hot slot
    "crash": Figure(0.001, "share of requests that die between two writes", "assumed", 0.0001, 0.01),
    "replica_lag_s": Figure(0.02, "s that an eventually consistent read may lag, mean", "assumed", 0.005, 0.1),
}


ALL_FIGURES = DAY | TIKA | ASSUMED  # by the names under which the model has them; quotas and prices have a prefix

type Draws = dict[str, NDArray[np.float64]]


def draw(seed: int, draws: int) -> Draws:
    """`draws` + 1 values of each figure: first the value itself, then drawn evenly from its range."""
    rng = np.random.default_rng(seed)
    values = {}
    for group in (DAY, QUOTAS, PRICES, TIKA, ASSUMED):
        for name, figure in group.items():
            low = figure.value if figure.low is None else figure.low
            high = figure.value if figure.high is None else figure.high
            key = f"quota_{name}" if group is QUOTAS else f"usd_{name}" if group is PRICES else name
            values[key] = np.concatenate([[figure.value], rng.uniform(low, high, draws)])
    return values
