"""Text messages: what they say, and the queue they wait in. `sending` takes them from there.

What is queued may end among the dead letters, where people look at it, so it holds no person: a code travels sealed
(see `envelope`), and a booking as keys by which its rows are found when the text is sent.
"""

import json
import os
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tika.aws import client
from tika.snapshot import forgets
from tika.tables.citizens import AppointmentRow
from tika.tables.statuses import BOOKED
from tika.telemetry import count, logger

OTP, BOOKING = "otp", "booking"  # the kinds of messages

# A segment takes 153 Latin characters, or 67 where one is in an Indian script: a longer name costs everybody a segment.
CENTER_NAME_CHARS = 60

ARRIVES_S = 10  # on its way through the networks; a code that would expire meanwhile is not worth sending
QUEUE_KEEP_FOR = timedelta(seconds=2)  # how long a container goes by the length of the queue as it last saw it

_JOINERS = "\u200c\u200d"  # invisible, but Indian scripts need them


# --- what is said ----------------------------------------------------------------------------------------------------


def otp_text(code: str, product: str, valid_seconds: int) -> str:
    minutes = max(1, valid_seconds // 60)
    unit = "minute" if minutes == 1 else "minutes"
    return f"Your OTP to register/access {product} is {code}. It will be valid for {minutes} {unit}. - {product}"


def booking_text(row: AppointmentRow, product: str) -> str:
    """`row` is any of the people of a booked appointment: place and secret code are the same for all of them."""
    center = one_line((row.center or {}).get("name", ""), CENTER_NAME_CHARS)
    day = date.fromisoformat(row.date).strftime("%d-%m-%Y")
    return f"Vaccination booked: {center}, {day}, {row.slot}. Secret code {row.secret_code}. - {product}"


def one_line(text: str, most: int) -> str:
    """`text` on one line of at most `most` characters, without anything that steers a display.

    A line break in a name would let it pose as a message of its own.
    """
    kept = "".join(" " if _breaks(char) else char for char in unicodedata.normalize("NFC", text))
    short = " ".join(kept.split())
    return short if len(short) <= most else short[: most - 1].rstrip() + "."


def _breaks(char: str) -> bool:
    return char not in _JOINERS and unicodedata.category(char)[0] in "CZ"


# --- the queue -------------------------------------------------------------------------------------------------------

_seen: tuple[datetime, int] | None = None  # when the queue was looked at, and how many texts waited in it


def expected_wait_s(*, now: datetime) -> int:
    """Whole seconds until a text that is queued now is sent, by the texts before it and the pace of sending.

    SQS tells their number only nearly, and codes that expired meanwhile are dropped and take no time.
    Raises what botocore raises.
    """
    global _seen
    if _seen is None or not timedelta(0) <= now - _seen[0] < QUEUE_KEEP_FOR:
        queue = {"QueueUrl": os.environ["OTP_QUEUE_URL"], "AttributeNames": ["ApproximateNumberOfMessages"]}
        waiting = client("sqs").get_queue_attributes(**queue)["Attributes"]["ApproximateNumberOfMessages"]
        _seen = now, int(waiting)
    return ceil(_seen[1] / int(os.environ["TEXTS_PER_SECOND"]))


@forgets
def _forget() -> None:
    global _seen
    _seen = None


def send_code(txn_id: str, sealed: str, *, expires_at: int) -> None:
    """Queue the text of a code; `sealed` is the envelope of {"mobile", "text"}. Raises what botocore raises."""
    _queue({"kind": OTP, "txn_id": txn_id, "expires_at": expires_at, "sealed": sealed})


def send_booking(account: str, rows: Sequence[AppointmentRow]) -> None:
    """Queue the text that tells `account` (the keyed hash) what it booked: `rows` are the people of one appointment.

    Nothing is queued for none, or for a hold. Repeating it for the same place sends one text; a place that the
    appointment has left by then is not told. Never raises for a queue that fails: the booking stands, and answering
    it with an error would be wrong.
    """
    if not rows or rows[0].status != BOOKED:
        return
    try:
        _queue(
            {
                "kind": BOOKING,
                "account": account,
                "appointment_id": rows[0].appointment_id,
                "place": place_of(min(rows, key=lambda row: row.reference_id)),
            }
        )
    except (BotoCoreError, ClientError) as error:
        logger.error("booking text not queued", extra={"reason": type(error).__name__})
        count("BookingTextLost")


def place_of(row: AppointmentRow) -> str:
    """The session and the seat: what tells one booked text from the next of the same appointment."""
    return f"{row.session_id}#{row.seat}"


def _queue(message: dict[str, Any]) -> None:
    client("sqs").send_message(QueueUrl=os.environ["OTP_QUEUE_URL"], MessageBody=json.dumps(message))
