"""Sending the queued text messages: each once, although the queue may deliver twice and the network may fail.

Before a text goes out its row is leased, and afterwards it is marked as told. A second text is possible only where the
function dies between sending and marking, or where the network hides that the text had gone out: nothing can tell.
"""

import json
import os
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from aws_lambda_powertools.metrics import MetricUnit

from tika import policy
from tika.aws import client
from tika.clock import epoch
from tika.tables.citizens import Account, AppointmentRow, account_rows
from tika.tables.otp import Sending
from tika.tables.statuses import BOOKED
from tika.tables.writing import ConditionFailed, update
from tika.telemetry import count, logger
from tika.texts import envelope, messages

LEASE_S = 30  # longer than the function lives, and shorter than the queue waits before it delivers again
KEEP = timedelta(days=1)  # longer than the queue keeps a message

_TEMPLATE = {messages.OTP: "SMS_OTP_TEMPLATE_ID", messages.BOOKING: "SMS_BOOKING_TEMPLATE_ID"}


class LeaseHeld(Exception):
    """Another copy of the function is sending this text. The queue brings the message back, should that one die."""


def send(body: str, queued_at: datetime, *, now: datetime) -> None:
    """Send the text of one queued message, unless it was sent or makes no sense any more.

    Raises whatever goes wrong, malformed messages included: the queue then delivers again, and in the end gives the
    message to the dead letters.
    """
    try:
        message = json.loads(body)
        send_kind = {messages.OTP: _send_code, messages.BOOKING: _send_booking}[message["kind"]]
        send_kind(message, max(0.0, (now - queued_at).total_seconds()), now)
    except LeaseHeld:
        raise
    except Exception as error:  # by its type only: its text may hold the number
        logger.error("text not sent", extra={"reason": type(error).__name__})
        count("TextFailed")
        raise


def _send_code(message: dict[str, Any], waited_s: float, now: datetime) -> None:
    if message["expires_at"] <= epoch(now) + messages.ARRIVES_S:
        count("OtpExpired")
        return
    sealed = envelope.unseal(message["sealed"])
    if _send_once(messages.OTP, message["txn_id"], messages.OTP, sealed["mobile"], sealed["text"], now):
        count("OtpSent")
        count("OtpDelay", waited_s, MetricUnit.Seconds)


def _send_booking(message: dict[str, Any], waited_s: float, now: datetime) -> None:
    """The rows are read now: what was cancelled or moved since is not told, and its move has a message of its own."""
    rows = list(account_rows(message["account"]))
    booked = [
        row
        for row in rows
        if isinstance(row, AppointmentRow)
        and row.status == BOOKED
        and row.appointment_id == message["appointment_id"]
        and _slot(messages.place_of(row)) == _slot(message["place"])
    ]
    mobile = next((row.mobile for row in rows if isinstance(row, Account)), None)
    if not booked or not mobile:
        count("BookingTextDropped")
        return
    text = messages.booking_text(booked[0], policy.current().otp_product)
    if _send_once(messages.BOOKING, message["appointment_id"], _slot(message["place"]), mobile, text, now):
        count("BookingTextSent")
        count("BookingTextDelay", waited_s, MetricUnit.Seconds)


def _slot(place: str) -> str:
    """A place without its seat number: one text tells all people of an appointment, whichever seat it was asked for."""
    return place.rpartition("#")[0]


def _send_once(kind: str, subject: str, about: str, mobile: str, text: str, now: datetime) -> bool:
    """Whether the text was sent now; False where it had been. `about` is what the text tells of `subject`.

    Raises LeaseHeld, or what botocore raises.
    """
    row, holder, at = Sending(Sending.key(subject)), str(uuid4()), epoch(now)
    untold = Sending.told.does_not_exist() | (Sending.told != about)
    unleased = Sending.lease_until.does_not_exist() | (Sending.lease_until < at)
    keep = Sending.expires_at.set(at + int(KEEP.total_seconds()))
    lease = [keep, Sending.lease_until.set(at + LEASE_S), Sending.holder.set(holder)]
    try:
        update(row, lease, untold & unleased)
    except ConditionFailed as failed:
        if failed.old.told == about:
            return False
        if failed.old.holder != holder:  # else our own write, whose answer was lost: the client sent it again
            raise LeaseHeld from None
    try:
        _publish(kind, mobile, text)
    except Exception:
        _mark(row, holder, [Sending.lease_until.remove()])
        raise
    _mark(row, holder, [Sending.told.set(about), Sending.sent_at.set(at), Sending.lease_until.remove()])
    return True


def _mark(row: Sending, holder: str, actions: list[Any]) -> None:
    """Never raises: after a text that is out, that would send another, and after one that is not, the lease ends."""
    try:
        update(row, actions, Sending.holder == holder)
    except Exception as error:
        logger.warning("text not marked", extra={"reason": type(error).__name__})
        count("TextUnmarked")


def _publish(kind: str, mobile: str, text: str) -> None:
    """India admits texts only from a registered sender, entity and template; elsewhere they stay unset."""
    attributes = {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.SNS.SMS.SenderID": os.environ.get("SMS_SENDER_ID", ""),
        "AWS.MM.SMS.EntityId": os.environ.get("SMS_ENTITY_ID", ""),
        "AWS.MM.SMS.TemplateId": os.environ.get(_TEMPLATE[kind], ""),
    }
    client("sns").publish(
        PhoneNumber=f"+91{mobile}",
        Message=text,
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
        },
    )
