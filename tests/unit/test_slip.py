"""The appointment slip: what it says, that every script of India prints right, and that it always fits on one page."""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import batched, pairwise

import pypdf
import pypdfium2
import pytest
import typeset
import uharfbuzz as hb
import zxingcpp
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


@dataclass(frozen=True)
class Drawn:
    """A stretch of text as the file positions it."""

    font: str
    size: float
    x: float
    y: float
    glyphs: tuple[int, ...] = ()
    end: float = 0  # where the next stretch may begin


def drawn(pdf: bytes) -> list[Drawn]:
    (page,) = pypdf.PdfReader(BytesIO(pdf)).pages
    fonts = page["/Resources"]["/Font"]
    names = {key: font["/BaseFont"].partition("+")[2] for key, font in fonts.items()}
    widths = {key: widths_of(font["/DescendantFonts"][0]["/W"]) for key, font in fonts.items()}
    key, size, runs = "", 0.0, []
    operators = r"(/F\d+) ([\d.]+) Tf|1 0 0 1 (\S+) (\S+) Tm|\[(.*?)\] TJ"
    for font, points, x, y, shown in re.findall(operators, page.get_contents().get_data().decode("latin-1")):
        if font:
            key, size = font, float(points)
        elif x:
            runs.append(Drawn(names[key], size, float(x), float(y), end=float(x)))
        else:
            codes = "".join(re.findall(r"<([0-9a-f]+)>", shown))
            glyphs = tuple(int(codes[start : start + 4], 16) for start in range(0, len(codes), 4))
            back = sum(int(number) for number in re.findall(r"-?\d+", re.sub(r"<.*?>", " ", shown)))
            advance = (sum(widths[key][glyph] for glyph in glyphs) - back) * size / 1000
            runs[-1] = replace(runs[-1], glyphs=runs[-1].glyphs + glyphs, end=runs[-1].end + advance)
    return runs


def widths_of(array: list) -> dict[int, int]:
    """A PDF font's [glyph [width] glyph [width] ...]."""
    return {int(glyph): int(width[0]) for glyph, width in batched(array, 2, strict=True)}


def letters_drawn(text: str, font: str) -> tuple[int, ...]:
    """The glyphs of `text`, from left to right, without the space that ends each word."""
    runs = [run for run in drawn(render(a_slip(center_name=text), now=NOW)) if run.font == f"{font}-Bold"]
    glyphs = tuple(glyph for run in sorted(runs, key=lambda run: run.x) for glyph in run.glyphs)
    return glyphs[:-1] if glyphs[-1] == glyph_of(" ", font) else glyphs


def glyph_of(letter: str, font: str) -> int:
    """The glyph that stands for `letter` where nothing is shaped."""
    return hb.Font(face(font)).get_nominal_glyph(ord(letter))


def face(font: str) -> hb.Face:
    return hb.Face(hb.Blob.from_file_path(str(typeset.FONTS / f"{font}[wght].ttf")))


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
    runs = drawn(render(a_slip(NAMES[font], center_name=NAMES[font], address=NAMES[font]), now=NOW))

    assert all(0 not in run.glyphs for run in runs)  # glyph 0 is the box of a missing letter
    assert {run.font for run in runs} == {"NotoSans-Regular", "NotoSans-Bold", f"{font}-Regular", f"{font}-Bold"}


@pytest.mark.parametrize("font", NAMES)
def test_the_file_carries_the_shapes_of_the_letters_it_draws(font):
    pdf = render(a_slip(center_name=NAMES[font], address=NAMES[font]), now=NOW)

    for name, carried in embedded(pdf).items():
        whole = hb.Font(face(name.partition("-")[0]))
        whole.set_variations({"wght": 700 if name.endswith("Bold") else 400})
        for glyph in {glyph for run in drawn(pdf) if run.font == name for glyph in run.glyphs}:
            assert carried.get_glyph_h_advance(glyph) == whole.get_glyph_h_advance(glyph)
            assert_same_shape(carried.get_glyph_extents(glyph), whole.get_glyph_extents(glyph))


def assert_same_shape(one, other) -> None:
    """Instances of a variable font may be rounded differently."""
    for side in ("x_bearing", "y_bearing", "width", "height"):
        assert abs(getattr(one, side) - getattr(other, side)) <= 2


