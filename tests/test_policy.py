"""The policy: what validate= stands for, what it does to a mixture, and what the recipe records of it."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinchmix import Budget, InfeasibleBudget, Recipe, build_mixture
from pinchmix.arguments import read_policy
from pinchmix.canonical import canonical_bytes
from pinchmix.cells import Cells, Cost, Finding, Findings, Verdict
from pinchmix.errors import ArgumentError, UnknownPlugin
from pinchmix.judging.examine import examine, panel_of
from pinchmix.policy import PRESETS, Check
from pinchmix.testing import check_validator
from pinchmix.validators.language import LanguageValidator
from tests.grids import Refuse, laws, table_of

BUILDS = laws(25)
GRID = {f"{n:02d}": ["en", "fi"] for n in range(20)}


class Spy:
    """Says what it is told to, of the cells of a word, and remembers whom it was asked about."""

    def __init__(self, name: str, word: str, verdict: Verdict = Verdict.MISMATCH, **traits: Any) -> None:
        self.name, self.version, self.word, self.verdict = name, "1", word, verdict
        self.asked: list[str] = []
        self.settings = {"name": name, "word": word, "verdict": int(verdict), **traits}
        for key, value in traits.items():
            setattr(self, key, value)

    def judge(self, cells: Cells, languages: object) -> Findings:
        self.asked += cells.prompts
        return Findings.of(
            Finding(place, "prompt", self.verdict, "word")
            for place, text in enumerate(cells.said_by_pivot("prompt") if self.content else cells.prompts)
            if text is not None and self.word in text
        )

    @property
    def content(self) -> bool:
        return getattr(self, "scope", "cell") == "content"


def cells_of(*texts: str, language: str = "fi") -> Cells:
    count = len(texts)
    return Cells([str(n) for n in range(count)], [language] * count, [language] * count, texts, ["r"] * count)


def ways(validate: Any) -> dict[str, tuple[str, str]]:
    return {check.name: (check.mismatch, check.unsure) for check, _ in read_policy(validate)}


def test_what_validate_stands_for() -> None:
    assert ways(False) == {}
    assert ways(None) == ways(True) == ways("default") == ways({})
    assert ways({"preset": "none", "language": "flag"}) == {"language": ("flag", "keep")}
    assert "language" not in ways({"language": "off"})
    assert ways({"on_unsure": "flag"})["language"] == ("reject", "flag")
    assert ways({"language": {"unsure": "reject"}})["language"] == ("reject", "reject")
    assert ways(["language", Refuse([])]) == {"language": ("reject", "keep"), "refuse": ("reject", "keep")}
    assert ways([Check("language", "flag", "reject")]) == {"language": ("flag", "reject")}
    assert ways([(Check("language", unsure="reject"), "flag")]) == {"language": ("flag", "reject")}
    assert ways([(Check("language"), "flag", "flag")]) == {"language": ("flag", "flag")}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_made(name: str) -> None:
    assert ways(name)


@pytest.mark.parametrize(
    ("validate", "said"),
    [
        ("strickt", "Did you mean 'strict'"),
        ({"preset": "strickt"}, "Did you mean 'strict'"),
        ({"language": "rejct"}, "Did you mean 'reject'"),
        ({"preset": ["turns"]}, "preset is"),
        ({"preset": None}, "preset is"),
        ([LanguageValidator], "is a class"),
        ([(Check("language"), "flog")], "Did you mean 'flag'"),
        ({"on_unsure": "kep"}, "Did you mean 'keep'"),
        ({"language": {"mismatch": "flog"}}, "Did you mean 'flag'"),
        ([3], "no validator"),
        (1, "validate=1"),
    ],
)
def test_what_it_cannot_mean(validate: Any, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        read_policy(validate)


def test_an_unknown_check_is_named() -> None:
    with pytest.raises(UnknownPlugin, match="languge"):
        read_policy({"languge": "flag"})


def test_the_recipe_holds_the_policy_and_can_be_made_of_what_it_records() -> None:
    checks = tuple(check for check, _ in read_policy({"on_unsure": "flag"}))
    recipe = Recipe(Budget.counts({"en": 1}), validators=checks, parallel="prompt")
    told = json.loads(canonical_bytes(recipe.to_dict()))
    again = Recipe(Budget.counts({"en": 1}), validators=told["validators"], parallel=told["parallel"])
    assert again == recipe
    assert again.digest == recipe.digest
    others = [
        Recipe(Budget.counts({"en": 1}), validators=checks),
        Recipe(Budget.counts({"en": 1}), validators=[Check(one.name) for one in checks], parallel="prompt"),
    ]
    assert len({recipe.digest, *(other.digest for other in others)}) == 3


def test_a_flag_leaves_the_cell_in_and_lists_it() -> None:
    refused = {(key, "fi") for key in list(GRID)[:15]}
    plain = build_mixture(table_of(GRID), {"fi": 10}, validate=False)
    mix = build_mixture(table_of(GRID), {"fi": 10}, validate=[(Refuse(refused), "flag")])
    assert mix.digest == plain.digest
    assert len(mix.rejected) == 0
    assert {(row.id, row.language) for row in mix.flagged.itertuples()} <= refused
    assert len(mix.flagged) >= 5
    doubts = build_mixture(table_of(GRID), {"fi": 10}, validate=[(Refuse([], refused), "flag", "flag")])
    assert len(doubts.flagged) == len(mix.flagged)


@pytest.mark.parametrize(("unsure", "kept"), [("keep", True), ("flag", True), ("reject", False)])
def test_what_becomes_of_a_doubt(unsure: str, kept: bool) -> None:
    panel = panel_of([Check("spy", "reject", unsure)], [Spy("spy", "bad", Verdict.UNSURE)])
    found = examine(cells_of("bad", "good"), panel, ["fi"])
    assert (found.by[0] < 0) == kept
    assert found.by[1] < 0
    assert found.findings.column("outcome").to_pylist() == [unsure]


def test_cheap_checks_run_first_and_dear_ones_are_not_asked_about_what_those_reject() -> None:
    dear, cheap, flags = (
        Spy("dear", "bad", cost=Cost.MODEL), Spy("cheap", "bad", cost=Cost.CHEAP), Spy("flags", "bad", cost=Cost.CHEAP)
    )  # fmt: skip
    panel = panel_of([Check("dear"), Check("flags", "flag"), Check("cheap")], [dear, flags, cheap])
    found = examine(cells_of("bad", "good", "bad"), panel, ["fi"])
    assert cheap.asked == flags.asked == ["bad", "good", "bad"]
    assert dear.asked == ["good"]
    assert [panel[number].check.name for number in found.by[[0, 2]]] == ["cheap", "cheap"]
    examine(cells_of("bad"), panel, ["fi"], every=True)
    assert dear.asked == ["good", "bad"]


@pytest.mark.parametrize("answer", [None, [], [Finding(0, "prompt", Verdict.MISMATCH, "word")]])
def test_a_check_that_answers_with_no_findings_is_named(answer: Any) -> None:
    spy = Spy("spy", "bad")
    spy.judge = lambda cells, languages: answer  # type: ignore[method-assign]
    with pytest.raises(ArgumentError, match=r"spy: judge\(\) returned"):
        examine(cells_of("bad"), panel_of([Check("spy")], [spy]), ["fi"])


class Capped(Spy):
    """Says MISMATCH of foreign words, of the pivot's too."""

    capped = needs_pivot = True


