"""POST /registration/beneficiary/new: register a person under the caller's mobile number."""

from tika import policy
from tika.api import Command, body, entrypoint, new_app, reply, text_like
from tika.clock import utc_now
from tika.people import forms, registry
from tika.signin.bearer import caller
from tika.telemetry import count

app = new_app()


class Register(Command):
    name: forms.Name
    birth_year: forms.BirthYear
    gender_id: forms.GenderId | None = None
    photo_id_type: forms.PhotoIdType
    photo_id_number: forms.PhotoIdNumber
    comorbidity_ind: forms.YesOrNo = "N"
    consent_version: text_like(
        "[0-9A-Za-z._-]{1,20}", "a version of up to 20 letters, digits, dots and hyphens is needed."
    )


@app.post("/api/v2/registration/beneficiary/new")
def register():
    who, now = caller(app), utc_now()
    wanted = body(app, Register)
    newcomer = registry.Newcomer(
        name=wanted.name,
        birth_year=forms.birth_year(wanted.birth_year, now=now),
        gender_id=wanted.gender_id,
        photo_id_type=wanted.photo_id_type,
        photo_id_number=forms.photo_id_number(wanted.photo_id_type, wanted.photo_id_number),
        comorbidity=wanted.comorbidity_ind == "Y",
        consent_version=wanted.consent_version,
    )
    reference_id = registry.register(who, newcomer, policy.current(), now=now)
    count("PersonRegistered")
    return reply(200, {"beneficiary_reference_id": reference_id})


lambda_handler = entrypoint(app)
