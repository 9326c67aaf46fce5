"""The rules of the phase: one JSON parameter that ops change without a deployment."""

import json
import os
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tika.aws import client
from tika.snapshot import forgets
from tika.telemetry import count, logger

KEEP_S = 60  # a change reaches every container within this time


@dataclass(frozen=True, slots=True)
class Policy:
    """`opens_at` is aware; gaps in days and fee ceilings in rupees by vaccine; the rest in the unit of its name."""

    phase: str
    opens_at: datetime
    min_age: int
    dose_gap_days: dict[str, int]
    fee_ceiling_rupees: dict[str, int]
    hold_seconds: int
    otp_product: str
    otp_valid_seconds: int
    otp_resend_seconds: int

    @property
    def vaccines(self) -> list[str]:
        """The vaccines of the programme: those whose gap and ceiling are both known."""
        return [name for name in self.fee_ceiling_rupees if name in self.dose_gap_days]


_kept: Policy | None = None
_read_at = float("-inf")


def current() -> Policy:
    """The policy, at most KEEP_S old. While the parameter cannot be read, the last one known goes on."""
    global _kept, _read_at
    if _kept is None or time.monotonic() - _read_at > KEEP_S:
        try:
            _kept = parse(client("ssm").get_parameter(Name=os.environ["POLICY_PARAMETER"])["Parameter"]["Value"])
        except Exception as error:
            if _kept is None:
                raise
            logger.error("policy not read, going on with the last one", extra={"reason": type(error).__name__})
            count("PolicyStale")
        _read_at = time.monotonic()
    return _kept


@forgets
def _forget() -> None:
    global _kept, _read_at
    _kept, _read_at = None, float("-inf")


def parse(text: str) -> Policy:
    """Raises KeyError, TypeError or ValueError where the parameter is not a whole policy."""
    value: dict[str, Any] = json.loads(text)
    opens_at = datetime.fromisoformat(value["opens_at"])
    if opens_at.tzinfo is None:
        raise ValueError("opens_at needs an offset, such as +05:30")
    return Policy(
        phase=str(value["phase"]),
        opens_at=opens_at,
        min_age=int(value["min_age"]),
        dose_gap_days={vaccine: int(days) for vaccine, days in value["dose_gap_days"].items()},
        fee_ceiling_rupees={vaccine: int(rupees) for vaccine, rupees in value["fee_ceiling_rupees"].items()},
        hold_seconds=int(value["hold_seconds"]),
        otp_product=str(value["otp"]["product"]),
        otp_valid_seconds=int(value["otp"]["valid_seconds"]),
        otp_resend_seconds=int(value["otp"]["resend_seconds"]),
    )
