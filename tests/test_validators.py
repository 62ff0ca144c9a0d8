"""The checks: each finds its fault and leaves the clean cell alone, and keeps the laws of a validator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinchmix.cells import Cells, Verdict
from pinchmix.plugins import BUILT_IN, find_plugin, traits_of
from pinchmix.policy import PRESETS
from pinchmix.testing import check_validator, toy_grid, toy_pool
from pinchmix.validators.loops import loop_of
from pinchmix.validators.preserved import VariablesValidator
from pinchmix.validators.tasks import TasksValidator
from tests.faults import ENGLISH, FAULTS, FINNISH, cells_of
from tests.grids import laws

LANGUAGES = ["en", "fi"]
ALONE = ("language", "duplicates", "repeated", "refusals", "tasks", "turns")  # with tests of their own
EVERY = cells_of([FINNISH, *FAULTS.values(), ENGLISH])


def mismatches(name: str, cells: Cells) -> list[tuple[int, str]]:
    found = find_plugin("validators", name).judge(cells, LANGUAGES)
    return sorted(
        {
            (place, field)
            for place, field, verdict in zip(found.place.tolist(), found.field, found.verdict.tolist(), strict=True)
            if verdict == Verdict.MISMATCH
        }
    )


def test_every_check_is_tested() -> None:
    assert {*FAULTS, *ALONE} == set(BUILT_IN["validators"])


@pytest.mark.parametrize("name", FAULTS)
def test_each_check_finds_its_fault_and_not_the_clean_cell(name: str) -> None:
    assert mismatches(name, cells_of([FINNISH])) == []
    changed = "prompt" if FAULTS[name][0] != FINNISH[0] else "response"
    assert mismatches(name, cells_of([FINNISH, FAULTS[name]])) == [(1, changed)]


@pytest.mark.parametrize("name", sorted(BUILT_IN["validators"]))
def test_every_check_keeps_the_laws(name: str) -> None:
    check_validator(find_plugin("validators", name), EVERY, LANGUAGES)


@pytest.mark.parametrize("name", sorted({*BUILT_IN["validators"]} - {"duplicates", "repeated"}))
@given(texts=st.lists(st.tuples(st.text(max_size=90), st.text(max_size=90), st.text(max_size=90)), max_size=6))
@laws(15)
def test_odd_text_keeps_the_laws_too(name: str, texts: list[tuple[str, str, str]]) -> None:
    some = [tuple(text.encode("utf-8", "ignore").decode() for text in three) for three in texts]
    cells = Cells(
        [str(n) for n in range(len(some))], ["fi"] * len(some), ["fi"] * len(some), [one for one, _, _ in some],
        [two for _, two, _ in some], pivot_prompts=[three for *_, three in some],
        pivot_responses=[None if n % 2 else three for n, (*_, three) in enumerate(some)],
    )  # fmt: skip
    check_validator(find_plugin("validators", name), cells, LANGUAGES)


@pytest.mark.parametrize("name", sorted({*BUILT_IN["validators"]} - {"language"}))
def test_a_cell_without_a_pivot_is_judged_by_itself(name: str) -> None:
    bare = Cells(EVERY.ids, ["fi"] * len(EVERY), ["fi"] * len(EVERY), EVERY.prompts, EVERY.responses)
    alone = {"damage", "empty", "loops", "markers", "markup", "unicode"}
    assert (len(mismatches(name, bare)) > 0) == (name in alone)


def test_what_the_pivot_has_too_is_no_fault() -> None:
    for name in ("damage", "loops", "markers", "markup"):
        prompt, response = FAULTS[name]
        one = Cells(["a"], ["fi"], ["fi"], [prompt], [response], pivot_prompts=[prompt], pivot_responses=[response])
        assert mismatches(name, one) == [], name


def worst(name: str, text: str, prompt: str = "Kuka?", pivot: str | None = None) -> int:
    """Return the worst verdict on a response."""
    cells = Cells(["a"], ["fi"], ["fi"], [prompt], [text], pivot_responses=[pivot])
    return max(find_plugin("validators", name).judge(cells, LANGUAGES).verdict.tolist(), default=Verdict.OK)


@pytest.mark.parametrize(
    ("name", "text", "verdict"),
    [
        ("markers", "### Human Resources\nCall us.", Verdict.OK),
        ("markers", "## User Guide\nOpen it.", Verdict.OK),
        ("markers", "## Assistant managers: how to\nRead.", Verdict.OK),
        ("markers", "<s>old</s> new", Verdict.OK),
        ("markers", "### Input:\n3\n### Output:\n9", Verdict.UNSURE),
        ("markers", "1. Input: a list.\n3. Output: the sorted list.", Verdict.UNSURE),
        ("markers", "Yes.\n### Human: And then?", Verdict.MISMATCH),
        ("markers", "Yes.\n## Assistant\nThen this.", Verdict.MISMATCH),
        ("markers", "### Response:\nYes.", Verdict.MISMATCH),
        ("markers", "Yes.\n\n##\n18. Instruction: Write.", Verdict.MISMATCH),
        ("markers", "Yes.\n\n###\n4. Output: 3", Verdict.MISMATCH),
        ("markers", "Yes.\n18. Instruction: Write.", Verdict.MISMATCH),
        ("markers", "Yes.</s> And", Verdict.MISMATCH),
        ("markers", "<s>[INST] Who? [/INST] He.</s>", Verdict.MISMATCH),
        ("empty", "Todo.", Verdict.OK),
        ("empty", "TODO", Verdict.MISMATCH),
        ("empty", "[TODO]", Verdict.MISMATCH),
        ("empty", "-", Verdict.UNSURE),
        ("empty", "... --- ...", Verdict.UNSURE),
        ("empty", "...", Verdict.MISMATCH),
        ("empty", "-----", Verdict.MISMATCH),
        ("empty", "Not applicable.", Verdict.MISMATCH),
        ("damage", "It\u00e2\u20ac\u2122s his.", Verdict.MISMATCH),
        ("damage", "\u00e2\u20ac\u0153Yes\u00e2\u20ac\x9d, he said", Verdict.MISMATCH),
        ("damage", "1914\u00e2\u20ac\u201c1918", Verdict.MISMATCH),
        ("damage", "La pâte coûte 3 € à Paris.", Verdict.OK),
    ],
)
def test_what_is_right_is_kept_and_what_is_like_it_is_found(name: str, text: str, verdict: Verdict) -> None:
    assert worst(name, text) == verdict


def test_a_phrase_that_the_prompt_offers_is_an_answer() -> None:
    assert worst("empty", "Not applicable.", "Answer with yes, no or not applicable.") == Verdict.UNSURE
    cells = Cells(
        ["a"], ["fi"], ["fi"], ["Vastaa: kyllä, ei tai sopimaton."], ["Ei sovellu."],
        pivot_prompts=["Answer: yes, no or not applicable."], pivot_responses=["Not applicable."],
    )  # fmt: skip
    assert find_plugin("validators", "empty").judge(cells, LANGUAGES).reason == ["placeholder of the prompt"]


@pytest.mark.parametrize(
    ("pivot", "text", "verdict"),
    [
        (r"Use \text{distance} here.", r"Käytä \text{matka} tässä.", Verdict.OK),
        (r"\section{Introduction} So \textbf{bold}.", r"\section{Johdanto} Niin \textbf{lihava}.", Verdict.OK),
        (r"So $x_{max} = 3$ then.", r"Siis $x_{suurin} = 3$ sitten.", Verdict.OK),
        ("Hi {{ name }}!", "Hei {{name}}!", Verdict.OK),
        ("In {a: {red}}.", "On {a: { red }}.", Verdict.OK),
        ("Hi {{name}}!", "Hei {name}!", Verdict.MISMATCH),
        ("Hi ${name} or ${other}!", "Hei ${nimi} tai ${other}!", Verdict.MISMATCH),
        (r"Hi\n{name}!", r"Hei\n{nimi}!", Verdict.MISMATCH),
    ],
)
def test_variables_are_told_from_tex(pivot: str, text: str, verdict: Verdict) -> None:
    assert worst("variables", text, pivot=pivot) == verdict


def test_variables_have_balanced_braces() -> None:
    assert list(VariablesValidator().spans("{a: {red}} {{name}} {{ b }} {{c}")) == ["{red}", "{{name}}", "{{b}}", "{c}"]


@pytest.mark.parametrize(("tag", "pivot", "kept"), [("en-GB", "en", True), ("en", "en-US", True), ("fi", "en", False)])
def test_a_variety_of_the_pivots_language_may_say_the_same(tag: str, pivot: str, kept: bool) -> None:
    cells = Cells(
        ["a"], [tag], [tag], [ENGLISH[0]], [ENGLISH[1]], pivot=pivot,
        pivot_prompts=[ENGLISH[0]], pivot_responses=[ENGLISH[1]],
    )  # fmt: skip
    assert (mismatches("copy", cells) == []) == kept


def test_a_question_that_was_left_as_it_is_is_told_from_a_quotation() -> None:
    text = f"{FINNISH[1]} {FINNISH[0]}"
    question = "Who of the old fishermen was it that built the harbour?"
    pivot = f"{question}\n{ENGLISH[1]} {ENGLISH[0]}"
    cells = Cells(
        [*"abc"], ["fi"] * 3, ["fi"] * 3, [f"{question}\n{text}", f"{text}\n{question}", f"Kuka?\n{text}"], ["r"] * 3,
        pivot_prompts=[pivot] * 3,
    )  # fmt: skip
    found = find_plugin("validators", "copy").judge(cells, LANGUAGES)
    assert list(zip(found.place.tolist(), found.reason, found.verdict.tolist(), strict=True)) == [
        (0, "first line", Verdict.MISMATCH), (1, "a line", Verdict.UNSURE)
    ]  # fmt: skip


def test_turns_are_those_of_the_pivot() -> None:
    roles, pivots = ["ua", "uaua", "sua", "ua"], ["ua", "ua", "ua", None]
    cells = Cells(list("abcd"), ["fi"] * 4, ["fi"] * 4, ["p"] * 4, ["r"] * 4, roles, pivot_roles=pivots)
    assert mismatches("turns", cells) == [(1, "")]


def test_content_is_decided_on_the_pivot() -> None:
    refusal = "I'm sorry, but I cannot help with that request."
    texts = [("Mitä?", "En voi."), ("Mitä?", "Totta kai.")]
    cells = Cells(
        ["a", "b"], ["fi", "fi"], ["fi", "fi"], *map(list, zip(*texts, strict=True)),
        pivot_prompts=["Write a rhyme about tea.", "What?"], pivot_responses=[refusal, "Sure."],
    )  # fmt: skip
    assert mismatches("refusals", cells) == [(0, "response")]
    assert TasksValidator().judge(cells, LANGUAGES).reason == ["rhyme"]
    german = Cells(["a"], ["de"], ["de"], ["Rhyme!"], [refusal], pivot="de")
    assert mismatches("refusals", german) == []
    assert all(traits_of(find_plugin("validators", name)).scope == "content" for name in ("refusals", "tasks"))


@given(st.text(alphabet="abcdefgh ", min_size=3, max_size=100).filter(lambda part: part.strip()), st.integers(4, 9))
@laws(100)
def test_a_loop_is_found_wherever_it_is_cut(part: str, times: int) -> None:
    looped = (part * times)[: len(part) * times - len(part) // 3]
    if len(part) * (times - 1) >= 60 and times > 4:
        assert loop_of("Once upon a time there was a river. " + looped)
        assert loop_of("Once upon a time there was a river. " + looped + ".")


def test_native_digits_and_separators_make_no_difference() -> None:
    pivot = "In 1,250 years 34.5 of 100 boats sank."
    same = ["१,२५० १०० ३४.५", "1.250 100 34,5", "1 250, 34,5 und 100", "۱۲۵۰ ۳۴٫۵ ۱۰۰"]
    cells = Cells([*"abcd"], ["hi"] * 4, ["hi"] * 4, same, ["r"] * 4, pivot_prompts=[pivot] * 4)
    assert len(find_plugin("validators", "numbers").judge(cells, ["hi"]).place) == 0


def test_a_length_is_judged_by_its_language() -> None:
    english = "The river rises in the northern hills and flows into the great lake after ninety miles or so. " * 2
    chinese = "这条河发源于北部的山丘，流经约九十英里后汇入大湖，沿途灌溉着许多田野，滋养着两岸的村庄。"
    for tag, wrong in (("zh", False), ("fi", True), ("xx", False)):
        cells = Cells(["a"], [tag], [tag], [chinese], ["r"], pivot_prompts=[english])
        found = find_plugin("validators", "length").judge(cells, [tag])
        assert (len(found.place) > 0) == wrong, tag


def test_duplicates_keep_the_first_by_the_hash_of_the_id() -> None:
    grid = toy_grid(6, ("en", "fi"), gaps=False)
    near = " ".join(f"word{n}" for n in range(60)) + " today"
    prompts = ["Name a tea.", "name  a TEA", "Why?", near, near.replace("today", "again"), "Why?"]
    pool = toy_pool(grid, prompt=prompts, response=["Oolong."] * 2 + ["So."] + ["It is."] * 2 + ["Not so."])
    check = find_plugin("validators", "duplicates").survey(pool)
    names = grid.ids.to_pylist()
    cells = Cells(names, ["fi"] * 6, ["fi"] * 6, ["p"] * 6, ["r"] * 6)
    found = check.judge(cells, LANGUAGES)
    groups = ({0, 1}, {2, 5}, {3, 4})
    last = sorted(max(group, key=lambda place: int(grid.hashes[place])) for group in groups)
    assert found.place.tolist() == last
    said = dict(zip(found.place.tolist(), found.reason, strict=True))
    assert [said[place] for group in groups for place in last if place in group] == [
        "duplicate", "same prompt", "near duplicate"
    ]  # fmt: skip
    assert {names.index(twin) for twin in found.seen} == {0, 1, 2, 3, 4, 5} - set(last)


def test_every_preset_is_of_known_checks_and_a_stricter_one_keeps_out_more() -> None:
    rejected = {
        name: {check.name for check in checks if check.mismatch == "reject"} for name, checks in PRESETS.items()
    }
    assert rejected["lenient"] < rejected["default"] < rejected["strict"] <= set(BUILT_IN["validators"])
    assert np.all(["refusals" not in {check.name for check in checks} for checks in PRESETS.values()])
