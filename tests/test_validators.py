"""The checks: each finds its fault and leaves the clean cell alone, and keeps the laws of a validator."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinchmix import build_mixture
from pinchmix.cells import Cells, Verdict
from pinchmix.judging.examine import examine, panel_of
from pinchmix.plugins import BUILT_IN, find_plugin, traits_of
from pinchmix.policy import PRESETS, Check
from pinchmix.testing import check_validator, toy_grid, toy_pool
from pinchmix.validators.copies import CopyValidator
from pinchmix.validators.loops import PERIOD, loop_of
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


@pytest.mark.parametrize("name", ["damage", "loops", "markers", "markup"])
def test_a_fault_of_the_pivot_does_not_protect_its_translations(name: str) -> None:
    _, response = FAULTS[name]
    pivot, own = [None, response], [response] * 2
    cells = Cells([*"ab"], ["en", "fi"], ["en", "fi"], ["Who?"] * 2, own, "en", pivot_prompts=[None, "Who?"],
                  pivot_responses=pivot)  # fmt: skip
    assert mismatches(name, cells) == [(0, "response"), (1, "response")]


LEFT = "It was me.\n\n##\n18. Instruction: Write a poem."
CUT = "The river rises in the northern hills. It flows into the great lake after the"


@pytest.mark.parametrize(
    ("name", "said", "content"),
    [
        ("empty", "...", True),
        ("empty", "", True),
        ("empty", "<no output>", True),
        ("damage", "It was <unk> who came.", True),
        ("markers", LEFT, True),
        ("truncation", CUT, True),
        ("damage", "It was m\ufffd who came.", False),
        ("markup", "So < b >this< / b > it was.", False),
        ("loops", "I do not know it. " * 8, False),
    ],
)
def test_which_faults_of_the_pivot_are_those_of_the_instruction(name: str, said: str, content: bool) -> None:
    cells = Cells([*"ab"], ["en", "fi"], ["en", "fi"], ["Who?"] * 2, [said, "Se olin minä, joka tuli."], "en",
                  pivot_prompts=[None, "Who?"], pivot_responses=[None, said])  # fmt: skip
    found = find_plugin("validators", name).judge(cells, LANGUAGES)
    assert found.content is not None
    said_of = list(zip(found.place.tolist(), found.verdict.tolist(), found.content.tolist(), strict=True))
    assert said_of == [(0, Verdict.MISMATCH, content), (1, Verdict.MISMATCH, True)][: 1 + content]


def test_an_instruction_whose_pivot_is_at_fault_is_in_the_mixture_in_no_language() -> None:
    rows = [
        {"id": str(n), "language": tag, "prompt": prompt, "response": answer if n % 2 or tag == "en" else clean}
        for n in range(12)
        for tag, prompt, answer, clean in (
            ("en", "Who was it that came?", LEFT if n < 6 else "It was me who came.", ""),
            (
                "fi",
                "Kuka se oli, joka tuli?",
                LEFT if n < 6 else "Se olin minä, joka tuli.",
                "Se olin minä, joka tuli.",
            ),
        )
    ]
    mix = build_mixture(pa.Table.from_pylist(rows), {"en": 3, "fi": 3}, validate=["markers"])
    assert {one.id for one in mix} == {str(n) for n in range(6, 12)}


def test_a_cell_on_tokens_is_a_doubt_in_every_language() -> None:
    english, finnish = "The unknown token is written <unk>.", "Se kirjoitetaan <unk>."
    cells = Cells([*"ab"], ["en", "fi"], ["en", "fi"], ["p"] * 2, [english, finnish], pivot_responses=[None, english])
    assert find_plugin("validators", "damage").judge(cells, LANGUAGES).verdict.tolist() == [1, 1]


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
        ("damage", "Sivu yksi.\x0cSivu kaksi.", Verdict.OK),
        ("damage", "«A MANHÃ» e «A MAÇÃ» são livros.", Verdict.OK),
        ("markup", "Jos a <b und c> d, niin.", Verdict.OK),
        ("markup", '<b class="x">lihava', Verdict.UNSURE),
        ("loops", "x | y | " * 12, Verdict.UNSURE),
        ("loops", "CAG" * 30, Verdict.UNSURE),
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


PROSE = "The old fishermen of the village used to mend their nets in the evening, and then they went to the harbour."
ASKED = "Write a text."


@pytest.mark.parametrize(
    ("asked", "text", "verdict"),
    [
        (ASKED, PROSE, Verdict.MISMATCH),
        ("Correct this English sentence: they was mending nets.", PROSE, Verdict.UNSURE),
        ("Translate into English: Vanhat kalastajat.", PROSE, Verdict.UNSURE),
        (
            ASKED,
            "git checkout -b feature\ngit add .\ngit commit -m 'add new feature'\ngit push origin feature",
            Verdict.UNSURE,
        ),
        (ASKED, "sudo apt update && sudo apt install python3-pip && pip install requests", Verdict.UNSURE),
        (ASKED, "select name, age from users where age is over thirty order by name limit ten", Verdict.UNSURE),
        (ASKED, "seo, marketing, content, strategy, analytics, social, branding, email", Verdict.UNSURE),
        (
            ASKED,
            "def add(first, second):\n    total = first + second\n    return total\n\nprint(add(one, two))",
            Verdict.UNSURE,
        ),
        (
            ASKED,
            '{"name": "the old man", "where": "in the house of the king", "how": ["by boat", "on foot"]}',
            Verdict.UNSURE,
        ),
        (ASKED, "| one | two | three |\n| four | five | six |\n| seven | eight | nine |", Verdict.UNSURE),
    ],
)
def test_prose_that_was_left_as_it_is_is_rejected_and_nothing_else(asked: str, text: str, verdict: Verdict) -> None:
    cells = Cells(["a"], ["fi"], ["fi"], ["Kirjoita."], [text], pivot_prompts=[asked], pivot_responses=[text])
    found = find_plugin("validators", "copy").judge(cells, LANGUAGES).verdict.tolist()
    assert max(found, default=0) in ((verdict, Verdict.OK) if verdict == Verdict.UNSURE else (verdict,))


def test_a_quotation_is_a_doubt() -> None:
    cells = Cells(["a"], ["fi"], ["fi"], [f'Mitä tämä lainaus tarkoittaa: "{PROSE}"'], ["r"],
                  pivot_prompts=[f'What does it mean: "{PROSE}"'])  # fmt: skip
    assert find_plugin("validators", "copy").judge(cells, LANGUAGES).verdict.tolist() == [Verdict.UNSURE]


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("first", [True, False])
def test_a_text_that_was_translated_in_part_is_found(share: float, first: bool) -> None:
    own, pivot = f"{FINNISH[1]} Sitten he menivät kotiin syömään ja nukkumaan.", f"{PROSE} {ENGLISH[1]}"
    words, others = own.split(), pivot.split()
    kept = others[-round(len(others) * share) :] if not first else others[: round(len(others) * share)]
    done = words[: round(len(words) * (1 - share))] if not first else words[round(len(words) * share) :]
    text = " ".join([*kept, *done] if first else [*done, *kept])
    cells = Cells(["a"], ["fi"], ["fi"], ["Kuka?"], [text], pivot_prompts=["Who?"], pivot_responses=[pivot])
    assert len(find_plugin("validators", "copy").judge(cells, LANGUAGES).place) == 1


LONG = "The river rises in the northern hills and flows into the great lake after ninety miles of quiet valleys."


@pytest.mark.parametrize(
    ("tag", "text", "verdict"),
    [
        ("sv", "Ha en riktigt bra dag och lycka till med allt idag! 😊", Verdict.OK),
        ("he", "הנהר נובע בגבעות הצפון וזורם אל האגם הגדול.\u200f", Verdict.OK),
        ("bo", "གཙང་པོ་འདི་བྱང་ཕྱོགས་ཀྱི་རི་ནས་འབབ་སྟེ་མཚོ་ཆེན་པོར་འབབ།", Verdict.OK),
        ("fr", "Il a dit : « La rivière prend sa source dans les collines »", Verdict.OK),
        ("de", "Siehe die Seite im Netz unter https://de.wikipedia.org/wiki/Berlin", Verdict.OK),
        ("es", "La respuesta correcta de todas ellas es sin duda la opción a", Verdict.UNSURE),
        ("ru", "Союзы, которые мы выучили на этом уроке: а, но, или, и", Verdict.UNSURE),
        ("de", "- Äpfel\n- Birnen\n- Brot", Verdict.UNSURE),
        ("de", "Der Fluss entspringt in den nördlichen Hügeln und fließt in den", Verdict.MISMATCH),
        ("fi", "Joki saa alkunsa pohjoisista kukkuloista,", Verdict.MISMATCH),
        ("fi", "Joki saa alkunsa pohjoisista kukkuloista ja virtaa", Verdict.MISMATCH),
    ],
)
def test_what_a_text_may_end_with(tag: str, text: str, verdict: Verdict) -> None:
    cells = Cells(["a"], [tag], [tag], ["p"], [text], pivot_responses=[LONG])
    assert max(find_plugin("validators", "truncation").judge(cells, [tag]).verdict.tolist(), default=0) == verdict


def test_how_long_a_translation_is_depends_on_the_pivots_language_too() -> None:
    chinese, english = (
        "这条河发源于北部的山丘，流经约九十英里后汇入大湖，沿途灌溉着许多田野，滋养着两岸的村庄，养育着无数的人们，也带来了繁荣。",
        LONG[:-1],
    )
    cells = Cells(["a"], ["en"], ["en"], ["p"], [english], pivot="zh", pivot_responses=[chinese * 2])
    assert find_plugin("validators", "truncation").judge(cells, ["en"]).verdict.tolist() == [Verdict.MISMATCH]


@given(st.integers(0, 400), st.integers(0, 400), st.integers(1, PERIOD))
@laws(60)
def test_a_loop_is_found_wherever_it_is(before: int, after: int, period: int) -> None:
    words = " ".join(f"sana{n * 7919 % 997}" for n in range(200))
    looped = words[300 : 300 + period - 1] + "z"
    text = f"{words[:before]}{looped * (max(60 // period, 4) + 1)}{words[1200 : 1200 + after][::-1]}"
    assert loop_of(text)
    assert not loop_of(words)


@pytest.mark.parametrize(
    ("name", "pivot", "text", "verdict"),
    [
        ("math", "Prices are shown in $USD/$CAD.", "Hinnat ovat dollareina.", Verdict.OK),
        ("math", "It costs $5 to $10 a day.", "Se maksaa 5–10 dollaria päivässä.", Verdict.OK),
        ("math", "So $x^2$ is there.", "Se on siellä.", Verdict.MISMATCH),
        ("math", "So \\[x \\text{ if $y$}\\] is.", "Se on.", Verdict.MISMATCH),
        ("urls", "Write to support@example.com.", "Kirjoita: support[at]example.com.", Verdict.OK),
        ("urls", "Write to info@example.com.", "ご連絡はinfo@example.comまで。", Verdict.OK),
        ("urls", "Write to info@example.com.", "ご連絡はこちらまで。", Verdict.MISMATCH),
    ],
)
def test_money_is_no_formula_and_an_address_may_stand_beside_any_script(
    name: str, pivot: str, text: str, verdict: Verdict
) -> None:
    assert worst(name, text, pivot=pivot) == verdict


def test_a_pivot_in_another_language_makes_the_language_of_its_translations_a_doubt() -> None:
    german = "Der alte Mann ging langsam die lange Straße zu seinem Haus hinunter, und niemand sah ihn dort."
    swedish = "Den gamle mannen gick långsamt nerför den långa gatan till sitt hus, och ingen såg honom där."
    cells = Cells(["a"], ["fi"], ["fi"], ["Kuka?"], [swedish], pivot_prompts=["Who?"], pivot_responses=[german])
    found = examine(
        cells, panel_of([Check("language")], [find_plugin("validators", "language")]), ["en", "fi", "de", "sv"]
    )
    assert "mismatch" not in found.findings.column("verdict").to_pylist()
    right = Cells(["a"], ["fi"], ["fi"], ["Kuka?"], [swedish], pivot_prompts=["Who?"], pivot_responses=[PROSE])
    found = examine(
        right, panel_of([Check("language")], [find_plugin("validators", "language")]), ["en", "fi", "de", "sv"]
    )
    assert "mismatch" in found.findings.column("verdict").to_pylist()


def test_turns_are_those_of_the_pivot() -> None:
    roles, pivots = ["ua", "uaua", "sua", "ua"], ["ua", "ua", "ua", None]
    cells = Cells(list("abcd"), ["fi"] * 4, ["fi"] * 4, ["p"] * 4, ["r"] * 4, roles, pivot_roles=pivots)
    assert mismatches("turns", cells) == [(1, "")]


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("Лапtoп — эto пepeнoснoй компьютер.", True),
        ("Thе lаptоp is on thе table beside the window of the old house.", True),
        ("Ο σκύλoς τρέχei.", True),
        ("Thе laptop is on the table.", False),  # one word of six
        ("Add 5 μL and 10 μg, heat by ΔT, and measure kΩ.", False),
        ("Купил iPhone и MacBook для IT-отдела.", False),
        ("Ο Python είναι γλώσσα.", False),
    ],
)
def test_words_of_two_scripts_are_a_doubt(text: str, mixed: bool) -> None:
    found = find_plugin("validators", "unicode").judge(Cells(["a"], ["ru"], ["ru"], ["p"], [text]), LANGUAGES)
    doubt = [("response", Verdict.UNSURE, "mixed scripts")]
    assert list(zip(found.field, found.verdict.tolist(), found.reason, strict=True)) == doubt * mixed


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


def test_a_question_left_in_english_is_found_before_however_long_a_greek_paragraph():
    question = "What needs to be made so that poorer members of society can take part in economic growth?"
    paragraph = "Οι φτωχότεροι άνθρωποι συμμετέχουν λιγότερο στην ανάπτυξη της οικονομίας. " * 40
    english = " ".join(f"gain{one}{other} of year" for one in "abcdefghij" for other in "klmnopqrst")
    cells = Cells(
        ["a"], ["el"], ["el"], [f"{question}\n\n{paragraph}"], ["Επενδύσεις"],
        pivot_prompts=[f"{question}\n\n{english}"], pivot_responses=["Investments"],
    )  # fmt: skip
    found = CopyValidator().judge(cells, ["en", "el"])
    assert (list(found.field), found.verdict.tolist()) == (["prompt"], [Verdict.MISMATCH])
