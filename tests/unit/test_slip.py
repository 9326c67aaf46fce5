"""The appointment slip: what it says, that every script of India prints right, and that it always fits on one page."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import groupby

import pypdf
import pypdfium2
import pytest
import sheet
import uharfbuzz as hb
import zxingcpp
from pypdf.generic import ContentStream
from slip import Slip, SlipPerson, render

NOW = datetime(2021, 5, 21, 8, 35, tzinfo=UTC)  # 2:05 PM in India
MARGIN_PT = 48
WHITESPACE = re.compile(r"\s+")

NAMES = {
    "NotoSans": "Séverine D’Souza-Łukasz",
    "NotoSansBengali": "লক্ষ্মীপ্ৰিয়া রবীন্দ্রনাথ চট্টোপাধ্যায় বৰুৱা",  # with the letters of Assamese
    "NotoSansDevanagari": "क्षत्रिय श्रीकृष्ण द्विवेदी ज्ञानेश्वर वाऱ्हाडकर हार्दिक्य",  # with a letter of Marathi
    "NotoSansTamil": "ஸ்ரீனிவாசன் கௌரி கொண்டை",
    "NotoSansTelugu": "శ్రీనివాస్ కృష్ణమూర్తి స్త్రీ",
    "NotoSansGujarati": "ક્ષત્રિય શ્રીજી ગુરુકૃપા દ્વારકેશ પ્રજ્ઞા",
    "NotoSansKannada": "ಶ್ರೀಕೃಷ್ಣ ಕರ್ನಾಟಕ ಸ್ವಾಮಿ",
    "NotoSansMalayalam": "കൊല്ലം ശ്രീകൃഷ്ണൻ ഇന്ദ്രജിത്ത്",
    "NotoSansOriya": "ଶ୍ରୀକ୍ଷେତ୍ର ଜଗନ୍ନାଥ ବ୍ୟାସଙ୍କ",
    "NotoSansGurmukhi": "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ ਸ੍ਰੀ ਖ਼ੁਸ਼ੀ",
    "NotoSansArabic": "محمد علی خان نستعلیق",
}
INDIC = [font for font in NAMES if font not in ("NotoSans", "NotoSansArabic")]


def a_person(number: int = 1, **facts) -> SlipPerson:
    usual = {
        "name": f"Sunita Pawar {number}",
        "birth_year": 1990 + number,
        "reference_id": f"2136318149673{number}",
        "photo_id_type": "Aadhaar Card",
        "photo_id_number": f"********999{number}",
    }
    return SlipPerson(**usual | facts)


def a_slip(*names: str, people: int = 1, **facts) -> Slip:
    """For people of these names, or for so many of whatever name."""
    everybody = [a_person(number, name=name) for number, name in enumerate(names, start=1)]
    usual = {
        "center_name": "District General Hospital",
        "address": "Station Road, near the bus stand",
        "block": "Jaoli",
        "district": "Satara",
        "state": "Maharashtra",
        "pincode": "413608",
        "date": date(2021, 5, 31),
        "slot": "09:00AM-11:00AM",
        "dose": 2,
        "vaccine": "COVISHIELD",
        "secret_code": "4821",
        "appointment_id": "0b6f2c1e-7d3a-4c55-9e1b-2f8a6d4c9b10",
        "people": tuple(everybody or [a_person(number) for number in range(1, people + 1)]),
    }
    return Slip(**usual | facts)


def text_of(pdf: bytes) -> str:
    """As a reader that knows nothing of scripts extracts it: enough for what is in Latin letters."""
    (page,) = pypdf.PdfReader(BytesIO(pdf)).pages
    return WHITESPACE.sub(" ", page.extract_text())


def read_aloud(pdf: bytes) -> str:
    """As a reader that minds what the file says about its text gives it to a clipboard or a screen reader."""
    with pypdfium2.PdfDocument(pdf) as document:
        return WHITESPACE.sub(" ", document[0].get_textpage().get_text_bounded())


def scanned(pdf: bytes) -> list[str]:
    """The barcodes on the page, as a camera finds them."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[0].render(scale=2, grayscale=True)
        pixels = memoryview(bytes(picture.buffer)).cast("B", (picture.height, picture.stride))
        return [barcode.text for barcode in zxingcpp.read_barcodes(pixels)]


