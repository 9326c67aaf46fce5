"""The list of mutants fits the code, and its page the list. Whether they are killed, `make mutants` tries."""

import ast
import re
from collections import Counter

import pytest

from tests.proof.mutants import EQUIVALENT, MUTANTS, PAGE, ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_another_program(mutant: Mutant):
    source = (ROOT / mutant.file).read_text()
    assert ast.dump(ast.parse(mutant.of(source))) != ast.dump(ast.parse(source))


def test_a_text_that_occurs_twice_or_never_is_refused():
    for old in ("twice", "never"):
        with pytest.raises(ValueError, match="occurs"):
            Mutant("one", "a.py", ((old, "other"),), "all").of("twice and twice")


def test_every_mutant_has_a_name_of_its_own():
    assert [name for name, times in Counter(mutant.name for mutant in MUTANTS).items() if times > 1] == []
    assert EQUIVALENT.keys() <= {mutant.name for mutant in MUTANTS}


def test_the_page_lists_the_mutants_there_are():
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", PAGE.read_text(), re.MULTILINE)[1:]
    assert [(name, breaks) for name, breaks, _ in rows] == [(mutant.name, mutant.breaks) for mutant in MUTANTS]


def test_what_is_explained_on_the_page_is_explained_in_the_list():
    rows = re.findall(r"^\| (.+?) \| .+? \| (.+?) \|$", PAGE.read_text(), re.MULTILINE)[1:]
    assert {name: said for name, said in rows if "::" not in said and said != "timed out"} == EQUIVALENT
