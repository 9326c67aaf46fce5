"""POST /auth/public/generateOTP and its two older addresses."""

import json
import re

import pytest
from botocore.exceptions import ClientError

from tests import roles
from tests.conftest import NOON, in_a_name
from tests.spies import queued
from tika import keys
from tika.clock import epoch
from tika.signin import otp
from tika.tables.otp import Challenge, Mobile
from tika.texts import envelope

MOBILE = "9876543210"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
CASES = ["public", "mobile", "plain"]


@pytest.fixture
def ask(call):
    return lambda mobile=MOBILE, case="public": call("request_otp", case, body={"mobile": mobile})


def the_mobile(mobile=MOBILE):
    return Mobile.get(Mobile.key(keys.keyed_hash("mobile", mobile)), consistent_read=True)


# --- a code is sent --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_asking_gives_the_id_of_a_challenge_and_queues_a_text(call, aws, case):
    answer = call("request_otp", case)

    assert answer.status == 200
    assert list(answer.json) == ["txnId"]
    assert answer.headers["X-Expected-Wait"] == "0"
    assert "X-Expected-Wait" in answer.headers["Access-Control-Expose-Headers"]
    assert UUID.fullmatch(answer.json["txnId"])
    [message] = queued(aws)
    text = envelope.unseal(message["sealed"])
    assert text["mobile"] == MOBILE
    assert re.fullmatch(
        r"Your OTP to register/access CoWIN is \d{6}\. It will be valid for 3 minutes\. - CoWIN", text["text"]
    )
    assert message == {
        "kind": "otp",
        "txn_id": answer.json["txnId"],
        "expires_at": int(NOON.timestamp()) + 180,
        "sealed": message["sealed"],
    }


def test_the_code_is_stored_as_a_keyed_hash_only(ask, aws):
    answer = ask()

    text = envelope.unseal(queued(aws)[0]["sealed"])["text"]
    code = re.search(r"\d{6}", text)[0]
    challenge = Challenge.get(Challenge.key(answer.json["txnId"]))
    assert code not in str(challenge.serialize())
    assert re.fullmatch("[0-9a-f]{64}", challenge.code_hash)
    assert challenge.expires_at == int(NOON.timestamp()) + 180


def test_a_code_may_begin_with_zeros(ask, aws, monkeypatch):
    monkeypatch.setattr("tika.signin.otp.secrets.randbelow", lambda _: 42)

    ask()

    assert " is 000042. " in envelope.unseal(queued(aws)[0]["sealed"])["text"]


def test_the_codes_are_drawn_from_all_six_digit_numbers(ask, monkeypatch):
    asked = []
    monkeypatch.setattr("tika.signin.otp.secrets.randbelow", lambda below: asked.append(below) or 7)

    ask()

    assert asked == [1_000_000]


def test_product_and_minutes_are_settings(ask, aws):
    aws.set_policy(otp={"product": "Tika", "valid_seconds": 300, "resend_seconds": 90})

    ask()

    [message] = queued(aws)
    text = envelope.unseal(message["sealed"])["text"]
    assert "access Tika is" in text
    assert text.endswith("valid for 5 minutes. - Tika")
    assert message["expires_at"] == int(NOON.timestamp()) + 300
    assert ask().headers["Retry-After"] == "90"


def test_no_person_and_no_code_waits_in_the_queue(ask, aws, monkeypatch):
    monkeypatch.setattr("tika.signin.otp.secrets.randbelow", lambda _: 459831)

    ask()

    [message] = queued(aws)
    assert MOBILE not in str(message)
    assert "459831" not in str(message)


def test_extra_fields_that_real_clients_send_are_ignored_and_the_number_is_read_as_written(call, aws):
    assert call("request_otp", "with_country_code").status == 200  # +91 98765-43210 and a `secret`

    assert envelope.unseal(queued(aws)[0]["sealed"])["mobile"] == MOBILE


def test_a_first_request_is_two_writes_and_one_message_in_a_container_that_saw_the_queue_lately(ask, calls):
    ask()
    calls.made.clear()
    ask("9876500000")

    assert calls.operations == ["UpdateItem", "PutItem", "SendMessage"]