type Shape = tuple[
    int, str
]  # how far a glyph moves the pen, and its outline: what it is, whatever its number in a file


@dataclass(frozen=True)
class Drawn:
    """A glyph where the file puts it."""

    font: str
    size: float
    x: float
    y: float
    shape: Shape


def drawn(pdf: bytes) -> Iterator[Drawn]:
    """The glyphs in the order of the file: on each line from left to right."""
    reader = pypdf.PdfReader(BytesIO(pdf))
    (page,) = reader.pages
    fonts = {key: Embedded(font) for key, font in page["/Resources"]["/Font"].items()}
    font, size, x, y = None, 0.0, 0.0, 0.0
    for operands, operator in ContentStream(page["/Contents"].get_object(), reader).operations:
        match operator:
            case b"Tf":
                font, size = fonts[operands[0]], float(operands[1])
            case b"Td" | b"Tm":
                x, y = (float(number) for number in operands[-2:])
            case b"Tj":
                codes = operands[0].original_bytes
                for start in range(0, len(codes), 2):
                    code = int.from_bytes(codes[start : start + 2])
                    yield Drawn(font.name, size, x, y, font.shape(code))
                    x += font.widths[code] * size / 1000


class Embedded:
    """A font that the file carries."""

    def __init__(self, font: dict):
        (descendant,) = font["/DescendantFonts"]
        self.name = font["/BaseFont"].partition("+")[2]
        self.widths = widths_of(descendant["/W"])
        self.glyphs = descendant["/CIDToGIDMap"].get_data()
        self.font = hb.Font(hb.Face(descendant["/FontDescriptor"]["/FontFile2"].get_data()))

    def shape(self, code: int) -> Shape:
        return shape_of(self.font, int.from_bytes(self.glyphs[2 * code : 2 * code + 2]))


def widths_of(array: list) -> dict[int, int]:
    """A PDF font's [first [width width ...] first last width ...]."""
    found: dict[int, int] = {}
    parts = iter(array)
    for first in parts:
        widths = next(parts)
        if isinstance(widths, int):
            found |= dict.fromkeys(range(first, widths + 1), int(next(parts)))
        else:
            found |= {first + offset: int(width) for offset, width in enumerate(widths)}
    return found


def shape_of(font: hb.Font, glyph: int) -> Shape:
    outline: list[str] = []
    pen = hb.DrawFuncs()
    pen.set_move_to_func(lambda x, y, _: outline.append(f"M{x:.0f},{y:.0f}"))
    pen.set_line_to_func(lambda x, y, _: outline.append(f"L{x:.0f},{y:.0f}"))
    pen.set_quadratic_to_func(lambda cx, cy, x, y, _: outline.append(f"Q{cx:.0f},{cy:.0f},{x:.0f},{y:.0f}"))
    font.draw_glyph(glyph, pen, None)
    return font.get_glyph_h_advance(glyph), "".join(outline)


@cache
def whole(font: str, weight: int = 700) -> hb.Font:
    """The whole font at one weight."""
    variable = hb.Face(hb.Blob.from_file_path(str(sheet.FONTS / f"{font}[wght].ttf")))
    everything = hb.SubsetInput()
    everything.keep_everything()
    everything.pin_axis_location(variable, "wght", weight)
    return hb.Font(everything.subset(variable))


def letters_drawn(text: str) -> tuple[Shape, ...]:
    """The glyphs of `text`, from left to right."""
    return tuple(glyph.shape for glyph in line(text))


