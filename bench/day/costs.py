"""What each operation costs: round trips and units from the measured budget, and the dollars they come to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.day.constants import Draws
from tests.budget.figures import BUDGET

# The classes of requests that reach a function, and the line of the budget that says what each costs.
CLASSES = ("poll", "otp", "verify", "register", "list", "hold", "confirm")
POLL, OTP, VERIFY, REGISTER, LIST, HOLD, CONFIRM = range(len(CLASSES))
LINES = {
    "poll": "find_sessions, ten sessions",
    "otp": "request_otp",
    "verify": "verify_otp, right first time",
    "register": "register",
    "list": "list_beneficiaries",
    "hold": "hold, one person",
    "confirm": "confirm, one person",
}
TABLES = ("otp", "citizens", "slots")
# Where the units of an operation fall. Seat and appointment cost the same, and the index is the slots' own.
WRITES_ON = {
    "otp": {"otp": 1.0},
    "verify": {"otp": 1.0},
    "register": {"citizens": 1.0},
    "hold": {"citizens": 0.5, "slots": 0.5},
    "confirm": {"citizens": 0.5, "slots": 0.5},
}
SEND_LINE, REFUSED_LINE = "send_otp", "hold refused, warm"


@dataclass(frozen=True, slots=True)
class Operation:
    calls: int
    transactions: int
    writes: int
    index_writes: int
    reads: float


def operation(line: str) -> Operation:
    dynamodb, others, writes, index_writes, reads = BUDGET[line]
    transactions = dynamodb.get("TransactWriteItems", 0)
    calls = sum(dynamodb.values()) - transactions + sum(others.values())
    return Operation(calls, transactions, writes, index_writes, reads)


def writes_by_table() -> NDArray[np.float64]:
    """Write units of one request, by class and table, index entries among them."""
    units = np.zeros((len(CLASSES), len(TABLES)))
    for row, name in enumerate(CLASSES):
        cost = operation(LINES[name])
        for table, share in WRITES_ON.get(name, {}).items():
            units[row, TABLES.index(table)] = cost.writes * share
        units[row, TABLES.index("slots")] += cost.index_writes
    return units


def reads_by_table(figures: Draws) -> NDArray[np.float64]:
    """Read units of one request, by class, table and draw. A search is charged by what a district has."""
    units = np.zeros((len(CLASSES), len(TABLES), len(figures["call_s"])))
    for row, name in enumerate(CLASSES):
        units[row, TABLES.index("citizens")] = operation(LINES[name]).reads
    units[POLL] = 0
    units[POLL, TABLES.index("slots")] = poll_units(figures, figures["by_pin"])
    return units


def poll_units(figures: Draws, by_pin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read units of a search, where a share `by_pin` of them is by PIN code."""
    return by_pin * figures["pin_units"] + (1 - by_pin) * figures["district_units"]


def seconds(figures: Draws) -> NDArray[np.float64]:
    """Median seconds that a function works for one request, by class and draw."""
    rows = []
    for name in CLASSES:
        cost = operation(LINES[name])
        rows.append(
            figures["handler_s"] + cost.calls * figures["call_s"] + cost.transactions * figures["transaction_s"]
        )
    return np.array(rows)


def dollars(used: dict[str, NDArray[np.float64]], figures: Draws) -> dict[str, NDArray[np.float64]]:
    """The bill by service for what was used: counts by name, as the model's totals have them."""
    price = {name.removeprefix("usd_"): value for name, value in figures.items() if name.startswith("usd_")}
    gb = 1e6  # KB
    edge_hits = used["hits"] + used["static_hits"]
    return {
        "text messages": used["texts"] * price["sms"],
        "CloudFront": edge_hits * price["cloudfront_request"]
        + used["hits"] * price["cloudfront_function"]
        + used["shield"] * price["origin_shield_request"]
        + edge_hits * figures["answer_kb"] / gb * price["cloudfront_gb"],
        "API Gateway and WAF": used["admitted"] * price["gateway_request"] + used["origin"] * price["waf_request"],
        "Lambda": used["invocations"] * price["lambda_request"]
        + used["copy_seconds"] * figures["function_gb"] * price["lambda_gb_s"],
        "DynamoDB": used["write_units"] * price["ddb_write"] + used["read_units"] * price["ddb_read"],
        "SQS": 3 * used["texts"] * price["sqs_request"],
        "logs": used["invocations"] * figures["log_kb"] / gb * price["logs_gb"],
    }
