"""The queue of text messages: what is sent, what is not, and what happens when sending fails."""

import json
from types import SimpleNamespace

import pytest

from tests.conftest import MORNING, NOON, NOONTIME, ROOT, Context, load
from tests.spies import queued
from tika import keys
from tika.tables.citizens import Account
from tika.tables.otp import Sending
from tika.texts import envelope, sending

MOBILE = "9876543210"
TXN_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
TEXT = "Your OTP to register/access CoWIN is 459831. It will be valid for 3 minutes. - CoWIN"
AT = int(NOON.timestamp())


@pytest.fixture
def deliver(aws):
    """`deliver("code")` has the queue deliver an event of events/, or what messages are given.

    Gives back the ids of the messages that failed, which the queue would deliver again.
    """

    def send(case="code", *messages):
        event = json.loads((ROOT / "events" / "send_otp" / f"{case}.json").read_text())
        if messages:
            record = event["Records"][0]
            event["Records"] = [
                record | {"messageId": f"message {n}", "body": body if isinstance(body, str) else json.dumps(body)}
                for n, body in enumerate(messages)
            ]
        answer = load("send_otp").lambda_handler(event, Context())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    return send


@pytest.fixture
def sent(calls):
    """`sent()`: the texts that went out, as (to, text)."""
    return lambda: [(call["PhoneNumber"], call["Message"]) for call in calls.of("Publish")]


def a_code(txn_id=TXN_ID, *, mobile=MOBILE, text=TEXT, expires_at=AT + 180):
    sealed = envelope.seal({"mobile": mobile, "text": text})
    return {"kind": "otp", "txn_id": txn_id, "expires_at": expires_at, "sealed": sealed}


# --- codes -----------------------------------------------------------------------------------------------------------


def test_a_queued_code_is_sent_to_the_mobile_that_asked(deliver, sent):
    assert deliver("code") == []

    assert sent() == [("+919876543210", TEXT)]


def test_what_a_citizen_asks_for_is_what_arrives(deliver, sent, call, aws):
    call("request_otp", "public", body={"mobile": "+91 98765-00001"})

    assert deliver("code", *queued(aws)) == []

    [(to, text)] = sent()
    assert to == "+919876500001"
    assert text.startswith("Your OTP to register/access CoWIN is ")


def test_a_text_carries_the_ids_that_india_requires_and_only_those_that_are_set(deliver, calls, monkeypatch):
    deliver("code")
    for name in ("SENDER", "ENTITY", "OTP_TEMPLATE", "BOOKING_TEMPLATE"):
        monkeypatch.setenv(f"SMS_{name}_ID", f"the {name}")
    deliver("code", a_code("another"))

    bare, full = ({k: v["StringValue"] for k, v in call["MessageAttributes"].items()} for call in calls.of("Publish"))
    assert bare == {"AWS.SNS.SMS.SMSType": "Transactional"}
    assert full == {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.SNS.SMS.SenderID": "the SENDER",
        "AWS.MM.SMS.EntityId": "the ENTITY",
        "AWS.MM.SMS.TemplateId": "the OTP_TEMPLATE",
    }


@pytest.mark.parametrize("seconds", [170, 171])
def test_a_code_that_would_arrive_after_it_expired_is_not_sent(deliver, sent, at, counts, seconds):
    at.advance(seconds=seconds)

    assert deliver("code", a_code()) == []

    assert sent() == []
    assert counts() == {"OtpExpired": 1}


def test_a_code_that_waited_but_will_arrive_in_time_is_sent(deliver, sent, at):
    at.advance(seconds=169)
    deliver("code", a_code())

    assert len(sent()) == 1


def test_a_code_costs_two_writes_and_one_text(deliver, calls):
    deliver("code")
    calls.made.clear()
    deliver("code", a_code("another"))

    assert calls.operations == ["UpdateItem", "Publish", "UpdateItem"]


def test_the_seconds_from_request_to_sending_are_measured(deliver, at, counts):
    at.advance(seconds=5)

    deliver("code")  # which was queued two seconds before noon

    assert counts() == {"OtpSent": 1, "OtpDelay": 7}


def test_a_clock_that_runs_behind_the_queue_measures_no_negative_delay(deliver, at, counts):
    at.advance(seconds=-10)
    deliver("code")

    assert counts() == {"OtpSent": 1, "OtpDelay": 0}


# --- delivered twice, failing, dying ---------------------------------------------------------------------------------


