"""Citizens for locust: each signs in, registers, looks for a place, takes one or is refused, and comes as the next.

Runs in an environment of its own, without Tika. JOURNAL is a file in which each line is a request that moves a person
or a place, first as it is sent and then as it was answered: what was sent and not answered may have happened or not.
"""

import base64
import hashlib
import itertools
import json
import os
import random
import re
import time
from typing import Any, TextIO

from gevent.lock import Semaphore
from locust import HttpUser, between, task

DISTRICT, DATE = os.environ["DISTRICT"], os.environ["DATE"]
POLL_S = (0.5, 2.5)  # people press again and again
WAIT_FOR_TEXT_S, TRIES = 90, 6

_journal: TextIO = open(os.environ["JOURNAL"], "w")  # noqa: SIM115 as long as the process
_numbers, _lock = itertools.count(), Semaphore()


def note(**line: Any) -> None:
    with _lock:
        _journal.write(json.dumps(line) + "\n")
        _journal.flush()


class Citizen(HttpUser):
    wait_time = between(0.5, 2)
    connection_timeout = network_timeout = 35.0

    @task
    def journey(self) -> None:
        self.tag: dict[str, str] = {}
        self.token = ""
        self.get("/api/v2/status", name="status")
        self.look(random.randint(2, 5))
        if not self.sign_in():
            return
        people = [one for one in (self.register() for _ in range(random.choice([1, 1, 2]))) if one]
        self.get("/api/v2/appointment/beneficiaries", name="beneficiaries")
        if people and (held := self.take_a_place(people)):
            self.after(held, people)
        self.get("/api/v2/appointment/beneficiaries", name="beneficiaries")

    # --- looking

    def look(self, times: int) -> list[dict[str, Any]]:
        """The sessions of the district, asked for `times`, as somebody does who waits for a place to turn up."""
        for turn in range(times):
            if turn:
                time.sleep(random.uniform(*POLL_S))
            path = f"/api/v2/appointment/sessions/public/calendarByDistrict?district_id={DISTRICT}&date={DATE}"
            with self.client.get(
                path, headers={"If-None-Match": self.tag.get("etag", "")}, name="calendar", catch_response=True
            ) as answer:
                if answer.status_code == 304:
                    answer.success()
                elif answer.status_code == 200:
                    self.tag = {"etag": answer.headers.get("ETag", "")}
                    self.seen = [session for center in answer.json()["centers"] for session in center["sessions"]]
        return getattr(self, "seen", [])

    # --- signing in and registering

    def sign_in(self) -> bool:
        number = next(_numbers)
        self.mobile = f"9{os.getpid() % 1000:03d}{number:06d}"
        asked = self.post("auth/public/generateOTP", {"mobile": self.mobile})
        if asked.status_code != 200:
            return False
        code = self.code()
        if code is None:
            return False
        body = {"txnId": asked.json()["txnId"], "otp": hashlib.sha256(code.encode()).hexdigest()}
        signed = self.post("auth/public/confirmOTP", body)
        if signed.status_code != 200:
            return False
        self.token = signed.json()["token"]
        claims = self.token.split(".")[1]
        self.account = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["user_id"]
        return True

    def code(self) -> str | None:
        end = time.monotonic() + WAIT_FOR_TEXT_S
        while time.monotonic() < end:
            texts = self.client.get(f"/dev/messages?mobile={self.mobile}", name="(the phone)").json()
            if texts:
                return re.search("is ([0-9]{6})", texts[0]["text"])[1]
            time.sleep(0.5)
        return None

    def register(self) -> str | None:
        passport = f"{random.choice('ABCDEFGHJKLMNPRSTUVWXYZ')}{random.randrange(10**7):07d}"
        body = {
            "name": "Asha Devi", "birth_year": "1970", "gender_id": 2, "photo_id_type": 8,
            "photo_id_number": passport, "comorbidity_ind": "N", "consent_version": "1",
        }  # fmt: skip
        answer = self.move("register", "registration/beneficiary/new", body, [])
        return answer["beneficiary_reference_id"] if answer else None

    # --- a place

    def take_a_place(self, people: list[str]) -> str | None:
        for _ in range(TRIES):
            offers = [
                (session["session_id"], slot["slot"])
                for session in self.look(1)
                for slot in session["slot_capacity"]
                if slot["dose1"] >= len(people)
            ]
            if not offers:
                time.sleep(random.uniform(*POLL_S))
                continue
            session, slot = random.choice(offers)
            body = {"dose": 1, "session_id": session, "slot": slot, "beneficiaries": people}
            if answer := self.move("hold", "appointment/hold", body, people):
                return answer["appointment_id"]
        return None

    def after(self, appointment: str, people: list[str]) -> None:
        """Most confirm, some think better of it, some move."""
        time.sleep(random.uniform(0.5, 2))
        body = {"appointment_id": appointment}
        if random.random() < 0.1:
            self.move("cancel", "appointment/cancel", body, people)
            return
        if self.move("confirm", "appointment/confirm", body, people) is None:
            return
        fate = random.random()
        if fate < 0.1:
            self.move("cancel", "appointment/cancel", body, people)
        elif fate < 0.25 and (offers := [one for one in self.look(1) if one["available_capacity_dose1"]]):
            chosen = random.choice(offers)
            place = {"session_id": chosen["session_id"], "slot": random.choice(chosen["slots"])}
            self.move("reschedule", "appointment/reschedule", body | place, people)
        elif fate < 0.3:
            path = f"/api/v2/appointment/appointmentslip/download?appointment_id={appointment}"
            self.get(path, name="slip")

    # --- HTTP

    def get(self, path: str, name: str) -> Any:
        return self.client.get(path, headers=self.headers(), name=name)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """A refusal of the contract is an answer; only 5xx and no answer at all count as failures."""
        with self.client.post(
            f"/api/v2/{path}", json=body, headers=self.headers(), name=path, catch_response=True
        ) as answer:
            if answer.status_code in (400, 409, 429):
                answer.success()
        if answer.status_code in (429, 503):
            time.sleep(int(answer.headers.get("Retry-After", 5)))
        return answer

    def move(self, kind: str, path: str, body: dict[str, Any], people: list[str]) -> dict[str, Any] | None:
        """A request that moves a person or a place, noted before and after; the answer, None where it was refused."""
        number = next(_numbers)
        about = {"account": self.account, "people": people, "body": body}
        note(number=number, kind=kind, **about)
        answer = self.post(path, body)
        done = answer.status_code in (200, 204)
        told = answer.json() if answer.status_code == 200 else {}
        # 0 and 5xx: nobody knows, so no second line.
        if 200 <= answer.status_code < 500:
            note(number=number, status=answer.status_code, told=told)
        return told if done else None

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}
