"""GET /admin/location/... and the short lists of the registration form: states, districts, photo ids, genders."""

from typing import Annotated

from pydantic import AfterValidator

from tika.api import Query, entrypoint, language, new_app, path, reply_to_all, text_like
from tika.people import choices
from tika.sessions import places

app = new_app()

TTL_HOURS = 24


class OfState(Query):
    state_id: Annotated[text_like("[0-9]{1,4}", "a whole number is needed."), AfterValidator(int)]


@app.get("/api/v2/admin/location/states")
def states():
    return _listed("states", places.states(language(app)))


@app.get("/api/v2/admin/location/districts/<state_id>")
def districts(state_id: str):
    return _listed("districts", places.districts(path(app, OfState).state_id, language(app)))


@app.get("/api/v2/registration/beneficiary/idTypes")
def id_types():
    return _listed("types", choices.photo_id_types(language(app)))


@app.get("/api/v2/registration/beneficiary/genders")
def genders():
    return _listed("genders", choices.genders(language(app)))


def _listed(name: str, rows: list[dict]):
    return reply_to_all(app, {name: rows, "ttl": TTL_HOURS}, keep_for=TTL_HOURS * 3600)


lambda_handler = entrypoint(app)