def test_a_message_delivered_twice_sends_one_text(deliver, sent, counts):
    assert deliver("code") == []
    assert deliver("code") == []

    assert len(sent()) == 1
    assert counts()["OtpSent"] == 1


def test_a_message_twice_in_one_batch_sends_one_text(deliver, sent):
    code = a_code()

    assert deliver("code", code, code) == []
    assert len(sent()) == 1


def test_a_text_that_fails_goes_back_to_the_queue_and_is_sent_the_next_time(deliver, sent, calls, counts):
    calls.refuse("Publish", "Throttling")

    assert deliver("code", a_code()) == ["message 0"]
    assert deliver("code", a_code()) == []

    assert len(sent()) == 2  # one refused, one sent
    assert counts() == {"TextFailed": 1, "OtpSent": 1, "OtpDelay": 2}


def test_a_text_that_keeps_failing_fails_every_time_until_the_queue_gives_it_up(deliver, calls):
    calls.refuse("Publish", "InvalidParameter", times=5)

    assert [deliver("code", a_code()) for _ in range(5)] == [["message 0"]] * 5


def test_neighbours_of_a_failing_text_are_sent_and_not_delivered_again(deliver, sent, calls):
    calls.pass_by("Publish")
    calls.refuse("Publish", "InvalidParameter")

    assert deliver("code", a_code("a"), a_code("b"), a_code("c")) == ["message 1"]
    assert len(sent()) == 3


def test_a_batch_that_fails_altogether_is_not_a_failure_of_the_function(deliver, calls):
    calls.refuse("Publish", "InternalError", times=3)

    assert deliver("code", a_code("a"), a_code("b"), a_code("c")) == ["message 0", "message 1", "message 2"]


def test_while_one_copy_sends_a_text_another_leaves_it_to_the_queue(deliver, sent, monkeypatch, counts):
    publish, second = sending._publish, []

    def delivered_again_meanwhile(*args):
        monkeypatch.setattr(sending, "_publish", publish)
        with pytest.raises(sending.LeaseHeld):
            sending.send(json.dumps(a_code()), NOON, now=NOON)
        second.append("came second")
        publish(*args)

    monkeypatch.setattr(sending, "_publish", delivered_again_meanwhile)

    assert deliver("code", a_code()) == []
    assert second == ["came second"]
    assert deliver("code", a_code()) == []
    assert len(sent()) == 1
    assert counts()["TextFailed"] == 0  # nothing is wrong


class Died(BaseException):
    """The function is gone: no handler of ours sees it."""


def die(*_):
    raise Died


def test_a_function_that_died_before_sending_delays_the_text_by_its_lease(deliver, sent, at, monkeypatch):
    with monkeypatch.context() as dying:
        dying.setattr(sending, "_publish", die)
        with pytest.raises(Died):
            deliver("code", a_code())

    at.advance(seconds=30)
    assert deliver("code", a_code()) == ["message 0"]
    at.advance(seconds=1)
    assert deliver("code", a_code()) == []
    assert sent() == [("+919876543210", TEXT)]


def test_a_function_that_died_between_sending_and_marking_sends_a_second_text_and_no_third(
    deliver, sent, at, monkeypatch
):
    with monkeypatch.context() as dying:
        dying.setattr(sending, "_mark", die)
        with pytest.raises(Died):
            deliver("code", a_code())

    at.advance(seconds=60)
    deliver("code", a_code())
    deliver("code", a_code())
    assert len(sent()) == 2


def test_a_text_that_is_out_but_cannot_be_marked_is_not_sent_again_for_that(deliver, sent, calls, counts):
    calls.pass_by("UpdateItem")
    calls.refuse("UpdateItem")

    assert deliver("code", a_code()) == []  # or the queue would deliver it again
    assert len(sent()) == 1
    assert counts() == {"OtpSent": 1, "OtpDelay": 2, "TextUnmarked": 1}


def test_a_lease_that_was_lost_to_another_copy_is_not_ended_by_the_first(deliver, aws, monkeypatch):
    def taken_over_then_failing(*_):
        Sending(Sending.key(TXN_ID)).update(actions=[Sending.holder.set("another"), Sending.lease_until.set(AT + 99)])
        raise ConnectionError

    monkeypatch.setattr(sending, "_publish", taken_over_then_failing)

    assert deliver("code", a_code()) == ["message 0"]
    row = Sending.get(Sending.key(TXN_ID), consistent_read=True)
    assert (row.holder, row.lease_until) == ("another", AT + 99)