def letter(character: str, font: str, weight: int = 700) -> Shape:
    """The glyph that stands for `character` where nothing is shaped."""
    return shape_of(whole(font, weight), whole(font, weight).get_nominal_glyph(ord(character)))


def shaped(text: str, font: str) -> tuple[Shape, ...]:
    """The glyphs of `text` from left to right, as HarfBuzz alone shapes it."""
    infos, _ = shaping(text, font)
    return tuple(shape_of(whole(font), info.codepoint) for info in infos)


def shaping(text: str, font: str, weight: int = 700) -> tuple[list, list]:
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.language = "ur" if font == "NotoSansArabic" else "en"
    hb.shape(whole(font, weight), buffer)
    return buffer.glyph_infos, buffer.glyph_positions


def line(text: str) -> list[Drawn]:
    """The glyphs of `text` on one line, from left to right."""
    page = sheet.Sheet(2000, 100)
    page.set_xy(0, 0)
    page.paragraph(text, size=13, weight=sheet.BOLD, width=2000)
    return list(drawn(bytes(page.output())))


def test_the_slip_says_where_when_what_and_for_whom():
    text = text_of(render(a_slip(people=2), now=NOW))

    for fact in (
        "Vaccination appointment slip",
        "Monday, 31 May 2021",
        "9:00 AM to 11:00 AM",
        "Dose 2 Vaccine COVISHIELD",
        "District General Hospital Station Road, near the bus stand Jaoli, Satara, Maharashtra, PIN 413608",
        "Secret code 4821",
        "For 2 people",
        "1 Sunita Pawar 1 1991 21363181496731 Aadhaar Card ********9991",
        "2 Sunita Pawar 2 1992 21363181496732 Aadhaar Card ********9992",
        "Appointment 0b6f2c1e-7d3a-4c55-9e1b-2f8a6d4c9b10",
        "Issued on 21 May 2021 at 2:05 PM",
        "Bring this slip",
    ):
        assert fact in text


def test_a_centre_without_a_block_leaves_no_gap():
    assert "bus stand Satara, Maharashtra, PIN" in text_of(render(a_slip(block=""), now=NOW))


@pytest.mark.parametrize(
    ("label", "printed"),
    [("12:00PM-12:30PM", "Time 12:00 PM to 12:30 PM"), ("FORENOON", "Time FORENOON"), ("09:00-11:00", "09:00-11:00")],
)
def test_a_slot_is_printed_as_a_time_or_as_it_is(label, printed):
    assert printed in text_of(render(a_slip(slot=label), now=NOW))


def test_the_same_slip_at_the_same_instant_is_the_same_file():
    slip = a_slip(people=4, center_name=" ".join(NAMES.values()))

    assert render(slip, now=NOW) == render(slip, now=NOW)
    assert render(slip, now=NOW) != render(slip, now=NOW + timedelta(seconds=1))


def test_the_properties_of_the_file_tell_its_kind_and_nothing_personal():
    reader = pypdf.PdfReader(BytesIO(render(a_slip(people=4), now=NOW)))

    assert reader.metadata == {
        "/Title": "Vaccination appointment slip",
        "/Producer": "Tika",
        "/CreationDate": "D:20210521083500Z",
    }
    assert reader.root_object["/Lang"] == "en-IN"
    assert reader.xmp_metadata is None


@pytest.mark.parametrize("people", [1, 4])
def test_the_qr_code_holds_the_ids_and_nothing_personal(people):
    (text,) = scanned(render(a_slip(people=people), now=NOW))

    assert json.loads(text) == {
        "appointment_id": "0b6f2c1e-7d3a-4c55-9e1b-2f8a6d4c9b10",
        "beneficiaries": [f"2136318149673{number}" for number in range(1, people + 1)],
    }