@pytest.mark.parametrize(("pivot", "verdict"), [("good", "mismatch"), ("bad", "unsure"), (None, "mismatch")])
def test_where_the_pivot_is_no_better_a_mismatch_is_a_doubt(pivot: str | None, verdict: str) -> None:
    one = Cells(["a"], ["fi"], ["fi"], ["bad"], ["r"], pivot_prompts=[pivot], pivot_responses=["r"])
    found = examine(one, panel_of([Check("spy")], [Capped("spy", "bad")]), ["fi"])
    assert found.findings.column("verdict").to_pylist() == [verdict]
    assert (found.by[0] < 0) == (verdict == "unsure")


def test_a_fault_of_content_takes_the_instruction_away_in_every_language() -> None:
    grid = {**GRID, "x1": ["en", "fi"], "x2": ["en", "fi"], "x3": ["fi"]}
    table = table_of(grid)
    spy = Spy("spy", "of x", scope="content", needs_pivot=True)
    mix = build_mixture(table, {"en": 10, "fi": 11}, validate=[spy])
    used = {one.id for one in mix}
    assert used <= {*GRID, "x3"}
    with pytest.raises(InfeasibleBudget) as caught:
        build_mixture(table, {"en": 10, "fi": 12}, validate=[Spy("spy", "of x", scope="content", needs_pivot=True)])
    assert caught.value.certificate.rejected == {"spy": 4}


