"""The pivot beside: it is read where something asks what it says, be it among the languages of a mixture or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix import (
    Budget,
    Recipe,
    audit_source,
    build_mixture,
    export_mixture,
    plan_mixture,
    rebuild_mixture,
    sweep_mixtures,
    verify_export,
)
from pinchmix.errors import ArgumentError, LanguageClash, SourceError, UnknownLanguage
from pinchmix.exclude import Exclusion
from pinchmix.family import Family
from pinchmix.plugins import Cells as Judged
from pinchmix.plugins import Cost, Findings
from tests.grids import Cells, cells, laws
from tests.sweeps import counts_of, rows_of, swept, varied

IDS = [f"i{number}" for number in range(12)]
GRID: Cells = {"only": ["en"], **{key: ["en", "fi", "sw"] for key in IDS}}
COPIES = {(key, "sw") for key in IDS[:5]}
TABLE = varied(GRID, COPIES)
ASKED = {"fi": 3, "sw": 4}


def part(tag: str) -> pa.Table:
    return TABLE.filter(pc.field("language") == tag).drop(["language"])


def files(folder: Path) -> str:
    for tag in ("en", "fi", "sw"):
        pa.csv.write_csv(part(tag), folder / f"{tag}.csv")
    return str(folder / "{lang}.csv")


def wide(folder: Path) -> pa.Table:
    whole = part("en").rename_columns(["id", "prompt_en", "response_en", "task"])
    for tag in ("fi", "sw"):
        beside = part(tag).drop(["task"]).rename_columns(["id", f"prompt_{tag}", f"response_{tag}"])
        whole = whole.join(beside, "id", join_type="left outer")
    return whole


FORMS = {
    "files": files,
    "mapping": lambda folder: {tag: part(tag) for tag in ("en", "fi", "sw")},
    "long": lambda folder: TABLE,
    "wide": wide,
}


@pytest.mark.parametrize("form", FORMS)
def test_copies_of_a_pivot_that_is_not_asked_for_are_found(tmp_path: Path, form: str) -> None:
    mix = build_mixture(FORMS[form](tmp_path), ASKED, languages=["fi", "sw"], validate=["copy"])
    assert counts_of(mix) == ASKED
    assert not {(key, tag) for key, tag, _ in rows_of(mix)} & COPIES
    assert mix.notes == []
    assert list(mix.plan.languages) == ["fi", "sw"]
    assert "only" not in mix.grid.ids.to_pylist()
    alone = {tag: part(tag) for tag in ("fi", "sw")}
    blind = build_mixture(alone, {"fi": 0, "sw": 12}, validate=["copy"])
    assert {(key, tag) for key, tag, _ in rows_of(blind)} > COPIES
    [note] = blind.notes
    assert note.startswith("1 check could not be asked about 12 cells (sw 12), as they compare with the pivot and")
    assert note.endswith(" the source has no en: copy")
    told = "12 not compared, as the source has no en"
    assert told in repr(blind)
    assert told in blind._repr_html_()
    assert any(note in step for step in pinchmix.card.account.steps_of(blind))


def test_what_is_built_beside_the_pivot_is_verified_and_built_again(tmp_path: Path) -> None:
    mix = build_mixture(TABLE, ASKED, languages=["fi", "sw"], validate=["copy"])
    export_mixture(mix, tmp_path / "out", progress=False)
    verify_export(tmp_path / "out")
    rebuild_mixture(tmp_path / "out", TABLE)


def test_bad_rows_of_the_pivot_are_told_where_it_is_read() -> None:
    source = {tag: part(tag).to_pylist() for tag in ("en", "fi", "sw")}
    source["en"][1]["prompt"] = ""  # the first is of an instruction that nobody asks for
    with pytest.raises(pinchmix.BadRows, match=r"source\['en'\]"):
        build_mixture(source, ASKED, languages=["fi", "sw"], validate=["copy"])
    assert len(build_mixture(source, ASKED, languages=["fi", "sw"], validate=False)) == 7
    dropped = build_mixture(source, ASKED, languages=["fi", "sw"], validate=["copy"], on_bad_rows="drop")
    assert sum(dropped.report.dropped.values()) == 1


@laws(40)
@given(cells(), st.integers(0, 3), st.sampled_from(["disjoint", "overlap(2)", "union"]))
def test_the_pivot_beside_changes_no_choice(grid: Cells, seed: int, content: str) -> None:
    tags = sorted({tag for said in grid.values() for tag in said} - {"en"})
    if not tags:
        return
    there = {key: [tag for tag in said if tag != "en"] for key, said in grid.items()}
    there = {key: said for key, said in there.items() if said}
    said: dict[str, Any] = {"languages": tags, "seed": seed, "content": content, "partial": True}
    budget = dict.fromkeys(tags, 2)
    try:
        without = build_mixture(varied(there), budget, validate=["turns"], **said)
    except pinchmix.InfeasibleBudget:
        with pytest.raises(pinchmix.InfeasibleBudget):
            build_mixture(varied(grid), budget, validate=["turns"], **said)
        return
    beside = build_mixture(varied(grid), budget, validate=["turns"], **said)
    assert rows_of(beside) == rows_of(without)
    assert beside.plan.supply.amount.tolist() == without.plan.supply.amount.tolist()
    assert repr(plan_mixture(varied(grid), budget, validate=["turns"], **said)) == repr(
        plan_mixture(varied(there), budget, validate=["turns"], **said)
    )


def test_samplers_and_exclusions_read_a_pivot_that_is_not_asked_for() -> None:
    english = {row["id"]: row["response"] for row in part("en").to_pylist()}
    longest = build_mixture(TABLE, {"fi": 3}, languages=["fi"], sampler="longest", validate=False)
    length = sorted((len(english[key]) for key in IDS), reverse=True)[2]
    assert all(len(english[key]) >= length for key, _, _ in rows_of(longest))
    gone = Exclusion(prompts=[row["prompt"] for row in part("en").to_pylist() if row["id"] in IDS[:4]], threshold=1)
    mix = build_mixture(TABLE, {"fi": 8}, languages=["fi"], exclude=gone, validate=False)
    assert {key for key, _, _ in rows_of(mix)} == set(IDS[4:])


def test_rows_of_the_pivot_that_cannot_be_used_are_no_pivot() -> None:
    source = {tag: part(tag).to_pylist() for tag in ("en", "fi", "sw")}
    for row in source["en"][1:4]:
        row["prompt"] = None
    said: dict[str, Any] = {"on_bad_rows": "drop"}
    recipe = Recipe(Budget.counts({"fi": 12}), languages=["fi"], validators=("copy",))
    told = "1 check could not be asked about 3 cells (fi 3), as they compare with the pivot and en lacks them: copy"
    assert build_mixture(source, recipe, **said).notes == [told]
    assert sweep_mixtures(source, {"a": recipe}, **said)["a"].notes == [told]
    assert audit_source(source, languages=["fi"], validate=["copy"], workers=1).notes == [told]


def test_evaluation_prompts_are_looked_for_in_every_language_at_hand() -> None:
    finnish = {row["id"]: row["prompt"] for row in part("fi").to_pylist()}
    gone = Exclusion(prompts=[finnish[key] for key in IDS[:4]], threshold=1)
    alone = {tag: part(tag) for tag in ("fi", "sw")}  # and where there is no pivot
    for source in (TABLE, alone):
        mix = build_mixture(source, {"sw": 4, "fi": 4}, languages=["sw", "fi"], exclude=gone, validate=False)
        assert not {key for key, _, _ in rows_of(mix)} & set(IDS[:4])
        found = audit_source(source, languages=["sw", "fi"], exclude=gone, validate=False).findings
        assert set(zip(found["id"], found["language"], strict=True)) == {(k, t) for k in IDS[:4] for t in ("fi", "sw")}


def test_excluded_ids_are_missed_among_all_that_was_read() -> None:
    mix = build_mixture(TABLE, {"fi": 5}, languages=["fi"], exclude=["only"], validate=False)
    assert mix.report.excluded is not None
    assert mix.report.excluded.unknown == ()
    exclusion = Exclusion(ids=["only"])
    members = {tag: Recipe(Budget.counts({tag: 4}), languages=[tag], exclude=exclusion.digest) for tag in ("en", "fi")}
    assert len(sweep_mixtures(TABLE, members, exclude=exclusion)) == 2


class Content:
    """A check of instructions that notes what it is given."""

    name, version, cost, scope = "content", "1", Cost.CHEAP, "content"

    def __init__(self) -> None:
        self._seen: list[str | None] = []

    def judge(self, cells: Judged, languages: Any) -> Findings:
        self._seen += cells.pivot_prompts
        return Findings.of([])


def test_a_check_of_instructions_is_given_the_pivot() -> None:
    check = Content()
    mix = build_mixture(TABLE, {"fi": 5}, languages=["fi"], validate=[check])
    assert len(check._seen) == 5
    assert None not in check._seen
    assert mix.notes == []


@pytest.mark.parametrize("together", [False, True])
def test_members_of_a_family_are_compared_with_a_pivot_that_none_asks_for(together: bool) -> None:
    members = {
        "less": Recipe(Budget.counts({"fi": 3, "sw": 2}), languages=("fi", "sw"), validators=("copy",)),
        "more": Recipe(Budget.counts({"fi": 3, "sw": 4}), languages=("fi", "sw"), validators=("copy",)),
    }
    sweep = swept(TABLE, Family("f", members, nested=[["less", "more"]] if together else ()))
    for mix in sweep.values():
        assert not {(key, tag) for key, tag, _ in rows_of(mix)} & COPIES
        assert mix.notes == []


def test_a_member_without_checks_leaves_the_pivot_out_for_itself_alone() -> None:
    members = {
        "unchecked": Recipe(Budget.counts({"sw": 12}), languages=("sw",)),
        "checked": Recipe(Budget.counts({"sw": 7}), languages=("sw",), validators=("copy",)),
    }
    sweep = swept(TABLE, Family("f", members))
    assert {(key, tag) for key, tag, _ in rows_of(sweep["unchecked"])} > COPIES
    assert not {(key, tag) for key, tag, _ in rows_of(sweep["checked"])} & COPIES
    assert sweep["unchecked"].grid.languages == ("sw",)


def test_a_pivot_that_the_source_lacks_is_refused_where_it_is_named() -> None:
    with pytest.raises(UnknownLanguage, match=r"pivot: 'et' is not among the languages at hand.*There are: en, fi, sw"):
        build_mixture(TABLE, ASKED, pivot="et", validate=["copy"])
    with pytest.raises(UnknownLanguage, match="pivot: 'et'"):
        plan_mixture(TABLE, ASKED, pivot="et", sampler="longest", validate=False)
    assert len(build_mixture(TABLE, ASKED, pivot="et", validate=False)) == 7  # nothing asks what it says
    with pytest.raises(UnknownLanguage, match="pivot: 'et'"):
        audit_source(TABLE, pivot="et", validate=["copy"])
    assert audit_source(TABLE, pivot="et", validate=["unicode"]).notes == []


def test_an_audit_reads_languages_as_a_build_does() -> None:
    for languages, kind, message in (
        (["fi>en"], ArgumentError, "languages: 'fi>en' is made of two languages"),
        (["fi", "FI"], LanguageClash, "'fi' and 'FI' are the same language"),
        ("fi", ArgumentError, r"give a list of tags, such as \['fi'\]"),
        (3, ArgumentError, "languages=3: give a list of tags"),
        ({"fi"}, ArgumentError, "a set has no order"),
    ):
        with pytest.raises(kind, match=message):
            audit_source(TABLE, languages=languages)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="cache=3: give the path of a folder"):
        audit_source(TABLE, cache=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("english", [[], [{"id": "i1", "said": "a"}]], ids=["empty", "of no layout"])
def test_a_pivot_that_cannot_be_read_is_done_without_as_its_message_says(english: list[Any]) -> None:
    source = {"en": english, "fi": part("fi"), "sw": part("sw")}
    with pytest.raises(SourceError, match=r"[Ii]t is read as the pivot.*validate=False, or another pivot=\.\.\., does"):
        build_mixture(source, ASKED, languages=["fi", "sw"])
    assert counts_of(build_mixture(source, ASKED, languages=["fi", "sw"], validate=False)) == ASKED
    assert counts_of(build_mixture(source, ASKED, languages=["fi", "sw"], pivot="fi", validate=["copy"])) == ASKED
    with pytest.raises(SourceError) as asked:  # where it is asked for itself, it is no pivot to do without
        build_mixture(source, ASKED)
    assert "as the pivot" not in str(asked.value)


def test_a_recipe_has_canonical_tags_whoever_writes_it() -> None:
    recipe = Recipe(Budget.counts({"FI": 2}), languages=["FI", "zh_Hans", "iw"], pivot="EN")
    assert (recipe.languages, recipe.pivot) == (("fi", "zh", "he"), "en")
    assert counts_of(build_mixture(TABLE, Recipe(Budget.counts({"FI": 2}), languages=["FI"], pivot="EN"))) == {"fi": 2}
    for languages, kind, message in (
        (["fi>en"], ArgumentError, "languages: 'fi>en' is made of two languages; name those"),
        (["en", "EN"], LanguageClash, "'en' and 'EN' are the same language"),
        ([3], ArgumentError, "a language is a tag such as 'en', not 3"),
        (["x_"], UnknownLanguage, "'x_' is not a language tag"),
        ("en", ArgumentError, "give a list or tuple"),
    ):
        with pytest.raises(kind, match=message):
            Recipe(Budget.counts({"en": 1}), languages=languages)  # type: ignore[arg-type]
    for said, message in (
        ({"pivot": 7}, "a language is a tag such as 'en', not 7"),
        ({"settings": [1]}, r"settings=\[1\]: give a mapping"),
        ({"tokenizer": "gpt"}, "tokenizer='gpt': give a mapping"),
        ({"sampler": 3}, "sampler=3: a recipe names its sampler"),
    ):
        with pytest.raises(ArgumentError, match=message):
            Recipe(Budget.counts({"en": 1}), **said)