@pytest.mark.parametrize("font", NAMES)
def test_a_name_in_any_script_finds_all_its_letters_in_one_font(font):
    runs = list(drawn(render(a_slip(NAMES[font], center_name=NAMES[font], address=NAMES[font]), now=NOW)))

    assert not any(is_missing(run) for run in runs)
    assert {run.font for run in runs} == {"NotoSans-Regular", "NotoSans-Bold", f"{font}-Regular", f"{font}-Bold"}


def is_missing(glyph: Drawn) -> bool:
    """Whether it is what stands for a letter that its font has not: glyph 0, or the sign for an unknown letter."""
    font, _, style = glyph.font.partition("-")
    weight = 700 if style == "Bold" else 400
    return glyph.shape in (shape_of(whole(font, weight), 0), letter(sheet.UNKNOWN, "NotoSans", weight))


@pytest.mark.parametrize("font", NAMES)
def test_the_glyphs_are_those_that_harfbuzz_sets(font):
    assert letters_drawn(NAMES[font]) == shaped(NAMES[font], font)


@pytest.mark.parametrize("font", NAMES)
def test_each_glyph_stands_where_the_font_wants_it(font):
    glyphs = line(NAMES[font])
    _, places = shaping(NAMES[font], font)

    x, y = 0, glyphs[0].y - places[0].y_offset * 13 / 1000
    for glyph, place in zip(glyphs, places, strict=True):
        assert glyph.x == pytest.approx(x + place.x_offset * 13 / 1000, abs=0.05)
        assert glyph.y == pytest.approx(y + place.y_offset * 13 / 1000, abs=0.05)
        x += place.x_advance * 13 / 1000


@pytest.mark.parametrize("font", NAMES)
def test_bold_letters_have_the_shapes_of_the_bold_font(font):
    variable = hb.Font(hb.Face(hb.Blob.from_file_path(str(sheet.FONTS / f"{font}[wght].ttf"))))
    variable.set_variations({"wght": 700})

    for info in shaping(NAMES[font], font)[0]:
        assert whole(font).get_glyph_h_advance(info.codepoint) == variable.get_glyph_h_advance(info.codepoint)
        assert_same_shape(whole(font).get_glyph_extents(info.codepoint), variable.get_glyph_extents(info.codepoint))


def assert_same_shape(one, other) -> None:
    """Instances of a variable font may be rounded differently."""
    for side in ("x_bearing", "y_bearing", "width", "height"):
        assert abs(getattr(one, side, 0) - getattr(other, side, 0)) <= 2


def test_a_letter_that_no_font_has_shows_as_a_sign_and_does_not_vanish():
    unknown = [glyph for glyph in drawn(render(a_slip(center_name="Rahim 漢"), now=NOW)) if is_missing(glyph)]

    assert [glyph.shape for glyph in unknown] == [letter(sheet.UNKNOWN, "NotoSans")]


@pytest.mark.parametrize("font", ["NotoSans", *INDIC])
def test_what_is_copied_or_read_aloud_is_what_was_written(font):
    assert NAMES[font] in read_aloud(render(a_slip(NAMES[font]), now=NOW))


@pytest.mark.parametrize(
    ("font", "syllable"),
    [
        ("NotoSansBengali", "কো"),
        ("NotoSansDevanagari", "कि"),
        ("NotoSansTamil", "கொ"),
        ("NotoSansTamil", "கை"),
        ("NotoSansGujarati", "કિ"),
        ("NotoSansMalayalam", "കൊ"),
        ("NotoSansOriya", "ରେ"),
        ("NotoSansGurmukhi", "ਸਿ"),
    ],
)
def test_a_vowel_that_stands_left_of_its_consonant_is_drawn_there(font, syllable):
    _, second, *_ = letters_drawn(syllable)

    assert second == letter(syllable[0], font)


