"""Set text in the scripts of India on one PDF page: a font for each run, shaping, line breaks, only the glyphs used.

HarfBuzz shapes (conjuncts, reordered vowels, marks) and cuts the fonts down; pydyf writes the objects. On the page
lengths are points and y grows downwards; inside a word they are thousandths of the font size.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from struct import unpack_from

import manimgx_fonts
import pydyf
import uharfbuzz as hb

REGULAR, BOLD = 400, 700
EM = 1000  # units of a font size, as PDF counts widths
# Room above and below the baseline that every line has; stacked letters take more where they are drawn higher or lower.
# (What a font says of itself is too little for some stacks of Bengali and too much for all of Arabic.)
ASCENT, DESCENT = 1069, 293
FONTS = Path(manimgx_fonts.__file__).parent

# First code point, script (ISO 15924), font; a row ends where the next begins. Devanagari also serves Dogri, Konkani,
# Maithili, Marathi, Nepali and Sanskrit, Bengali also Assamese, and Arabic letters Kashmiri, Sindhi and Urdu.
_BLOCKS = (
    (0x0000, "Latn", "NotoSans"),
    (0x0600, "Arab", "NotoSansArabic"),
    (0x0780, "Latn", "NotoSans"),
    (0x08A0, "Arab", "NotoSansArabic"),
    (0x0900, "Deva", "NotoSansDevanagari"),
    (0x0980, "Beng", "NotoSansBengali"),
    (0x0A00, "Guru", "NotoSansGurmukhi"),
    (0x0A80, "Gujr", "NotoSansGujarati"),
    (0x0B00, "Orya", "NotoSansOriya"),
    (0x0B80, "Taml", "NotoSansTamil"),
    (0x0C00, "Telu", "NotoSansTelugu"),
    (0x0C80, "Knda", "NotoSansKannada"),
    (0x0D00, "Mlym", "NotoSansMalayalam"),
    (0x0D80, "Sinh", "NotoSansSinhala"),
    (0x0E00, "Latn", "NotoSans"),
    (0x1CD0, "Deva", "NotoSansDevanagari"),  # Vedic signs
    (0x1D00, "Latn", "NotoSans"),
    (0xA8E0, "Deva", "NotoSansDevanagari"),
    (0xA900, "Latn", "NotoSans"),
    (0xFB50, "Arab", "NotoSansArabic"),
    (0xFE00, "Latn", "NotoSans"),
    (0xFE70, "Arab", "NotoSansArabic"),
    (0xFEFF, "Latn", "NotoSans"),
)
_FIRST = [block[0] for block in _BLOCKS]
_DANDAS = "\u0964\u0965"  # encoded with Devanagari, written in most scripts of India
# What a PDF font does not need: glyphs are named by number and shaping is done.
_UNNEEDED_TABLES = (b"GDEF", b"GPOS", b"GSUB", b"STAT", b"OS/2", b"cmap", b"gasp", b"name", b"post", b"prep")


@dataclass(frozen=True, slots=True)
class Glyph:
    number: int
    advance: int
    dx: int
    dy: int
    cluster: int  # index of the character it begins with
    joined: bool  # to the one before: cutting here would change its shape


class Font:
    """One Noto file at one weight. The file is mapped, not read, and stays mapped while the process lives."""

    def __init__(self, file: str, weight: int):
        self.name = f"{file}-{'Bold' if weight == BOLD else 'Regular'}"
        self.weight = weight
        self.face = hb.Face(hb.Blob.from_file_path(str(FONTS / f"{file}[wght].ttf")))
        self.font = hb.Font(self.face)
        self.font.scale = (EM, EM)
        self.font.set_variations({"wght": weight})
        extents = self.font.get_font_extents("ltr")
        self.ascent: int = extents.ascender
        self.descent: int = extents.descender  # below the baseline, negative
        self.space: int = self.font.get_nominal_glyph(ord(" "))

    def has(self, character: str) -> bool:
        return bool(self.font.get_nominal_glyph(ord(character)))

    def advance(self, glyph: int) -> int:
        return self.font.get_glyph_h_advance(glyph)

    def ink(self, glyph: Glyph) -> tuple[int, int]:
        """How far above and below the baseline it is drawn."""
        extents = self.font.get_glyph_extents(glyph.number)
        if extents is None:  # a space
            return 0, 0
        top = glyph.dy + extents.y_bearing
        return top, -(top + extents.height)

    def shape(self, text: str, script: str, *, leftwards: bool) -> list[Glyph]:
        """The glyphs of `text` from left to right, whatever the direction of the script."""
        buffer = hb.Buffer()
        buffer.add_codepoints([ord(character) for character in text])  # clusters are then indices of `text`
        buffer.direction = "rtl" if leftwards else "ltr"
        buffer.script = script
        # Urdu has digits of its own. Unset, HarfBuzz would take the language of the machine.
        buffer.language = "ur" if script == "Arab" else "en"
        hb.shape(self.font, buffer)
        return [
            Glyph(
                number=info.codepoint,
                advance=at.x_advance,
                dx=at.x_offset,
                dy=at.y_offset,
                cluster=info.cluster,
                joined=bool(info.flags & hb.GlyphFlags.UNSAFE_TO_BREAK),
            )
            for info, at in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        ]

    def subset(self, glyphs: set[int]) -> bytes:
        """A TrueType file of this weight with these glyphs under their own numbers, and nothing for shaping."""
        wanted = hb.SubsetInput()
        wanted.glyph_set.update(glyphs)
        wanted.drop_table_tag_set.update({int.from_bytes(tag) for tag in _UNNEEDED_TABLES})
        wanted.pin_axis_location(self.face, "wght", self.weight)
        wanted.flags = (
            hb.SubsetFlags.RETAIN_GIDS
            | hb.SubsetFlags.NO_LAYOUT_CLOSURE
            | hb.SubsetFlags.NO_HINTING
            | hb.SubsetFlags.NOTDEF_OUTLINE  # a letter that no font has must show as a box, not vanish
        )
        return wanted.subset(self.face).blob.data


@cache
def _font(file: str, weight: int) -> Font:
    return Font(file, weight)


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring characters of one font, shaped; glyphs from left to right."""

    text: str
    font: Font
    glyphs: tuple[Glyph, ...]
    width: int
    ascent: int
    descent: int