def test_a_lease_whose_answer_is_lost_and_that_the_client_repeats_is_taken_for_its_own(deliver, sent, calls):
    calls.repeat("UpdateItem")

    assert deliver("code", a_code()) == []
    assert len(sent()) == 1


def test_without_the_table_nothing_is_sent(deliver, sent, calls):
    calls.refuse("UpdateItem")

    assert deliver("code", a_code()) == ["message 0"]
    assert sent() == []


def test_what_is_kept_of_a_text_is_gone_after_a_day_and_names_nobody(deliver, aws):
    deliver("code", a_code())

    [item] = aws.dynamodb.scan(TableName="otp")["Items"]
    assert item["expires_at"]["N"] == str(AT + 24 * 3600)
    assert MOBILE not in str(item)
    assert "459831" not in str(item)


# --- what is no message ----------------------------------------------------------------------------------------------


def malformed():
    good = {"kind": "otp", "txn_id": TXN_ID, "expires_at": AT + 180, "sealed": "gAAAAA"}
    return [
        "",
        "{not json",
        "null",
        "7",
        "[]",
        '"otp"',
        "{}",
        "[" * 50_000,
        {"kind": "letter"},
        {"kind": None},
        {"kind": ["otp"]},
        good,  # what it holds was not sealed here
        good | {"sealed": None},
        good | {"expires_at": "soon"},
        good | {"expires_at": None},
        {"kind": "otp"},
        {"kind": "booking"},
    ]


@pytest.mark.parametrize("body", malformed(), ids=lambda body: str(body)[:40])
def test_a_malformed_message_fails_alone_and_its_neighbour_is_sent(deliver, sent, body):
    assert deliver("code", body, a_code()) == ["message 0"]
    assert sent() == [("+919876543210", TEXT)]


def test_the_sample_of_a_malformed_message_fails_alone(deliver, sent):
    assert deliver("one_malformed") == ["059f36b4-87a3-44ab-83d2-661975830501"]
    assert len(sent()) == 1


@pytest.mark.parametrize("inside", [{}, {"mobile": MOBILE}, {"text": TEXT}, [], None, 7])
def test_a_sealed_message_that_lacks_something_fails(deliver, sent, inside):
    message = a_code() | {"sealed": envelope.seal(inside)}

    assert deliver("code", message) == ["message 0"]
    assert sent() == []


# --- bookings --------------------------------------------------------------------------------------------------------


@pytest.fixture
def booked(schedule, a_citizen, a_session, aws):
    """Somebody who booked: the citizen, the session, the appointment, and the message about it."""

    def make(people=1, **session):
        citizen, session_id = a_citizen(people=people), a_session(**session)
        answer = schedule(citizen, session_id)
        assert answer.status == 200, answer.text
        [message] = queued(aws)
        return SimpleNamespace(
            citizen=citizen,
            session=session_id,
            message=message,
            appointment_id=answer.json["appointment_confirmation_no"],
        )

    return make


def test_a_booking_is_told_with_centre_date_slot_and_secret_code(booked, deliver, sent, stored, counts):
    booking = booked()
    counts()

    assert deliver("booking", booking.message) == []

    code = stored.appointment(booking.citizen).secret_code
    assert sent() == [
        (
            f"+91{booking.citizen.caller.mobile}",
            f"Vaccination booked: District General Hospital, 04-05-2021, {MORNING}. Secret code {code}. - CoWIN",
        )
    ]
    assert counts() == {"BookingTextSent": 1, "BookingTextDelay": 2}


def test_a_booking_goes_out_under_its_own_template(booked, deliver, calls, monkeypatch):
    monkeypatch.setenv("SMS_OTP_TEMPLATE_ID", "of codes")
    monkeypatch.setenv("SMS_BOOKING_TEMPLATE_ID", "of bookings")

    deliver("booking", booked().message)

    [call] = calls.of("Publish")
    assert call["MessageAttributes"]["AWS.MM.SMS.TemplateId"]["StringValue"] == "of bookings"


def test_a_family_gets_one_text(booked, deliver, sent):
    booking = booked(people=4)

    deliver("booking", booking.message)

    assert len(sent()) == 1


def test_the_message_of_a_booking_holds_no_person(booked):
    booking = booked()

    text = str(booking.message)
    assert set(booking.message) == {"kind", "account", "appointment_id", "place"}
    assert booking.citizen.caller.mobile not in text
    assert booking.citizen.people[0] not in text


