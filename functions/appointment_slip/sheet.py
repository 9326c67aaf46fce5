"""fpdf2 for the scripts of India: which font sets which letters, how high a line is, where a long word may be cut."""

import unicodedata
from bisect import bisect_right
from codecs import BOM_UTF16_BE
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import manimgx_fonts
import regex
import uharfbuzz as hb
from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection
from fpdf.line_break import Fragment

REGULAR, BOLD = 400, 700
FONTS = Path(manimgx_fonts.__file__).parent
_INSTANCES = TemporaryDirectory(prefix="fonts-")

LATIN, ARABIC = "NotoSans", "NotoSansArabic"
# First code point and font; a row ends where the next begins. Devanagari also serves Dogri, Konkani, Maithili,
# Marathi, Nepali and Sanskrit, Bengali also Assamese, and Arabic letters Kashmiri, Sindhi and Urdu.
_BLOCKS = (
    (0x0000, LATIN),
    (0x0600, ARABIC),
    (0x0780, LATIN),
    (0x08A0, ARABIC),
    (0x0900, "NotoSansDevanagari"),
    (0x0980, "NotoSansBengali"),
    (0x0A00, "NotoSansGurmukhi"),
    (0x0A80, "NotoSansGujarati"),
    (0x0B00, "NotoSansOriya"),
    (0x0B80, "NotoSansTamil"),
    (0x0C00, "NotoSansTelugu"),
    (0x0C80, "NotoSansKannada"),
    (0x0D00, "NotoSansMalayalam"),
    (0x0D80, "NotoSansSinhala"),
    (0x0E00, LATIN),
    (0x1CD0, "NotoSansDevanagari"),  # Vedic signs
    (0x1D00, LATIN),
    (0xA8E0, "NotoSansDevanagari"),
    (0xA900, LATIN),
    (0xFB50, ARABIC),
    (0xFE00, LATIN),
    (0xFE70, ARABIC),
    (0xFEFF, LATIN),
)
_FIRST = [first for first, _ in _BLOCKS]
_DANDAS = "\u0964\u0965"  # encoded with Devanagari, written in most scripts of India
UNKNOWN = "\ufffd"  # drawn for a letter that no font has: fpdf2 would leave it out
# Line heights in font sizes: what the tallest stacks of letters need above and below the baseline.
_LINE_HEIGHTS = {
    LATIN: 1.36,
    ARABIC: 1.95,
    "NotoSansKannada": 1.7,
    "NotoSansOriya": 1.7,
    "NotoSansTelugu": 1.7,
}
_LINE_HEIGHT = 1.45
# What stays together when a word is cut: a letter with its marks, with what a virama or an Arabic join ties to it, and
# with a consonant that has no vowel of its own.
_SYLLABLE = regex.compile(r"(?:\X(?<=\p{ccc=9}\u200d?|\p{jt=D}\p{M}*))*\X[\u09ce\u0d7a-\u0d7f]*")
_LETTER = regex.compile(r"\X")
CUT = "\u200b"  # a line may end here


class _Spelled(Fragment):
    """Says what is written, to whoever copies it or has it read aloud: the glyphs of most scripts of India are not one
    to a letter, nor in the order of the letters.
    """

    def render_pdf_text(self, *args) -> str:
        spelling = (BOM_UTF16_BE + self.string.encode("utf-16-be")).hex()
        return f"/Span <</ActualText <{spelling}>>> BDC {super().render_pdf_text(*args)} EMC"


class _WithinRightToLeft(Fragment):
    """A number among words that run from right to left: it stands in their order, and runs in its own."""

    fragment_direction = TextDirection.RTL