@dataclass(frozen=True, slots=True)
class Word:
    """What stands between two spaces: runs from left to right, and where it may be cut if it must."""

    text: str
    runs: tuple[Run, ...]
    width: int
    space: int  # the width of the space after it
    direction: str  # "R", "L", or "" where it has no letter to tell
    cuts: tuple[int, ...]  # indices of `text`
    cuts_at_worst: tuple[int, ...]  # that part what is written joined, but no letter from its vowel


@dataclass(frozen=True, slots=True)
class Line:
    words: tuple[Word, ...]
    size: float
    width: float
    ascent: float
    descent: float

    @property
    def height(self) -> float:
        return self.ascent + self.descent


class Typesetter:
    """Shapes words and breaks lines. Words are remembered for one document only, since they are people's names."""

    def __init__(self) -> None:
        self._words: dict[tuple[str, int], Word] = {}

    def lines(self, text: str, *, size: float, width: float, weight: int = REGULAR) -> list[Line]:
        """`text` in lines no wider than `width`; a word too long for a line is cut between letters."""
        limit = width * EM / size
        lines: list[list[Word]] = [[]]
        used = 0
        for word in self._pieces(text, weight, limit):
            gap = lines[-1][-1].space if lines[-1] else 0
            if lines[-1] and used + gap + word.width > limit:
                lines.append([])
                used = gap = 0
            lines[-1].append(word)
            used += gap + word.width
        return [_line(words, size) for words in lines if words]

    def _pieces(self, text: str, weight: int, limit: float) -> Iterator[Word]:
        for part in text.split():
            word = self._word(part, weight)
            while word.width > limit:
                head = self._head(word, weight, limit)
                yield head
                if not (rest := word.text[len(head.text) :]):
                    break
                word = self._word(rest, weight)
            else:
                yield word

    def _head(self, word: Word, weight: int, limit: float) -> Word:
        """As much of the beginning of `word` as fits, and at least one letter."""
        for cuts in (word.cuts, word.cuts_at_worst):
            fitting = bisect_right(cuts, limit, key=lambda cut: self._word(word.text[:cut], weight).width)
            if fitting:
                return self._word(word.text[: cuts[fitting - 1]], weight)
        return self._word(word.text[: word.cuts_at_worst[0]], weight) if word.cuts_at_worst else word

    def _word(self, text: str, weight: int) -> Word:
        key = (text, weight)
        if key not in self._words:
            self._words[key] = _shape_word(text, weight)
        return self._words[key]