@pytest.mark.parametrize(
    ("font", "conjunct", "virama"),
    [
        ("NotoSansBengali", "ক্ষ", "্"),
        ("NotoSansBengali", "শ্রী", "্"),
        ("NotoSansDevanagari", "क्ष", "्"),
        ("NotoSansDevanagari", "द्वि", "्"),
        ("NotoSansTamil", "ஸ்ரீ", "்"),
        ("NotoSansTelugu", "స్త్రీ", "్"),
        ("NotoSansGujarati", "જ્ઞ", "્"),
        ("NotoSansKannada", "ಷ್ಣ", "್"),
        ("NotoSansMalayalam", "ത്ത", "്"),
        ("NotoSansOriya", "କ୍ଷ", "୍"),
        ("NotoSansGurmukhi", "ਪ੍ਰ", "੍"),
    ],
)
def test_consonants_without_a_vowel_are_drawn_joined(font, conjunct, virama):
    glyphs = letters_drawn(conjunct)

    assert letter(virama, font) not in glyphs
    assert len(glyphs) < len(conjunct)


@pytest.mark.parametrize(
    ("font", "word", "r"),
    [("NotoSansDevanagari", "कर्म", "र"), ("NotoSansBengali", "কর্ম", "র"), ("NotoSansKannada", "ಕರ್ಮ", "ರ")],
)
def test_an_r_before_a_consonant_becomes_the_mark_that_follows_it(font, word, r):
    glyphs = letters_drawn(word)

    assert letter(r, font) not in glyphs
    assert glyphs[1] == letter(word[3], font)


def test_arabic_letters_join_and_run_from_right_to_left():
    glyphs = letters_drawn("محمد")

    assert letter("م", "NotoSansArabic") not in glyphs  # its form when alone
    assert glyphs[0] in forms_of("د", "NotoSansArabic")


def test_digits_of_urdu_are_those_of_urdu():
    assert letters_drawn("۴۷") != tuple(letter(digit, "NotoSansArabic") for digit in "۴۷")


def test_an_urdu_word_joined_of_two_begins_right_of_what_joins_it_and_ends_left_of_it():
    right, sign, left = ("محمد", "NotoSansArabic"), ("@", "NotoSans"), ("علی", "NotoSansArabic")

    assert letters_drawn("محمد@علی") == shaped(*left) + shaped(*sign) + shaped(*right)


@pytest.mark.parametrize("text", ["(পুরানা)", "(Old)", "(خان)"])
def test_brackets_open_on_the_left_in_every_script(text):
    glyphs = letters_drawn(text)

    assert glyphs[0] == letter("(", "NotoSans")
    assert glyphs[-1] == letter(")", "NotoSans")


@pytest.mark.parametrize("number", ["123", "@123", "۱۲۳"])
def test_a_number_within_an_urdu_word_runs_from_left_to_right(number):
    font = "NotoSansArabic" if number == "۱۲۳" else "NotoSans"

    assert letters_drawn(f"علی{number}")[:3] == tuple(letter(digit, font) for digit in number[-3:])


def test_a_joiner_within_an_urdu_word_does_not_part_it():
    parts = shaped("نیک\u200cنام", "NotoSansArabic")

    assert letters_drawn("Ward نیک\u200cنام") == (*shaped("Ward ", "NotoSans"), *parts)


def forms_of(character: str, font: str) -> set[Shape]:
    """The glyph of `character` and those that the font names after it."""
    names = [whole(font).glyph_to_string(glyph).partition(".")[0] for glyph in range(whole(font).face.glyph_count)]
    name = names[whole(font).get_nominal_glyph(ord(character))]
    return {shape_of(whole(font), glyph) for glyph, each in enumerate(names) if each == name}


