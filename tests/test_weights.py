"""Weights from elsewhere: exact shares from a file, where they are from, and every bad row named by its line."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction

import pytest

from pinchmix import Budget, Recipe
from pinchmix.errors import ArgumentError, BadFile, BudgetError, UnknownLanguage

TABLE = "lang,share\nen,45.1\niw,0.9\nzh_Hant,4\n"


def budget(tmp_path, text, name="web.csv", **more):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Budget.from_file(path, **{"total": 4640, **more})


def test_shares_are_exact_and_sorted_and_need_not_sum_to_one(tmp_path):
    made = budget(tmp_path, TABLE)
    assert made.amounts == (("en", Fraction(451, 500)), ("he", Fraction(9, 500)), ("zh-Hant", Fraction(2, 25)))
    assert budget(tmp_path, "lang,share\nzh-TW,4\nhe,0.9\nEN,45.1\n").amounts == made.amounts


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("web.csv", "\ufeff" + TABLE),
        ("web.csv", TABLE.replace("\n", "\r\n\r\n")),
        ("web.csv", TABLE.replace(",", ";")),
        ("web.tsv", TABLE.replace(",", "\t")),
        ("web.csv", "name,Language Code,Percentage\n\"a, b\",en,45.1%\nc,he,0.9%\nd,zh-Hant,4%\n"),
        ("web.json", '{"en": 45.1, "iw": 0.9, "zh-Hant": 4}'),
        ("web.json", '{"note": "a crawl", "weights": {"en": 45.1, "iw": "9/10", "zh-Hant": 4}}'),
        ("web.json", '[{"lang": "en", "share": 45.1}, {"lang": "iw", "share": 0.9}, {"lang": "zh-Hant", "share": 4}]'),
    ],
)  # fmt: skip
def test_a_file_may_have_any_of_these_forms(tmp_path, name, text):
    assert budget(tmp_path, text, name).amounts == budget(tmp_path, TABLE).amounts


WOVEN = (("en", "1/2"), ("fi>en", "1/4"), ("switch(en,fi)", "1/8"), ("translate(en>fi,response)", "1/8"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "web.csv",
            'column code,lang,share\n1,EN,4\n2,FI>en,2\n3,"switch(en,fi)",1\n4,"translate(en > fi, response)",1\n',
        ),
        ("web.csv", "lang;share\nen;4\nfi>en;2\nswitch(en,fi);1\ntranslate(en>fi,response);1\n"),
        ("web.tsv", "lang\tshare\nen\t4\nfi>en\t2\nswitch(en,fi)\t1\ntranslate(en>fi,response)\t1\n"),
        ("web.json", '{"en": 4, "fi>en": 2, "switch(en,fi)": 1, "translate(en>fi,response)": 1}'),
    ],
)
def test_a_file_weighs_woven_columns_too(tmp_path, name, text):
    made = budget(tmp_path, text, name)
    assert made.amounts == tuple((column, Fraction(share)) for column, share in WOVEN)
    assert Recipe.from_yaml(Recipe(made).to_yaml()) == Recipe(made)
    assert budget(tmp_path, text, name, languages=["fi>EN", "en"]).amounts[1] == ("fi>en", Fraction(1, 3))


def test_a_woven_column_that_is_written_in_another_way_is_a_bad_row(tmp_path):
    with pytest.raises(BadFile) as caught:
        budget(tmp_path, "lang,share\nfi->en,1\nfi>fi,1\nfi>en,1\nFI > EN,1\nen>englsh,1\n")
    assert [(fault.line, fault.text[:42]) for fault in caught.value.faults] == [
        (2, "'fi->en' names no column. Did you mean 'fi"), (3, "'fi>fi': both languages are fi. Name two. "),
        (5, "'fi>en' is given twice, first on line 4 as"), (6, "'en>englsh': 'englsh' is not a language ta"),
    ]  # fmt: skip


def test_where_weights_are_from_is_in_the_recipe_and_no_path_is(tmp_path):
    made = budget(tmp_path, TABLE, note="a  crawl\nof 2024")
    digest = hashlib.sha256(TABLE.encode()).hexdigest()
    assert made.to_dict()["origin"] == {"file": "web.csv", "sha256": digest, "note": "a crawl of 2024"}
    recipe = Recipe(made)
    assert str(tmp_path) not in recipe.to_yaml()
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe == Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert eval(repr(made), {"Budget": Budget, "Fraction": Fraction}) == made
    assert made.with_total(10).setting("origin") == made.setting("origin")
    assert (
        budget(tmp_path, '{"weights": {"en": 1}, "note": "its own"}', "w.json").to_dict()["origin"]["note"] == "its own"
    )


def test_only_the_languages_that_are_taken_count(tmp_path):
    made = budget(tmp_path, "lang,pages\nen,900\nfi,100\nru,5000\n", languages=["EN", "fi"])
    assert made.amounts == (("en", Fraction(9, 10)), ("fi", Fraction(1, 10)))
    with pytest.raises(UnknownLanguage, match="sw"):
        budget(tmp_path, TABLE, languages=["en", "sw"])
    with pytest.raises(BudgetError, match="all zero"):
        budget(tmp_path, "lang,pages\nen,0\nfi,100\n", languages=["en"])


BAD = {
    "lang,share\nen,nan\nfi,-1\nenglsh,4\ntotal,100\nEN,5\nhe,1\niw,2\nsw,\n": [2, 3, 4, 5, 8, 9],
    'lang,share\nen,"1,234"\nfi,"0,5"\n': [2, 3],
    "lang,share\nen,1,2\nfi\n": [2, 3],
    "en,0.5\nfi,0.5\n": [1],
    "langage,shar\nen,1\n": [1, 1],
    "lang,share,count\nen,1,2\n": [1],
    "lang,lang,share\nen,en,1\n": [1],
    "lang,share\n": [0],
    "lang,share\nen,0\n": [0],
    "": [0],
    'lang,share\nen,"1\n': [2],
    b"lang,share\nen,1\nfi,\xff\n": [3],
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_every_bad_row_is_named_by_its_line(tmp_path, text):
    with pytest.raises(BadFile) as caught:
        budget(tmp_path, text)
    assert [fault.line for fault in caught.value.faults] == BAD[text], caught.value


def test_columns_are_told_where_they_are_not_recognised(tmp_path):
    text = "Sprache,Seiten,share\nen,3,1\nfi,1,1\n"
    made = budget(tmp_path, text, columns={"language": "Sprache", "weight": "Seiten"})
    assert made.amounts == (("en", Fraction(3, 4)), ("fi", Fraction(1, 4)))
    with pytest.raises(BadFile, match=r"no column 'Sprach'. Did you mean 'Sprache'"):
        budget(tmp_path, text, columns={"language": "Sprach"})
    with pytest.raises(ArgumentError, match="no 'lang'"):
        budget(tmp_path, text, columns={"lang": "Sprache"})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("w.json", '{"en": 1, "en": 2}', "given twice"),
        ("w.json", '{"en": NaN}', "no JSON"),
        ("w.json", "[1]", "a mapping such as"),
        ("w.json", '{"weights": {"en": 1}, "notes": "x"}', "Did you mean 'note'"),
        ("w.xlsx", "x", "are read from .csv"),
    ],
)
def test_other_bad_files_are_refused(tmp_path, name, text, said):
    with pytest.raises(ArgumentError, match=said):
        budget(tmp_path, text, name)