def _shape_word(text: str, weight: int) -> Word:
    direction = _direction(text)
    runs: list[Run] = []
    cuts: set[int] = set()
    cuts_at_worst: set[int] = set()
    start = 0
    for file, script, leftwards, part in _runs(text, direction, weight):
        font = _font(file, weight)
        glyphs = font.shape(part, script, leftwards=leftwards)
        clusters: dict[int, bool] = {}
        for glyph in glyphs:
            clusters[glyph.cluster] = clusters.get(glyph.cluster, False) or glyph.joined
        cuts.update(start + cluster for cluster, joined in clusters.items() if not joined)
        cuts_at_worst.update(start + cluster for cluster in clusters)
        inks = [font.ink(glyph) for glyph in glyphs]
        runs.append(
            Run(
                text=part,
                font=font,
                glyphs=tuple(glyphs),
                width=sum(glyph.advance for glyph in glyphs),
                ascent=max(top for top, _ in inks),
                descent=max(bottom for _, bottom in inks),
            )
        )
        start += len(part)
    last = runs[-1].font
    return Word(
        text=text,
        runs=tuple(reversed(runs)) if direction == "R" else tuple(runs),
        width=sum(run.width for run in runs),
        space=last.advance(last.space),
        direction=direction,
        cuts=tuple(sorted(cuts - {0})),
        cuts_at_worst=tuple(sorted(cuts_at_worst - {0})),
    )


def _direction(text: str) -> str:
    """By the first letter that has a direction."""
    for character in text:
        match unicodedata.bidirectional(character):
            case "R" | "AL":
                return "R"
            case "L":
                return "L"
    return ""


def _runs(text: str, direction: str, weight: int) -> list[tuple[str, str, bool, str]]:
    """(font file, script, whether from right to left, text) of each stretch that one font can set in one direction."""
    found: list[tuple[str, str, bool, str]] = []
    for character in text:
        _, script, file = _BLOCKS[bisect_right(_FIRST, ord(character)) - 1]
        leftwards = direction == "R"
        # Inside a word from right to left, Latin letters with their numbers, and numbers, still run from left to right.
        if unicodedata.bidirectional(character) in ("L", "EN", "AN"):
            leftwards = False
        shared = character in _DANDAS or (script == "Latn" and not character.isalpha())
        # Joiners, marks and punctuation belong to the letters before them as long as their font has them: a mark in
        # a font of its own would not find its letter.
        if found and (shared or unicodedata.category(character) == "Mn") and _font(found[-1][0], weight).has(character):
            file, script, *_ = found[-1]
        found.append((file, script, leftwards, character))
    return [(*key, "".join(part[-1] for part in parts)) for key, parts in groupby(found, key=lambda part: part[:-1])]


def _line(words: list[Word], size: float) -> Line:
    runs = [run for word in words for run in word.runs]
    width = sum(word.width for word in words) + sum(word.space for word in words[:-1])
    return Line(
        words=tuple(words),
        size=size,
        width=width * size / EM,
        ascent=max(ASCENT, *(run.ascent for run in runs)) * size / EM,
        descent=max(DESCENT, *(run.descent for run in runs)) * size / EM,
    )


