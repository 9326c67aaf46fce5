"""What people and centres call themselves is text, whatever it looks like: on the page and on the slip."""

import io
import uuid
from collections.abc import Callable
from typing import Any

import pypdf
import pytest

from tests.browser.visitor import Visitor, book_path

pytestmark = pytest.mark.system

CENTRES = {
    "markup": "<img src=x onerror=\"document.title='taken'\">",
    "a script": "</script><script>document.title='taken'</script>",
    "an entity": "&lt;b&gt; &#60;i&#62;",
    "a link": "javascript:document.title='taken'",
    "a template": "${document.title='taken'}{{constructor.constructor('1')()}}",
    "Markdown": "**bold** [here](http://127.0.0.1/)",
}


@pytest.mark.parametrize("name", CENTRES)
def test_a_centres_name_is_shown_as_it_is_written(
    visit: Callable[..., Visitor], publish: Callable[..., dict[str, Any]], name: str
) -> None:
    unlike = uuid.uuid4().hex[:8]
    session = publish(name=f"{CENTRES[name]} {unlike}")
    visitor = visit()

    visitor.open(book_path(session))
    visitor.page.locator("input[type=radio]").first.wait_for()

    assert session["name"] in visitor.page.locator("body").inner_text()
    assert "taken" not in visitor.page.title()
    assert visitor.page.locator("img[src=x], a[href^=javascript]").count() == 0


def test_a_slip_prints_a_name_as_it_is_written(visit, publish) -> None:
    session = publish(name=CENTRES["markup"], address="<b>Road</b> **1** {{x}}")
    visitor = visit()
    visitor.ready_to_hold(session)
    appointment_id = visitor.hold()
    who = {"Authorization": f"Bearer {visitor.token()}"}
    api = visitor.context.request
    api.post(f"{visitor.url}/api/v2/appointment/confirm", data={"appointment_id": appointment_id}, headers=who)

    slip = api.get(
        f"{visitor.url}/api/v2/appointment/appointmentslip/download",
        params={"appointment_id": appointment_id},
        headers=who,
    )

    (page,) = pypdf.PdfReader(io.BytesIO(slip.body())).pages
    text = " ".join(page.extract_text().split())
    assert "<img src=x onerror=" in text
    assert "<b>Road</b> **1** {{x}}" in text
    assert "/Annots" not in page  # nothing to click, and nothing that runs