class Sheet(FPDF):
    """One page, in points."""

    def __init__(self, width: float, height: float):
        super().__init__(unit="pt", format=(width, height))
        self.c_margin = 0
        self.alias_nb_pages("")  # "{nb}" in a name is a name
        self.set_auto_page_break(False)
        self.set_text_shaping(True, language="en")  # unset, HarfBuzz would take the language of the machine
        self.add_page()

    def paragraph(self, text: str, *, size: float, weight: int, width: float, align: str = "L") -> None:
        """Set `text` from the current position on, and go to the beginning of what comes below it."""
        self.set_font(self._family(LATIN, weight), size=size)
        if text := self._fitted(text, width):
            self.multi_cell(width, size * line_height(text), text, align=align, new_x="LEFT", new_y="NEXT")

    def _fitted(self, text: str, width: float) -> str:
        """`text` with cuts in the words that are wider than a line: fpdf2 alone would cut through a syllable."""
        return " ".join(CUT.join(self._parts(word, width)) for word in text.split())

    def _parts(self, word: str, width: float) -> Iterator[str]:
        while word:
            first, *rest = self.multi_cell(width, text=word, dry_run=True, output="LINES")
            end = self._end_of_line(word, len(first)) if rest else len(word)
            yield word[:end]
            word = word[end:]

    @staticmethod
    def _end_of_line(word: str, room: int) -> int:
        """The last place in the first `room` characters where `word` may be cut, or may be in need."""
        for unit in (_SYLLABLE, _LETTER):
            ends = [end for match in unit.finditer(word) if (end := match.end()) <= room]
            if ends:
                return ends[-1]
        return room

    def _preload_bidirectional_text(self, text: str, markdown: bool) -> list[Fragment]:
        """`text` in stretches of one font and one direction.

        In place of fpdf2's own way, which takes joiners and marks from the first font that has them, apart from their
        letters, and which puts a number after Urdu words on the wrong side of them.
        """
        weight = int(self.font_family[-3:])
        paragraph = BidiParagraph(text, preserve_bn_chars=True)
        base = 1 if paragraph.base_direction == TextDirection.RTL else 0
        levels: list[int] = []
        for letter in paragraph.get_characters():
            # A joiner, which has no direction, must not part what it joins.
            joiner = levels and letter.original_bidi_class == "BN"
            levels.append(levels[-1] if joiner else letter.embedding_level)
        fonts = self._fonts_of(text, weight)
        fragments = []
        for (level, font), stretch in groupby(zip(levels, fonts, text, strict=True), key=lambda each: each[:2]):
            state = self._get_current_graphics_state()
            state.font_family = font
            state.current_font = self.fonts[font]
            state.text_shaping["paragraph_direction"] = paragraph.base_direction
            state.text_shaping["fragment_direction"] = TextDirection.RTL if level % 2 else TextDirection.LTR
            if font == _name(ARABIC, weight):
                state.text_shaping["language"] = "ur"  # it has digits of its own
            kind = Fragment if font in (_name(LATIN, weight), _name(ARABIC, weight)) else _Spelled
            if level > base + 1:
                kind = _WithinRightToLeft
            letters = [letter if self._can_draw(letter, font) else UNKNOWN for *_, letter in stretch]
            fragments.append(kind(letters, state, self.k))
        return fragments

    def _fonts_of(self, text: str, weight: int) -> list[str]:
        """The font of each letter."""
        fonts: list[str] = []
        for letter in text:
            own = _file(letter)
            # Joiners, marks and punctuation belong to the letters before them as long as their font has them.
            shared = own == LATIN and not letter.isalpha()
            shared = shared or letter in _DANDAS or unicodedata.category(letter) == "Mn"
            follows = shared and fonts and ord(letter) in self.fonts[fonts[-1]].cmap
            fonts.append(fonts[-1] if follows else self._family(own, weight))
        return fonts

    def _can_draw(self, letter: str, font: str) -> bool:
        return ord(letter) in self.fonts[font].cmap or unicodedata.category(letter) == "Cf"

    def _family(self, file: str, weight: int) -> str:
        family = _name(file, weight)
        if family not in self.fonts:
            self.add_font(family, fname=_instance(file, weight))
            # Readers take two fonts of one name for the same.
            self.fonts[family].name = f"{file}-{'Bold' if weight == BOLD else 'Regular'}"
        return family


def line_height(text: str) -> float:
    """In font sizes; the baseline is 0.3 below its middle."""
    return max((_LINE_HEIGHTS.get(_file(letter), _LINE_HEIGHT) for letter in text), default=0)


def _file(character: str) -> str:
    return _BLOCKS[bisect_right(_FIRST, ord(character)) - 1][1]


def _name(file: str, weight: int) -> str:
    return f"{file}{weight}".lower()


@cache
def _instance(file: str, weight: int) -> Path:
    """The font at one weight, in a file: fpdf2 shapes from files, and takes seconds to make one of a variable font."""
    face = hb.Face(hb.Blob.from_file_path(str(FONTS / f"{file}[wght].ttf")))
    everything = hb.SubsetInput()
    everything.keep_everything()
    everything.pin_axis_location(face, "wght", weight)
    path = Path(_INSTANCES.name) / f"{file}-{weight}.ttf"
    path.write_bytes(everything.subset(face).blob.data)
    return path