def test_marks_are_raised_to_where_the_font_wants_them():
    font = hb.Font(face("NotoSansBengali"))
    font.set_variations({"wght": 700})
    buffer = hb.Buffer()
    buffer.add_str("শ্রী")
    buffer.guess_segment_properties()
    hb.shape(font, buffer)
    heights = {round(at.y_offset * 13 / 1000, 2) for at in buffer.glyph_positions} - {0}

    (page,) = pypdf.PdfReader(BytesIO(render(a_slip(center_name="শ্রী"), now=NOW))).pages
    raised = re.findall(r"(\S+) Ts", page.get_contents().get_data().decode("latin-1"))

    assert heights
    assert {float(height) for height in raised} - {0} == heights


@pytest.mark.parametrize("font", [font for font in NAMES if font != "NotoSansArabic"])
def test_each_word_begins_where_the_one_before_it_ends(font):
    words = words_of_center(a_slip(center_name=NAMES[font]))

    assert len(words) > 1
    for word, following in pairwise(words):
        assert following.x == pytest.approx(word.end, abs=0.05)


def test_a_letter_that_no_font_has_shows_as_a_box_and_does_not_vanish():
    pdf = render(a_slip(center_name="Rahim 漢"), now=NOW)

    assert any(0 in run.glyphs for run in drawn(pdf))
    assert embedded(pdf)["NotoSans-Bold"].get_glyph_extents(0).width > 0


def embedded(pdf: bytes) -> dict[str, hb.Font]:
    """The fonts that the file carries."""
    (page,) = pypdf.PdfReader(BytesIO(pdf)).pages
    return {
        font["/BaseFont"].partition("+")[2]: hb.Font(
            hb.Face(font["/DescendantFonts"][0]["/FontDescriptor"]["/FontFile2"].get_data())
        )
        for font in page["/Resources"]["/Font"].values()
    }


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
    _, second, *_ = letters_drawn(syllable, font)

    assert second == glyph_of(syllable[0], font)


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
    glyphs = letters_drawn(conjunct, font)

    assert glyph_of(virama, font) not in glyphs
    assert len(glyphs) < len(conjunct)


@pytest.mark.parametrize(
    ("font", "word", "r"),
    [("NotoSansDevanagari", "कर्म", "र"), ("NotoSansBengali", "কর্ম", "র"), ("NotoSansKannada", "ಕರ್ಮ", "ರ")],
)
def test_an_r_before_a_consonant_becomes_the_mark_that_follows_it(font, word, r):
    glyphs = letters_drawn(word, font)

    assert glyph_of(r, font) not in glyphs
    assert glyphs[1] == glyph_of(word[3], font)


def test_arabic_letters_join_and_run_from_right_to_left():
    glyphs = letters_drawn("محمد", "NotoSansArabic")

    assert glyph_of("م", "NotoSansArabic") not in glyphs  # its form when alone
    assert glyphs[0] in forms_of("د", "NotoSansArabic")


def test_digits_of_urdu_are_those_of_urdu():
    assert letters_drawn("۴۷", "NotoSansArabic") != tuple(glyph_of(digit, "NotoSansArabic") for digit in "۴۷")


def test_an_urdu_word_joined_of_two_begins_right_of_what_joins_it_and_ends_left_of_it():
    left, sign, right = sorted(words_of_center(a_slip(center_name="محمد@علی")), key=lambda run: run.x)

    assert left.glyphs == letters_drawn("علی", "NotoSansArabic")
    assert sign.glyphs == glyphs_of("@")
    assert right.glyphs == letters_drawn("محمد", "NotoSansArabic")


@pytest.mark.parametrize("text", ["(পুরানা)", "(Old)", "(خان)"])
def test_brackets_open_on_the_left_in_every_script(text):
    glyphs = [run.glyphs for run in sorted(words_of_center(a_slip(center_name=text)), key=lambda run: run.x)]

    assert glyphs[0][0] == glyph_of("(", "NotoSans")
    assert glyph_of(")", "NotoSans") in glyphs[-1]


@pytest.mark.parametrize("number", ["123", "@123", "۱۲۳"])
def test_a_number_within_an_urdu_word_runs_from_left_to_right(number):
    placed = sorted(words_of_center(a_slip(center_name=f"علی{number}")), key=lambda run: run.x)

    font = placed[0].font.removesuffix("-Bold")
    assert placed[0].glyphs == tuple(glyph_of(digit, font) for digit in number[-3:])


def forms_of(letter: str, font: str) -> set[int]:
    """The glyph of `letter` and those that the font names after it."""
    whole = hb.Font(face(font))
    name = whole.glyph_to_string(glyph_of(letter, font)).partition(".")[0]
    return {glyph for glyph in range(whole.face.glyph_count) if whole.glyph_to_string(glyph).partition(".")[0] == name}


