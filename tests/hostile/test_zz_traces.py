"""What is left when all attacks are over: nothing of anybody in the logs. Last in this folder, as its name says."""

import pytest

from local.system import System
from tests import telltale
from tests.citizens import Left, SignIn
from tests.template.rules import functions, operation, read

pytestmark = pytest.mark.system


def test_no_function_has_logged_anything_personal(system: System, sign_in: SignIn, left: Left, a_session) -> None:
    somebody, session_id = sign_in(), a_session()["session_id"]
    somebody.post("/appointment/schedule", somebody.order(session_id))
    somebody.appointments()

    lines = [line for each in functions(read()).values() for line in telltale.logged(system, operation(each))]

    assert any("OtpRequested" in line for line in lines)  # it is our own lines that are read here
    for kind, values in vars(left).items():
        assert values, kind
        assert telltale.found(values, lines) == [], kind
