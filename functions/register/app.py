"""POST /registration/beneficiary/new: register a person under the caller's mobile number."""

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from tika import policy
from tika.api import Command, as_text, body, entrypoint, new_app, number_of, reply, text_like
from tika.clock import utc_now
from tika.people import choices, photo_ids, registry
from tika.refusals import Invalid
from tika.signin.bearer import caller
from tika.telemetry import count

app = new_app()

# Letters and marks of any script, and what stands between the parts of a name. The joiners shape some Indian letters.
BETWEEN = " .'’-\u200c\u200d"
OLDEST = 1900


def name(text: str) -> str:
    """In one normal form (NFC), without needless spaces. Raises ValueError for what is not a name."""
    text = re.sub(r" +", " ", unicodedata.normalize("NFC", text)).strip()
    if not 1 <= len(text) <= 100:
        raise ValueError("a name has 1 to 100 characters")
    if not text[0].isalpha() or not all(unicodedata.category(c)[0] in "LM" or c in BETWEEN for c in text):
        raise ValueError("a name has letters of any script, spaces, full stops, apostrophes and hyphens only")
    return text


class Register(Command):
    name: Annotated[str, StringConstraints(max_length=400), AfterValidator(name)]
    birth_year: text_like("[0-9]{4}", "a year of four digits")
    gender_id: number_of(choices.GENDERS) | None = None
    photo_id_type: number_of(choices.PHOTO_ID_TYPES)
    photo_id_number: Annotated[str, StringConstraints(min_length=1, max_length=40), BeforeValidator(as_text)]
    comorbidity_ind: Literal["Y", "N"] = "N"
    consent_version: text_like("[0-9A-Za-z._-]{1,20}", "a version of up to 20 letters, digits, dots and hyphens")


@app.post("/api/v2/registration/beneficiary/new")
def register():
    who, now = caller(app), utc_now()
    wanted = body(app, Register)
    if not OLDEST <= int(wanted.birth_year) <= now.year:
        raise Invalid(f"birth_year: a year from {OLDEST} to {now.year} is needed.")
    try:
        number = photo_ids.normal(wanted.photo_id_type, wanted.photo_id_number)
    except ValueError as error:
        raise Invalid(f"photo_id_number: {error}.") from None
    newcomer = registry.Newcomer(
        name=wanted.name,
        birth_year=int(wanted.birth_year),
        gender_id=wanted.gender_id,
        photo_id_type=wanted.photo_id_type,
        photo_id_number=number,
        comorbidity=wanted.comorbidity_ind == "Y",
        consent_version=wanted.consent_version,
    )
    reference_id = registry.register(who, newcomer, policy.current(), now=now)
    count("PersonRegistered")
    return reply(200, {"beneficiary_reference_id": reference_id})


lambda_handler = entrypoint(app)