@given(st.sets(st.sampled_from(sorted(GRID)), max_size=18), st.integers(0, 9))
@BUILDS
def test_whole_instructions_that_leave_are_counted_and_none_is_in_the_mixture(refused: set[str], seed: int) -> None:
    class Content(Refuse):
        scope = "content"

    check = Content({(key, tag) for key in refused for tag in ("en", "fi")})
    counts = {"en": (20 - len(refused)) // 2, "fi": (20 - len(refused)) // 2}
    mix = build_mixture(table_of(GRID), counts, validate=[check], seed=seed)
    assert not {one.id for one in mix} & refused
    assert len(mix) == sum(counts.values())
    assert len(mix.grid) + sum(mix.report.rejected.values()) == 40
    assert set(mix.report.rejected.values()) <= set(range(len(refused) + 1))


def test_a_declaration_that_responses_are_no_translations_hides_those_of_the_pivot() -> None:
    seen: list[Cells] = []

    class Look(Spy):
        def judge(self, cells: Cells, languages: object) -> Findings:
            seen.append(cells)
            return super().judge(cells, languages)

    for parallel in ("both", "prompt"):
        build_mixture(
            table_of(GRID), {"fi": 3, "en": 3}, validate=[Look("look", "none", needs_pivot=True)], parallel=parallel
        )
    both, prompt = seen
    for cells in seen:
        for key, tag, pivot in zip(cells.ids, cells.response_languages, cells.pivot_prompts, strict=True):
            assert pivot == (None if tag == "en" else f"prompt of {key} in en")
    assert any(both.pivot_responses)
    assert not any(prompt.pivot_responses)
    assert set(prompt.roles) == {"ua"}


def test_check_validator_finds_out() -> None:
    some = Cells(list("abc"), ["en", "fi", "fi"], ["en", "fi", "fi"], ["bad", "bad", "fine"], ["r"] * 3,
                 pivot_prompts=[None, "fine", "bad"], pivot_responses=[None, "r", "r"])  # fmt: skip
    check_validator(Spy("spy", "bad"), some, ["en", "fi"])
    check_validator(Spy("spy", "bad", scope="content"), some, ["en", "fi"])

    class Own(Spy):
        """Says of content what only one language says."""

        content = False

    class Neighbours(Spy):
        def judge(self, cells: Cells, languages: object) -> Findings:
            return super().judge(cells, languages) if len(cells) > 1 else Findings.of([])

    class Forgets(Spy):
        def __init__(self, name: str = "spy", word: str = "bad") -> None:
            super().__init__(name, word)
            self.settings = {"word": "fine"}

    for wrong, said in (
        (Own("spy", "bad", scope="content"), "in every language"),
        (Neighbours("spy", "bad"), "in batches of 1"),
        (Forgets(), "made of its settings"),
        (Spy("", "bad"), "name is a text"),
    ):
        with pytest.raises(AssertionError, match=said):
            check_validator(wrong, some, ["en", "fi"])
    with pytest.raises(ArgumentError, match="scope one of"):
        check_validator(Spy("spy", "bad", scope="word"), some, ["en"])


FINNISH = [
    ("Mikä on Suomen pääkaupunki ja missä se sijaitsee?", "Suomen pääkaupunki on Helsinki, joka on meren rannalla.")
]
ENGLISH = [("Which is the capital of this country, and where is it?", "The capital of the country is by the sea.")]
SHORT = [("Ok 1", "Ok 2")]


@pytest.mark.parametrize(
    ("texts", "rejected", "way"),
    [
        (SHORT * 3, {"language (in doubt)": 3}, {"language": {"unsure": "keep"}}),
        (ENGLISH * 3, {"language": 3}, {"language": "flag"}),
        (
            SHORT * 2 + ENGLISH + FINNISH,
            {"language": 1, "language (in doubt)": 2},
            {"language": {"mismatch": "flag", "unsure": "keep"}},
        ),
        ([*SHORT, (ENGLISH[0][0], "Ok")], {"language": 1, "language (in doubt)": 1},
         {"language": {"mismatch": "flag", "unsure": "keep"}}),
    ],
    ids=["doubts", "mismatches", "both", "both in one"],
)  # fmt: skip
def test_the_way_out_of_rejections_leads_out(
    texts: list[tuple[str, str]], rejected: dict[str, int], way: dict[str, Any]
) -> None:
    rows = [{"id": number, "prompt": one, "response": other} for number, (one, other) in enumerate(texts)]
    said = {"preset": "none", "on_unsure": "reject", "language": "reject"}
    with pytest.raises(InfeasibleBudget) as caught:
        build_mixture({"fi": rows}, {"fi": len(rows)}, validate=said)
    assert caught.value.certificate.rejected == rejected
    told = re.search(r"validate=(\{.*\})", str(caught.value))
    assert told
    assert ast.literal_eval(told[1]) == way
    assert len(build_mixture({"fi": rows}, {"fi": len(rows)}, validate={**said, **way})) == len(rows)


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["mismatch", "unsure"])), max_size=3), max_size=5)
)
@laws(60)
def test_a_doubt_rejects_alone_only_where_the_rejecting_check_finds_no_mismatch(
    found: list[list[tuple[int, str]]],
) -> None:
    """Of two checks that are asked together, whatever each finds in each cell."""

    def check(number: int) -> Any:
        findings = [
            Finding(place, "prompt", Verdict[verdict.upper()], "why")
            for place, cell in enumerate(found)
            for which, verdict in cell
            if which == number
        ]
        own = type("Own", (), {"name": f"own{number}", "version": "1", "judge": lambda self, cells, tags: of})()
        of = Findings.of(findings)
        return own

    size = len(found)
    cells = Cells([str(n) for n in range(size)], ["fi"] * size, ["fi"] * size, ["a"] * size, ["b"] * size)
    checks = [Check("own0", "reject", "reject"), Check("own1", "reject", "reject")]
    said = examine(cells, panel_of(checks, [check(0), check(1)]), ["fi"])
    for place, cell in enumerate(found):
        first = min((which for which, _ in cell), default=-1)
        assert said.by[place] == first
        assert said.doubt[place] == (first >= 0 and (first, "mismatch") not in cell)