@pytest.mark.parametrize(
    ("text", "from_left_to_right"),
    [
        ("Ward 1 علی خان Delhi", ["Ward", "1", "خان", "علی", "Delhi"]),
        ("علی خان 2 Delhi Ward", ["Delhi", "Ward", "2", "خان", "علی"]),
        ("مکان 12 Delhi", ["Delhi", "12", "مکان"]),
    ],
)
def test_words_of_the_other_direction_stand_in_their_own_order(text, from_left_to_right):
    written = words_of_center(a_slip(center_name=text))

    placed = sorted(zip(written, text.split(), strict=True), key=lambda pair: pair[0].x)
    assert [word for _, word in placed] == from_left_to_right


def words_of_center(slip: Slip) -> list[Drawn]:
    """The words of the centre's name, in the order in which the file has them."""
    runs = drawn(render(slip, now=NOW))
    label = next(index for index, run in enumerate(runs) if run.glyphs == glyphs_of("Centre "))
    baseline = runs[label + 1].y
    return [run for run in runs[label + 1 :] if run.y == baseline]


def glyphs_of(text: str) -> tuple[int, ...]:
    return tuple(glyph_of(letter, "NotoSans") for letter in text)


def test_scripts_mixed_in_one_word_are_each_shaped_in_their_own_font():
    runs = drawn(render(a_slip(center_name="श्रीमतीSharmaশ্রী"), now=NOW))

    mixed = [run for run in runs if run.font in ("NotoSansDevanagari-Bold", "NotoSansBengali-Bold")]
    assert [run.font for run in mixed] == ["NotoSansDevanagari-Bold", "NotoSansBengali-Bold"]
    assert mixed[0].x < mixed[1].x
    assert "श्रीमतीSharmaশ্রী" in read_aloud(render(a_slip(center_name="श्रीमतीSharmaশ্রী"), now=NOW))


def test_joiners_and_dandas_stay_with_their_letters():
    for font, text in {"NotoSansBengali": "র‍্যাব।", "NotoSansMalayalam": "ന്‍", "NotoSansKannada": "ರ‍್ಕ॥"}.items():
        fonts = {run.font for run in drawn(render(a_slip(address=text), now=NOW))}
        assert fonts == {"NotoSans-Regular", "NotoSans-Bold", f"{font}-Regular"}


def test_a_word_said_twice_stands_in_two_places():
    first, second = words_of_center(a_slip(center_name="Sion Sion"))

    assert first.glyphs == glyphs_of("Sion ")
    assert second.glyphs == glyphs_of("Sion ")
    assert second.x > first.x


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
    assert all(0 not in run.glyphs for run in drawn(pdf))


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


@pytest.mark.parametrize("tall", ["స్త్రీ", "آلّٰہ"], ids=["below", "above"])
def test_lines_of_stacked_letters_do_not_touch(tall):
    setter = typeset.Typesetter()

    plain, stacked = (setter.lines(text, size=10, width=400)[0] for text in ("Ward", tall))

    assert stacked.height > plain.height


@pytest.mark.parametrize(
    "word",
    ["ಶ್ರೀಕೃಷ್ಣಮೂರ್ತಿ" * 5, "जन्मजन्म" * 9, "কর্ত্তব্যনিষ্ঠা" * 4, "கொண்டை" * 8, "محمد" * 20, "Wé" * 40],
    ids=["Kannada", "Devanagari", "Bengali", "Tamil", "Arabic", "Latin"],
)
def test_a_word_cut_at_the_end_of_a_line_loses_nothing_and_parts_no_syllable(word):
    for width_pt in range(40, 80, 3):
        lines = typeset.Typesetter().lines(word, size=10, width=width_pt)

        parts = [part.text for line in lines for part in line.words]
        assert len(parts) > 1
        assert "".join(parts) == word
        assert all(width_pt * 0.4 < line.width <= width_pt for line in lines[:-1])
        assert all(part[0].isalpha() for part in parts)  # not a vowel sign or a virama
        assert not any(part.endswith(("্", "्", "್")) for part in parts)  # no consonant torn from the next


def test_a_letter_wider_than_the_line_is_still_set():
    (line,) = typeset.Typesetter().lines("W", size=10, width=1)

    assert line.width > 1


def test_an_empty_text_takes_no_line():
    assert typeset.Typesetter().lines("  ", size=10, width=100) == []