@pytest.mark.parametrize(
    ("text", "from_left_to_right"),
    [
        ("Ward 1 علی خان Delhi", ["Ward", "1", "خان", "علی", "Delhi"]),
        ("علی خان 2 Delhi Ward", ["Delhi", "Ward", "2", "خان", "علی"]),
        ("مکان 12 Delhi", ["Delhi", "12", "مکان"]),
        ("Ward علی خان 12 Delhi", ["Ward", "12", "خان", "علی", "Delhi"]),
    ],
)
def test_words_of_the_other_direction_stand_in_their_own_order(text, from_left_to_right):
    def glyphs_of(word: str) -> tuple[Shape, ...]:
        return shaped(word, "NotoSans" if word.isascii() else "NotoSansArabic")

    spaces = [letter(" ", "NotoSans"), letter(" ", "NotoSansArabic")]
    drawn_words = [
        tuple(group) for is_space, group in groupby(letters_drawn(text), spaces.__contains__) if not is_space
    ]
    assert drawn_words == [glyphs_of(word) for word in from_left_to_right]


def test_scripts_mixed_in_one_word_are_each_shaped_in_their_own_font():
    text = "श्रीमतीSharmaশ্রী"

    parts = shaped("श्रीमती", "NotoSansDevanagari"), shaped("Sharma", "NotoSans"), shaped("শ্রী", "NotoSansBengali")
    assert letters_drawn(text) == tuple(glyph for part in parts for glyph in part)
    assert text in read_aloud(render(a_slip(center_name=text), now=NOW))


@pytest.mark.parametrize(
    ("font", "text"),
    [("NotoSansBengali", "র‍্যাব।"), ("NotoSansMalayalam", "ന്‍"), ("NotoSansKannada", "ರ‍್ಕ॥")],
)
def test_joiners_and_dandas_stay_with_their_letters(font, text):
    assert letters_drawn(text) == shaped(text, font)


def test_a_word_said_twice_stands_in_two_places():
    glyphs = line("Sion Sion")

    assert [glyph.shape for glyph in glyphs] == [letter(character, "NotoSans") for character in "Sion Sion"]
    assert [glyph.x for glyph in glyphs] == sorted({glyph.x for glyph in glyphs})


LONG_NAMES = ("W" * 100, "ശ്രീകൃഷ്ണൻ" * 10, "شریمتیمحمد" * 10, "श्रीकृष्णमूर्ति " * 6)
LONG_CENTER = {"center_name": "রাষ্ট্রীয় স্বাস্থ্য কেন্দ্র " * 7, "address": "കൊല്ലം ശ്രീകൃഷ്ണൻ റോഡ്, " * 8}


@pytest.mark.parametrize(
    "slip",
    [
        a_slip(*["W" * 100] * 4, center_name="W" * 200, address="W" * 200, block="W" * 100),
        a_slip(*LONG_NAMES, **LONG_CENTER),
        a_slip(*LONG_NAMES, center_name="क्ष" * 300, address="स्त्री" * 300, district="W" * 300, state="W" * 300),
    ],
    ids=["wide letters", "every text long", "beyond every limit"],
)
def test_however_long_the_texts_one_page_holds_them_all(slip):
    pdf = render(slip, now=NOW)

    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == 1
        width, height = document[0].get_size()
        page = document[0].get_textpage()
        for index in range(page.count_chars()):
            if not page.get_text_range(index, 1).isspace():
                left, bottom, right, top = page.get_charbox(index)
                assert left > MARGIN_PT - 3  # a letter may lean a little out of its place
                assert right < width - MARGIN_PT + 3
                assert bottom > MARGIN_PT - 3
                assert top < height - MARGIN_PT + 3
        lowest, _ = page.search("somebody else gets the place").get_next()
        footer, _ = page.search("Appointment 0b6f2c1e").get_next()
        assert page.get_charbox(lowest)[1] > page.get_charbox(footer)[3]
    whole = WHITESPACE.sub("", read_aloud(pdf))
    for text in (slip.center_name, slip.address, slip.people[0].name, slip.people[3].name):
        assert WHITESPACE.sub("", text) in whole
    assert not any(is_missing(glyph) for glyph in drawn(pdf))