def _from_left_to_right(words: tuple[Word, ...]) -> list[int]:
    """The indices of `words` in the order in which they stand on the line.

    The Unicode bidirectional algorithm as far as names and addresses need it: whole words, the direction of the line
    from its first letter, numbers with the words before them.
    """
    directions: list[str] = []
    for word in words:
        directions.append(word.direction or (directions[-1] if directions else ""))
    base = next((direction for direction in directions if direction), "L")
    placed: list[int] = []
    for direction, group in groupby(range(len(words)), key=lambda index: directions[index] or base):
        same = list(group)
        if direction == "R":
            same.reverse()
        placed = placed + same if base == "L" else same + placed
    return placed


class Sheet:
    """One page that text, rules and boxes are put on."""

    def __init__(self, width: float, height: float):
        self.width = width
        self.height = height
        self._stream = pydyf.Stream(compress=True)
        self._used: dict[Font, dict[int, str]] = {}  # glyphs in order of first use, and the text each one stands for

    def color(self, red: float, green: float, blue: float) -> None:
        """Of everything put on the sheet from here on; 0 to 1 each."""
        self._stream.set_color_rgb(red, green, blue)

    def rectangles(self, rectangles: list[tuple[float, float, float, float]]) -> None:
        """Fill (left, top, width, height) of each, as one path: neighbours show no seam."""
        for left, top, width, height in rectangles:
            self._stream.rectangle(*self._numbers(left, self.height - top - height, width, height))
        self._stream.fill()

    def put(self, line: Line, left: float, top: float) -> None:
        """Put `line` with its upper left corner there."""
        x_of: dict[int, float] = {}
        x = left
        for index in _from_left_to_right(line.words):
            x_of[index] = x
            x += (line.words[index].width + line.words[index].space) * line.size / EM
        # Written in the order of reading, so that what is copied or read aloud is in order, wherever it stands.
        for index, word in enumerate(line.words):
            self._put_word(word, line.size, x_of[index], self.height - top - line.ascent)

    def _put_word(self, word: Word, size: float, x: float, y: float) -> None:
        # The glyphs of these scripts are not one to a letter nor in the order of the letters: say what is written.
        spelled = any(run.font.name.partition("-")[0] != "NotoSans" for run in word.runs)
        if spelled:
            text = pydyf.String(word.text + " ").data.decode()
            self._stream.begin_marked_content("Span", f"<</ActualText {text}>>".encode())
        self._stream.begin_text()
        for run in word.runs:
            self._stream.set_font_size(self._name(run.font), *self._numbers(size))
            self._stream.set_text_matrix(1, 0, 0, 1, *self._numbers(x, y))
            x += run.width * size / EM
            glyphs = run.glyphs
            if run is word.runs[-1] and word.direction != "R":  # a true space, for readers that do not measure gaps
                glyphs += (Glyph(run.font.space, word.space, 0, 0, len(run.text), joined=False),)
            self._note(run.font, run.text + " ", glyphs)
            self._show(run.font, glyphs, size)
        self._stream.end_text()
        if spelled:
            self._stream.end_marked_content()

    def _show(self, font: Font, glyphs: tuple[Glyph, ...], size: float) -> None:
        ahead = 0  # how far the pen of the PDF reader is right of where it should be
        for dy, group in groupby(glyphs, key=lambda glyph: glyph.dy):
            shown: list[str] = []
            for glyph in group:
                if ahead - glyph.dx:
                    shown.append(str(ahead - glyph.dx))
                shown.append(f"<{glyph.number:04x}>")
                ahead = glyph.dx + font.advance(glyph.number) - glyph.advance
            if dy:
                self._stream.set_text_rise(*self._numbers(dy * size / EM))
            self._stream.show_text("".join(shown).replace("><", ""))
            if dy:
                self._stream.set_text_rise(0)

    def _name(self, font: Font) -> str:
        self._used.setdefault(font, {})
        return f"F{list(self._used).index(font) + 1}"

    def _note(self, font: Font, text: str, glyphs: tuple[Glyph, ...]) -> None:
        """Remember which glyphs are used, and what a reader that ignores ActualText should take each one for."""
        starts = [*sorted({glyph.cluster for glyph in glyphs}), len(text)]
        for glyph in glyphs:
            alone = sum(other.cluster == glyph.cluster for other in glyphs) == 1
            letters = text[glyph.cluster : starts[bisect_right(starts, glyph.cluster)]] if alone else ""
            self._used[font].setdefault(glyph.number, letters)

    def pdf(self, *, title: str, language: str, producer: str, now: datetime) -> bytes:
        """The finished file. The same sheet at the same instant gives the same bytes."""
        pdf = pydyf.PDF()
        pdf.add_object(self._stream)
        fonts = pydyf.Dictionary()
        for number, (font, used) in enumerate(self._used.items(), start=1):
            fonts[f"F{number}"] = _embed(pdf, font, used).reference
        pdf.add_page(
            pydyf.Dictionary(
                {
                    "Type": "/Page",
                    "Parent": pdf.pages.reference,
                    "MediaBox": pydyf.Array([0, 0, *self._numbers(self.width, self.height)]),
                    "Resources": pydyf.Dictionary({"Font": fonts}),
                    "Contents": self._stream.reference,
                }
            )
        )
        pdf.catalog["Lang"] = pydyf.String(language)
        pdf.catalog["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
        pdf.info["Title"] = pydyf.String(title)
        pdf.info["Producer"] = pydyf.String(producer)
        pdf.info["CreationDate"] = pydyf.String(f"D:{now.astimezone(UTC):%Y%m%d%H%M%SZ}")
        file = BytesIO()
        pdf.write(file, version=b"1.7", compress=True)
        return file.getvalue()

    @staticmethod
    def _numbers(*numbers: float) -> list[float]:
        return [round(number, 2) for number in numbers]


def _embed(pdf: pydyf.PDF, font: Font, used: dict[int, str]) -> pydyf.Dictionary:
    """Add the glyphs used of `font` to the file, as a font whose codes are glyph numbers."""
    data = font.subset(set(used))
    # Readers take two fonts of one name for the same: the tag tells subsets apart.
    name = f"/TIKASL+{font.name}"
    file = pydyf.Stream([data], {"Length1": len(data)}, compress=True)
    pdf.add_object(file)
    head = hb.Face(hb.Blob(data)).reference_table("head").data
    descriptor = pydyf.Dictionary(
        {
            "Type": "/FontDescriptor",
            "FontName": name,
            "Flags": 4,  # not of the standard Latin character set
            "FontBBox": pydyf.Array(unpack_from(">4h", head, 36)),  # xMin, yMin, xMax, yMax
            "ItalicAngle": 0,
            "Ascent": font.ascent,
            "Descent": font.descent,
            "CapHeight": 714,
            "StemV": 80 if font.weight == REGULAR else 140,
            "FontFile2": file.reference,
        }
    )
    pdf.add_object(descriptor)
    descendant = pydyf.Dictionary(
        {
            "Type": "/Font",
            "Subtype": "/CIDFontType2",
            "BaseFont": name,
            "CIDSystemInfo": pydyf.Dictionary(
                {"Registry": pydyf.String("Adobe"), "Ordering": pydyf.String("Identity"), "Supplement": 0}
            ),
            "FontDescriptor": descriptor.reference,
            "W": pydyf.Array([part for glyph in sorted(used) for part in (glyph, f"[{font.advance(glyph)}]")]),
            "CIDToGIDMap": "/Identity",
        }
    )
    pdf.add_object(descendant)
    to_unicode = pydyf.Stream([_to_unicode(used)], compress=True)
    pdf.add_object(to_unicode)
    whole = pydyf.Dictionary(
        {
            "Type": "/Font",
            "Subtype": "/Type0",
            "BaseFont": name,
            "Encoding": "/Identity-H",
            "DescendantFonts": pydyf.Array([descendant.reference]),
            "ToUnicode": to_unicode.reference,
        }
    )
    pdf.add_object(whole)
    return whole


def _to_unicode(used: dict[int, str]) -> bytes:
    pairs = [f"<{glyph:04x}> <{text.encode('utf-16-be').hex()}>" for glyph, text in sorted(used.items()) if text]
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def",
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        "1 begincodespacerange <0000> <ffff> endcodespacerange",
    ]
    for start in range(0, len(pairs), 100):  # the most that one block may have
        block = pairs[start : start + 100]
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines).encode()