# --- too soon, too often ---------------------------------------------------------------------------------------------


def test_asking_again_within_a_minute_is_refused_in_plain_text_with_the_seconds_to_wait(ask, at, aws):
    ask()
    queued(aws)
    at.advance(seconds=13)

    again = ask()

    assert (again.status, again.text, again.headers["Retry-After"]) == (400, "OTP Already Sent", "47")
    assert again.headers["Content-Type"].startswith("text/plain")
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert queued(aws) == []


def test_another_spelling_of_the_number_does_not_get_round_the_wait(ask):
    ask()

    for spelling in ("+91 98765 43210", "09876543210", "98765-43210", 9876543210):
        assert ask(spelling).text == "OTP Already Sent"


def test_another_address_does_not_get_round_the_wait(ask):
    ask()

    assert [ask(case=case).text for case in CASES] == ["OTP Already Sent"] * 3


def test_another_mobile_does_not_wait(ask):
    ask()

    assert ask("9876543211").status == 200


def test_after_a_minute_another_code_may_be_asked_for(ask, at):
    first = ask()
    at.advance(seconds=59)
    assert ask().status == 400
    at.advance(seconds=1)

    second = ask()

    assert second.status == 200
    assert second.json["txnId"] != first.json["txnId"]


def test_asking_in_vain_does_not_lengthen_the_wait(ask, at):
    ask()
    for _ in range(5):
        at.advance(seconds=10)
        ask()
    at.advance(seconds=10)

    assert ask().status == 200


def test_the_eleventh_code_of_a_day_is_refused_until_the_day_is_over(ask, at, aws):
    for _ in range(10):
        assert ask().status == 200
        at.advance(minutes=2)
    queued(aws)

    refused = ask()

    assert (refused.status, refused.code) == (400, "USRAUT0018")
    assert refused.headers["Retry-After"] == str(24 * 3600 - 20 * 60)
    assert queued(aws) == []
    at.advance(seconds=24 * 3600 - 20 * 60 - 1)
    assert ask().code == "USRAUT0018"
    at.advance(seconds=1)
    assert ask().status == 200
    assert the_mobile().sends == 1


def test_a_new_day_does_not_shorten_the_wait(ask, at):
    ask()
    at.advance(hours=23, minutes=59, seconds=50)
    assert ask().status == 200
    at.advance(seconds=15)

    assert ask().text == "OTP Already Sent"


def test_ten_wrong_guesses_in_an_hour_end_the_sending_until_the_hour_is_over(ask, at, aws):
    ask()
    lock(at, failures=10)
    at.advance(minutes=5)

    refused = ask()

    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (400, "USRAUT0018", str(55 * 60))
    at.advance(minutes=55)
    assert ask().status == 200


def test_ten_wrong_guesses_refuse_the_first_code_of_a_new_day_too(ask, at):
    ask()
    at.advance(hours=25)
    lock(at, failures=10)

    assert ask().code == "USRAUT0018"


def test_nine_wrong_guesses_do_not_end_the_sending_and_a_new_code_does_not_forgive_them(ask, at):
    ask()
    lock(at, failures=9)
    at.advance(minutes=5)

    assert ask().status == 200
    assert the_mobile().failures == 9


def test_what_is_counted_outlives_every_window_it_is_counted_in(ask, at):
    ask()

    row = the_mobile()
    assert row.expires_at > row.day_ends > int(at.now.timestamp())


def lock(at, *, failures):
    row = the_mobile()
    row.update(actions=[Mobile.failures.set(failures), Mobile.hour_ends.set(int(at.now.timestamp()) + 3600)])


# --- two at once, answers lost ---------------------------------------------------------------------------------------


@pytest.fixture
def meanwhile(monkeypatch):
    """`meanwhile(ask)`: have `ask` done between the two writes of the next request; gives back its answers."""

    def plan(ask):
        check, answers = otp._check_send, []

        def between(row, when):
            check(row, when)
            monkeypatch.setattr(otp, "_check_send", check)
            with roles.nobody():
                answers.append(ask())

        monkeypatch.setattr(otp, "_check_send", between)
        return answers

    return plan


