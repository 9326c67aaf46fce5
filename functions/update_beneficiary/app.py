"""POST /registration/beneficiary/update: correct what is written of a person who has had no dose yet."""

from tika import policy
from tika.api import Command, ReferenceId, body, entrypoint, new_app, reply
from tika.booking import corrections
from tika.clock import utc_now
from tika.people import forms
from tika.refusals import Invalid
from tika.signin.bearer import caller
from tika.telemetry import count

app = new_app()


class Update(Command):
    """What is not given stays as it is. A photo id is given whole, its kind and its number."""

    beneficiary_reference_id: ReferenceId
    name: forms.Name | None = None
    birth_year: forms.BirthYear | None = None
    gender_id: forms.GenderId | None = None
    comorbidity_ind: forms.YesOrNo | None = None
    photo_id_type: forms.PhotoIdType | None = None
    photo_id_number: forms.PhotoIdNumber | None = None


@app.post("/api/v2/registration/beneficiary/update")
def update_beneficiary():
    who, now = caller(app), utc_now()
    wanted = body(app, Update)
    if (wanted.photo_id_type is None) != (wanted.photo_id_number is None):
        missing = "photo_id_type" if wanted.photo_id_type is None else "photo_id_number"
        raise Invalid("a photo id is corrected by its kind and its number together.", field=missing)
    correction = corrections.Correction(
        name=wanted.name,
        birth_year=wanted.birth_year and forms.birth_year(wanted.birth_year, now=now),
        gender_id=wanted.gender_id,
        comorbidity=wanted.comorbidity_ind and wanted.comorbidity_ind == "Y",
        photo_id_type=wanted.photo_id_type,
        photo_id_number=wanted.photo_id_type and forms.photo_id_number(wanted.photo_id_type, wanted.photo_id_number),
    )
    corrections.correct(who, wanted.beneficiary_reference_id, correction, policy.current(), now=now)
    count("PersonCorrected")
    return reply(204)


lambda_handler = entrypoint(app)
