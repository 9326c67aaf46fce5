"""The appointment slip: one A4 page that a citizen brings to the centre, on paper or on the phone."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

import segno
from fpdf.drawing import PaintedPath
from fpdf.prefs import ViewerPreferences
from sheet import BOLD, REGULAR, Sheet, line_height

INDIA = timezone(timedelta(hours=5, minutes=30), "IST")

TITLE = "Vaccination appointment slip"
PRODUCT = "Tika"

A4 = (595.28, 841.89)
MARGIN = 48.0
FOOTER = 24.0
QR = 128.0

INK = (26, 31, 38)
ACCENT = (5, 69, 97)
GREY = (92, 99, 110)
RULE = (199, 207, 214)
TINT = (237, 245, 247)

ABOUT_THE_CODE = (
    "Tell this code only at the centre, when it is your turn: it shows that you booked. "
    "Nobody may ask for it by phone or message."
)
REMEMBER = (
    "Bring this slip and, for each person, the original of the photo ID shown above.",
    "Before the dose, tell the staff about illnesses, allergies and medicines.",
    "After the dose, stay at the centre for 30 minutes.",
    "If you cannot come, reschedule or cancel, so that somebody else gets the place.",
)


@dataclass(frozen=True, slots=True)
class SlipPerson:
    name: str
    birth_year: int
    reference_id: str
    photo_id_type: str  # its name, as "Aadhaar Card"
    photo_id_number: str  # masked, as "********9999"


@dataclass(frozen=True, slots=True)
class Slip:
    """What is printed. Texts may be in any script of India, and in several."""

    center_name: str
    address: str
    block: str
    district: str
    state: str
    pincode: str
    date: date
    slot: str  # its label, as "09:00AM-11:00AM"
    dose: int
    vaccine: str
    secret_code: str
    appointment_id: str
    people: tuple[SlipPerson, ...]


def render(slip: Slip, *, now: datetime) -> bytes:
    """The slip as a PDF of one page. The same slip at the same instant gives the same bytes.

    Everything is printed in full: what is too long for the page makes all of its text smaller.
    """
    room = A4[1] - MARGIN - FOOTER
    scale = 1.0
    while True:
        page = _Page(scale)
        _compose(page, slip, now.astimezone(INDIA))
        if page.y <= room:
            break
        scale *= min(0.96, (room / page.y) ** 0.5)  # text of half the size takes a quarter of the room
    # Names stay out of the document's properties: those are shown in lists of files and in search results.
    page.set_title(TITLE)
    page.set_producer(PRODUCT)
    page.set_creation_date(now.astimezone(UTC))
    page.set_lang("en-IN")
    page.viewer_preferences = ViewerPreferences(display_doc_title=True)
    return bytes(page.output())


def qr_text(slip: Slip) -> str:
    """What the QR code says: the ids by which the centre's staff find the appointment, under the API's own names.

    Random numbers only. Names and ages are for those who may look them up; and the secret code is the proof that the
    citizen came in person, so whoever photographs the slip's QR code must not have it.
    """
    ids = {"appointment_id": slip.appointment_id, "beneficiaries": [person.reference_id for person in slip.people]}
    return json.dumps(ids, separators=(",", ":"))


class _Page(Sheet):
    """Sizes and gaps are given for a page that is not crowded; `scale` shrinks them."""

    def __init__(self, scale: float):
        super().__init__(*A4)
        self.scale = scale
        self.left = MARGIN
        self.right = A4[0] - MARGIN
        self.set_margin(MARGIN)
        self.set_xy(MARGIN, MARGIN)

    def put(
        self,
        text: str,
        size: float,
        *,
        left: float | None = None,
        width: float | None = None,
        top: float | None = None,
        weight: int = REGULAR,
        color: tuple[int, int, int] = INK,
        align: str = "L",
    ) -> float:
        """Put a paragraph at (`left`, `top`) and return where it ends; without `top`, at `y`, which moves below it."""
        left = self.left if left is None else left
        width = self.right - left if width is None else width
        y = self.y
        self.set_text_color(color)
        self.set_xy(left, y if top is None else top)
        self.paragraph(text, size=size * self.scale, weight=weight, width=width, align=align)
        bottom = self.y
        if top is not None:
            self.y = y
        return bottom

    def box(self, left: float, top: float, width: float, height: float, color: tuple[int, int, int]) -> None:
        self.set_fill_color(color)
        self.rect(left, top, width, height, style="F")

    def gap(self, points: float) -> None:
        self.y += points * self.scale


def _compose(page: _Page, slip: Slip, now: datetime) -> None:
    _heading(page, now)
    _appointment(page, slip)
    _secret_code(page, slip)
    _people(page, slip)
    _remember(page)
    _footer(page, slip)


def _heading(page: _Page, now: datetime) -> None:
    top = page.y
    page.put(PRODUCT, 11, weight=BOLD, color=ACCENT)
    page.put(f"Issued on {_day(now)} at {_clock(now)}", 8.5, top=top + 3 * page.scale, color=GREY, align="R")
    page.put(TITLE, 22, weight=BOLD, color=ACCENT)
    page.gap(5)
    page.box(page.left, page.y, page.right - page.left, 1.6, ACCENT)
    page.gap(14)


def _appointment(page: _Page, slip: Slip) -> None:
    _qr(page, slip, left=page.right - QR, top=page.y)
    width = page.right - QR - 20 - page.left
    bottom_of_qr = page.y + QR + 14

    _facts(page, ("Date", f"{slip.date:%A}, {_day(slip.date)}"), ("Time", _slot(slip.slot)))
    _facts(page, ("Dose", str(slip.dose)), ("Vaccine", slip.vaccine))

    page.put("Centre", 8.5, width=width, color=GREY)
    page.put(slip.center_name, 13, width=width, weight=BOLD)
    page.gap(1)
    page.put(slip.address, 10.5, width=width)
    places = [slip.block, slip.district, slip.state]
    page.put(f"{', '.join(place for place in places if place)}, PIN {slip.pincode}", 10.5, width=width)
    page.y = max(page.y, bottom_of_qr)
    page.gap(14)


def _facts(page: _Page, *facts: tuple[str, str]) -> None:
    """Two labels and their values side by side, in columns for "Wednesday, 30 September 2021" and a time."""
    bottom = page.y
    for (label, value), left, width in zip(facts, (0.0, 214.0), (206.0, 137.0), strict=True):
        y = page.put(label, 8.5, left=page.left + left, width=width, top=page.y, color=GREY)
        y = page.put(value, 13, left=page.left + left, width=width, top=y, weight=BOLD)
        bottom = max(bottom, y)
    page.y = bottom
    page.gap(8)


def _qr(page: _Page, slip: Slip, *, left: float, top: float) -> None:
    # At least a seventh of the code may be lost to a fold or a stain. The white of the page is its quiet zone.
    rows = segno.make(qr_text(slip), error="m", micro=False).matrix
    module = QR / len(rows)
    path = PaintedPath()  # one for all: between neighbours no seam must show
    path.style.fill_color, path.style.stroke_color = "#000000", None
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                path.rectangle(left + x * module, top + y * module, module, module)
    with page.drawing_context() as drawing:
        drawing.add_item(path)
    page.put("For the centre to scan", 8, left=left, width=QR, top=top + QR + 2, color=GREY, align="C")


def _secret_code(page: _Page, slip: Slip) -> None:
    pad = 12 * page.scale
    code_width = 110.0
    advice_left = page.left + pad + code_width + 12
    advice_width = page.right - pad - advice_left
    line = line_height("4") * page.scale
    height = (8.5 + 28) * line + pad
    page.box(page.left, page.y, page.right - page.left, height, TINT)
    page.box(page.left, page.y, 3, height, ACCENT)
    top = page.y + pad / 2
    y = page.put("Secret code", 8.5, left=page.left + pad, width=code_width, top=top, color=GREY)
    page.put(slip.secret_code, 28, left=page.left + pad, width=code_width, top=y, weight=BOLD, color=ACCENT)
    page.put(ABOUT_THE_CODE, 10.5, left=advice_left, width=advice_width, top=page.y + (height - 2 * 10.5 * line) / 2)
    page.y += height
    page.gap(18)


# Heading, distance from the left and width of each column of the people.
_COLUMNS = (
    ("", 0.0, 18.0),
    ("Name", 20.0, 192.0),
    ("Year of birth", 222.0, 62.0),
    ("Reference ID", 290.0, 92.0),
    ("Photo ID", 390.0, 105.0),
)


def _people(page: _Page, slip: Slip) -> None:
    people = "1 person" if len(slip.people) == 1 else f"{len(slip.people)} people"
    page.put(f"For {people}", 12, weight=BOLD, color=ACCENT)
    page.gap(4)
    bottom = page.y
    for heading, left, width in _COLUMNS:
        bottom = max(bottom, page.put(heading, 8.5, left=page.left + left, width=width, top=page.y, color=GREY))
    page.y = bottom
    page.gap(3)
    _rule(page)
    for number, person in enumerate(slip.people, start=1):
        page.gap(5)
        photo_id = f"{person.photo_id_type} {person.photo_id_number}"
        cells = (str(number), person.name, str(person.birth_year), person.reference_id, photo_id)
        bottom = page.y
        tallest = max(line_height(text) for text in cells)
        for text, (heading, left, width) in zip(cells, _COLUMNS, strict=True):
            weight = BOLD if heading == "Name" else REGULAR
            top = page.y + (tallest - line_height(text)) / 2 * 10.5 * page.scale  # all on one baseline
            bottom = max(bottom, page.put(text, 10.5, left=page.left + left, width=width, top=top, weight=weight))
        page.y = bottom
        page.gap(5)
        _rule(page)
    page.gap(16)


def _remember(page: _Page) -> None:
    page.put("Please remember", 12, weight=BOLD, color=ACCENT)
    page.gap(3)
    for number, sentence in enumerate(REMEMBER, start=1):
        page.put(f"{number}.", 10, width=18, top=page.y)
        page.put(sentence, 10, left=page.left + 18)
        page.gap(2.5)


def _footer(page: _Page, slip: Slip) -> None:
    top = A4[1] - MARGIN - FOOTER + 8
    page.box(page.left, top, page.right - page.left, 0.6, RULE)
    page.put(f"Appointment {slip.appointment_id}", 8.5, top=top + 5, color=GREY)
    page.put("This slip is not a proof of vaccination.", 8.5, top=top + 5, color=GREY, align="R")


def _rule(page: _Page) -> None:
    page.box(page.left, page.y, page.right - page.left, 0.6, RULE)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _clock(now: datetime) -> str:
    return f"{now:%I:%M %p}".lstrip("0")


def _slot(label: str) -> str:
    """The label "09:00AM-11:00AM" as "9:00 AM to 11:00 AM"; any other label as it is."""
    try:
        return " to ".join(_clock(datetime.strptime(end, "%I:%M%p").replace(tzinfo=INDIA)) for end in label.split("-"))
    except ValueError:
        return label