def test_of_two_who_ask_at_the_same_moment_one_is_sent_a_code(ask, at, aws, meanwhile):
    ask()
    at.advance(minutes=2)
    queued(aws)
    other = meanwhile(ask)

    late = ask()

    assert (late.status, late.text, late.headers["Retry-After"]) == (400, "OTP Already Sent", "60")
    assert other[0].status == 200
    assert len(queued(aws)) == 1
    assert the_mobile().sends == 2


def test_two_at_the_same_moment_do_not_get_past_the_codes_of_a_day_even_with_no_wait_between_codes(ask, aws, meanwhile):
    aws.set_policy(otp={"product": "CoWIN", "valid_seconds": 180, "resend_seconds": 0})
    for _ in range(9):
        assert ask().status == 200
    other = meanwhile(ask)

    assert ask().status == 400
    assert other[0].status == 200
    assert the_mobile().sends == 10


def test_nor_does_one_get_a_code_whose_mobile_was_locked_at_that_moment(ask, at, meanwhile):
    ask()
    at.advance(minutes=2)
    meanwhile(lambda: lock(at, failures=10))

    assert ask().status == 400
    assert the_mobile().sends == 1


def test_a_first_write_whose_answer_is_lost_and_that_the_client_repeats_is_taken_for_its_own(ask, calls, aws):
    calls.repeat("UpdateItem")

    assert ask().status == 200
    assert the_mobile().sends == 1
    assert len(queued(aws)) == 1


def test_so_is_the_write_of_a_second_code(ask, calls, at, aws):
    ask()
    at.advance(minutes=2)
    calls.pass_by("UpdateItem")
    calls.repeat("UpdateItem")

    assert ask().status == 200
    assert the_mobile().sends == 2


def test_a_challenge_written_twice_is_one_challenge(ask, calls, aws):
    calls.repeat("PutItem")

    assert ask().status == 200
    assert aws.dynamodb.scan(TableName="otp")["Count"] == 2  # the mobile's row and the challenge


def test_a_challenge_whose_write_arrives_once_more_is_not_made_anew(ask, calls):
    """A client that gave up a request and sent another cannot call the first one back."""
    sent = []

    def keep(apply):
        sent.append(apply)
        return apply()

    calls.plans["PutItem"].append(keep)
    challenge = Challenge(Challenge.key(ask().json["txnId"]))
    challenge.update(actions=[Challenge.used_by.set("somebody"), Challenge.attempts.set(1)])

    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        sent[0]()

    challenge.refresh(consistent_read=True)
    assert (challenge.used_by, challenge.attempts) == ("somebody", 1)


@pytest.mark.parametrize("operation", ["PutItem", "SendMessage"])
def test_when_the_text_cannot_be_queued_the_next_tap_works(ask, calls, operation, counts):
    calls.refuse(operation)

    failed, again = ask(), ask()

    assert (failed.status, failed.code) == (503, "TIKA0007")
    assert 1 <= int(failed.headers["Retry-After"]) <= 7
    assert again.status == 200
    assert the_mobile().sends == 1
    assert counts()["OtpRequested"] == 1


def test_a_long_outage_of_the_queue_does_not_use_up_the_codes_of_the_day(ask, calls, at):
    calls.refuse("SendMessage", times=30)
    for _ in range(30):
        assert ask().status == 503
        at.advance(seconds=5)

    assert ask().status == 200


def test_a_send_that_was_counted_but_could_not_be_said_to_be_leaves_the_citizen_free_to_ask_again(ask, calls, aws):
    calls.lose_answer("UpdateItem")

    failed, again = ask(), ask()

    assert (failed.status, again.status) == (503, 200)
    assert len(queued(aws)) == 1
    assert the_mobile().sends == 1


def test_a_send_that_was_not_counted_is_not_given_back(ask, calls, logged, at):
    ask()
    at.advance(minutes=2)
    calls.refuse("UpdateItem")

    assert ask().status == 503
    assert the_mobile().sends == 1
    assert "given back" not in logged.getvalue()


def test_a_queue_that_took_the_text_but_could_not_say_so_leaves_the_citizen_free_to_ask_again(ask, calls, aws):
    calls.lose_answer("SendMessage")

    failed, again = ask(), ask()

    assert (failed.status, again.status) == (503, 200)
    assert len({message["txn_id"] for message in queued(aws)}) == 2