def test_nothing_is_drawn_over_the_qr_code_of_a_centre_with_a_short_address():
    with pypdfium2.PdfDocument(render(a_slip(address="", block=""), now=NOW)) as document:
        page = document[0].get_textpage()
        caption, _ = page.search("For the centre to scan").get_next()
        below, _ = page.search("Secret code").get_next()

        assert page.get_charbox(caption)[1] > page.get_charbox(below)[3] + 8


def test_an_ordinary_slip_is_printed_at_full_size():
    sizes = [run.size for run in drawn(render(a_slip(people=4), now=NOW))]

    assert max(sizes) == 28
    assert min(sizes) == 8


@pytest.mark.parametrize("weight", [sheet.REGULAR, sheet.BOLD])
@pytest.mark.parametrize("font", NAMES)
def test_lines_of_stacked_letters_do_not_touch(font, weight):
    text = f"{NAMES[font]} {STACKED.get(font, '')}"

    middle, height = -0.3, sheet.line_height(text)
    for word in text.split():
        infos, places = shaping(word, font, weight)
        for info, place in zip(infos, places, strict=True):
            if extents := whole(font, weight).get_glyph_extents(info.codepoint):
                top = (place.y_offset + extents.y_bearing) / 1000
                assert top <= height / 2 - middle
                assert top + extents.height / 1000 >= -height / 2 - middle


STACKED = {
    "NotoSansBengali": "র্ত্ত্র্যূ র্থ্যুঁ ক্ষ্ণূ ন্ত্র্যূ",
    "NotoSansDevanagari": "र्ट्ठूँ द्द्भ्यूँ र्कैं",
    "NotoSansTelugu": "స్త్రీ త్స్న్యై",
    "NotoSansGujarati": "ર્દ્ધૃ ટ્ઠૂ",
    "NotoSansKannada": "ತ್ಸ್ನ್ಯೈ ಷ್ಟ್ರೈ",
    "NotoSansOriya": "ଷ୍ଟ୍ରୂଁ ର୍ମ୍ମୁଁ",
    "NotoSansGurmukhi": "ਪ੍ਹੂੰ",
    "NotoSansArabic": "آلّٰہ گےٍ",
}


@pytest.mark.parametrize(
    "word",
    ["ಶ್ರೀಕೃಷ್ಣಮೂರ್ತಿ" * 5, "जन्मजन्म" * 9, "কর্ত্তব্যনিষ্ঠা" * 4, "கொண்டை" * 8, "محمد" * 20, "Wé" * 40, "ശ്രീകൃഷ്ണൻ" * 6],
    ids=["Kannada", "Devanagari", "Bengali", "Tamil", "Arabic", "Latin", "Malayalam"],
)
def test_a_word_cut_at_the_end_of_a_line_loses_nothing_and_parts_no_syllable(word):
    page = sheet.Sheet(400, 400)
    for width_pt in range(43, 80, 3):
        lines = set_in_lines(page, word, width_pt)

        assert len(lines) > 1
        assert "".join(lines) == word
        widths = [page.get_string_width(line) for line in lines]
        assert all(width_pt * 0.35 < width <= width_pt for width in widths[:-1])
        assert all(line[0].isalpha() for line in lines)  # not a vowel sign or a virama
        assert not any(line.startswith("ൻ") for line in lines)
        assert not any(line.endswith(("্", "्", "್")) for line in lines)  # no consonant torn from the next
        assert not any(line.endswith(("م", "ح")) for line in lines)  # nor letters that are written joined


def set_in_lines(page: sheet.Sheet, text: str, width_pt: float) -> list[str]:
    """What a paragraph of size 10 has on each line."""
    page.paragraph("W", size=10, weight=sheet.REGULAR, width=width_pt)  # sets the font
    fitted = page._fitted(text, width_pt)
    return page.multi_cell(width_pt, text=fitted, dry_run=True, output="LINES")


def test_an_empty_text_takes_no_line():
    page = sheet.Sheet(400, 400)
    before = page.y

    page.paragraph("  ", size=10, weight=sheet.REGULAR, width=100)

    assert page.y == before
