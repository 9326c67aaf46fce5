"""GET /appointment/beneficiaries."""


def test_nobody_registered_is_said_as_the_protocol_says_it(call, a_citizen):
    answer = call("list_beneficiaries", "list", token=a_citizen(people=0).token)

    assert (answer.status, answer.code) == (400, "APPOIN0001")


def test_an_appointment_says_where_and_when(hold, a_session, a_citizen, people):
    citizen, session = a_citizen(), a_session()
    held = hold(citizen, session)

    [appointment] = people(citizen)[0]["appointments"]

    assert appointment == {
        "center_id": 1234,
        "name": "District General Hospital",
        "address": "Sadar Bazaar, Satara",
        "state_name": "Maharashtra",
        "district_name": "Satara",
        "block_name": "Satara",
        "pincode": 415001,
        "lat": 17,
        "long": 74,
        "place": [17.68, 74.0],
        "from": "09:00:00",
        "to": "18:00:00",
        "fee_type": "Paid",
        "fee": "250",
        "dose": 1,
        "vaccine": "COVISHIELD",
        "appointment_id": held.json["appointment_id"],
        "session_id": session,
        "date": "04-05-2021",
        "slot": "09:00AM-11:00AM",
        "status": "HELD",
        "hold_until": "2021-05-03T06:35:00Z",
    }


def test_a_lapsed_hold_is_not_shown_though_nothing_swept(hold, a_session, a_citizen, at, people):
    citizen = a_citizen()
    hold(citizen, a_session())
    at.advance(minutes=5)

    assert people(citizen)[0]["appointments"] == []


def test_doses_make_the_status(a_citizen, stored, people):
    citizen = a_citizen(people=3)
    stored.give_dose(citizen, "COVAXIN", "2021-03-01", person=1)
    for day in ("2021-03-01", "2021-04-01"):
        stored.give_dose(citizen, "COVAXIN", day, person=2)

    shown = {person["beneficiary_reference_id"]: person for person in people(citizen)}

    told = [
        [shown[reference_id][name] for name in ("vaccination_status", "vaccine", "dose1_date", "dose2_date")]
        for reference_id in citizen.people
    ]
    assert told == [
        ["Not Vaccinated", "", "", ""],
        ["Partially Vaccinated", "COVAXIN", "01-03-2021", ""],
        ["Vaccinated", "COVAXIN", "01-03-2021", "01-04-2021"],
    ]


def test_nothing_keeps_a_citizens_page(call, a_citizen):
    assert call("list_beneficiaries", "list", token=a_citizen().token).headers["Cache-Control"] == "no-store"