def test_where_even_giving_back_fails_the_citizen_waits_for_the_cooldown_and_no_longer(ask, calls, logged, at):
    calls.refuse("SendMessage")
    calls.pass_by("UpdateItem")
    calls.refuse("UpdateItem")

    assert ask().status == 503
    [line] = [line for line in map(json.loads, logged.getvalue().splitlines()) if line["level"] == "WARNING"]
    assert (line["message"], line["reason"]) == ("send not given back", "VerboseClientError")
    assert ask().text == "OTP Already Sent"
    at.advance(seconds=60)
    assert ask().status == 200


def test_giving_back_leaves_alone_what_somebody_else_was_sent_since(ask, calls, at, aws):
    ask()
    before = the_mobile().serialize()

    otp._give_back(Mobile(Mobile.key(keys.keyed_hash("mobile", MOBILE))), "another challenge")

    assert the_mobile().serialize() == before
    assert the_mobile().resend_at == epoch(at.now) + 60


@pytest.mark.parametrize("operation", ["UpdateItem", "PutItem", "SendMessage"])
def test_a_defect_of_ours_is_an_error_without_a_word_of_it(ask, calls, operation):
    calls.refuse(operation, "AccessDeniedException")

    answer = ask()

    assert (answer.status, answer.code) == (500, "TIKA0099")
    assert "Access" not in answer.text


# --- what is not a mobile number -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mobile", ["", "98765", "2228482848", "+12025550123", "९८७६५४३२१०", "9876543210 ext 5"])
def test_what_is_no_indian_mobile_number_is_refused_without_a_write(ask, calls, mobile):
    answer = ask(mobile)

    assert (answer.status, answer.code) == (400, "USRAUT0010")
    assert answer.json["error"].startswith("mobile: ")
    assert calls.made == []


def test_a_mobile_may_be_a_json_number(ask):
    assert ask(9876543210).status == 200


@pytest.mark.parametrize("mobile", [..., None, 9876543210.5, 987654321, True, [MOBILE], {"a": 1}, {}], ids=repr)
def test_a_mobile_that_is_missing_or_no_number_is_refused_by_the_same_code(ask, mobile):
    answer = ask(mobile)

    assert (answer.status, answer.code) == (400, "USRAUT0010")
    assert answer.json["error"].startswith("mobile: ")


@pytest.mark.parametrize(
    "body",
    ["", "mobile=9876543210", "null", "[]", '"9876543210"', "9876543210", "{", "[" * 10_000, "\ud800"],
    ids=lambda body: in_a_name(body[:20]),
)
def test_what_is_no_json_object_is_refused(call, body):
    answer = call("request_otp", "public", body=body)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith("body: ")


def test_a_huge_body_is_refused(ask):
    assert ask("9" * 100_000).code == "USRRES0001"


def test_a_number_given_twice_in_one_body_counts_once(call, aws):
    answer = call("request_otp", "public", body='{"mobile":"9876543211","mobile":"9876543210"}')

    assert answer.status == 200
    assert [envelope.unseal(message["sealed"])["mobile"] for message in queued(aws)] == [MOBILE]


# --- telemetry -------------------------------------------------------------------------------------------------------


def test_neither_number_nor_code_is_logged_or_counted_whatever_happens(ask, at, calls, logged, capsys, monkeypatch):
    monkeypatch.setattr("tika.signin.otp.secrets.randbelow", lambda _: 459831)
    ask()
    ask()
    ask("98765432100000")
    at.advance(minutes=2)
    for operation in ("UpdateItem", "PutItem", "SendMessage"):
        calls.refuse(operation, "ValidationException")
        ask("9876500000")

    written = logged.getvalue() + capsys.readouterr().out
    assert "fault" in written  # there is something to look through
    for secret in (MOBILE, "9876500000", "98765432100000", "459831", keys.keyed_hash("mobile", MOBILE)):
        assert secret not in written


def test_only_codes_that_were_queued_are_counted(ask, counts):
    ask()
    ask()
    ask("not a number")

    assert counts() == {"OtpRequested": 1}