def test_a_booking_is_told_once_however_often_it_is_queued_or_delivered(booked, deliver, sent):
    booking = booked()

    for _ in range(3):
        assert deliver("booking", booking.message, booking.message) == []

    assert len(sent()) == 1


def test_a_booking_cancelled_meanwhile_is_not_told(booked, cancel, deliver, sent, counts):
    booking = booked()
    assert cancel(booking.citizen, booking.appointment_id).status == 204
    counts()

    assert deliver("booking", booking.message) == []

    assert sent() == []
    assert counts() == {"BookingTextDropped": 1}


def test_a_booking_cancelled_meanwhile_is_not_taken_for_another_in_the_same_slot(
    schedule, cancel, a_citizen, a_session, deliver, sent, aws
):
    citizen, session = a_citizen(people=2), a_session()
    for person in citizen.people:
        booking = schedule(citizen, session, beneficiaries=[person]).json["appointment_confirmation_no"]
    first, last = queued(aws)
    cancel(citizen, booking)

    assert deliver("booking", first, last) == []
    assert len(sent()) == 1


def test_a_booking_that_part_of_the_family_left_is_still_told_to_the_others(booked, cancel, deliver, sent):
    booking = booked(people=3)
    for person in booking.citizen.people[:2]:
        cancel(booking.citizen, booking.appointment_id, [person])

    deliver("booking", booking.message)

    assert len(sent()) == 1


def test_a_booking_moved_meanwhile_is_told_at_its_new_place_only(booked, reschedule, deliver, sent, aws):
    booking = booked()
    assert reschedule(booking.citizen, booking.appointment_id, booking.session, NOONTIME).status == 204
    [moved] = queued(aws)

    assert deliver("booking", booking.message, moved) == []

    [(_, text)] = sent()
    assert NOONTIME in text


def test_a_booking_that_moves_and_moves_back_is_told_each_time(booked, reschedule, deliver, sent, aws):
    booking = booked()
    deliver("booking", booking.message)
    for slot in (NOONTIME, MORNING):
        reschedule(booking.citizen, booking.appointment_id, booking.session, slot)
        deliver("booking", *queued(aws))

    assert [MORNING in text for _, text in sent()] == [True, False, True]


def test_a_booking_of_an_account_that_is_gone_is_not_told(booked, deliver, sent, counts):
    booking = booked()
    Account.get(Account.key(booking.citizen.account), Account.SK).delete()
    counts()

    assert deliver("booking", booking.message) == []
    assert sent() == []
    assert counts() == {"BookingTextDropped": 1}


def test_the_sample_of_a_booking_that_nobody_made_is_dropped(deliver, sent):
    assert deliver("booking") == []
    assert sent() == []


def test_one_citizen_s_message_cannot_tell_another_s_booking(booked, deliver, sent):
    mine, theirs = booked(), booked()

    deliver("booking", mine.message | {"appointment_id": theirs.appointment_id, "place": theirs.message["place"]})

    assert sent() == []


def test_the_name_of_a_centre_cannot_pose_as_another_message(booked, deliver, sent):
    booking = booked(name="PHC Satara")
    row = next(row for row in sending.account_rows(booking.citizen.account) if getattr(row, "center", None))
    row.center = row.center | {"name": "PHC\r\nYour OTP is 111111"}
    row.save()

    deliver("booking", booking.message)

    [(_, text)] = sent()
    assert text.isprintable()


# --- telemetry -------------------------------------------------------------------------------------------------------


def test_neither_number_nor_code_is_logged_or_counted_whatever_happens(
    deliver, booked, calls, logged, capsys, monkeypatch, stored
):
    booking = booked()
    secret_code = stored.appointment(booking.citizen).secret_code
    calls.refuse("Publish", "InvalidParameter")
    deliver("code")
    calls.refuse("Query")
    deliver("booking", booking.message)
    monkeypatch.setattr(
        sending, "_publish", lambda kind, mobile, text: (_ for _ in ()).throw(ValueError(f"{mobile}: {text}"))
    )
    deliver("code", a_code("another"), booking.message)
    deliver("code", f"{MOBILE} {TEXT}")

    written = logged.getvalue() + capsys.readouterr().out
    assert written.count("text not sent") == 5
    account = keys.keyed_hash("mobile", MOBILE)
    for secret in (MOBILE, "459831", "Your OTP", booking.citizen.caller.mobile, account, booking.citizen.account):
        assert secret not in written
    assert f"Secret code {secret_code}" not in written
