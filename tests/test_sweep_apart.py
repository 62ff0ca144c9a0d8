"""Sweeps: members that differ in what is easily overlooked, members that are impossible alone, and what they say."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

import pinchmix
from pinchmix import Budget, Family, Recipe, build_mixture, export_sweep, sweep_mixtures, verify_sweep
from pinchmix.cli import app
from pinchmix.errors import ArgumentError, InfeasibleBudget
from pinchmix.plugins import Findings

SAMPLE = pinchmix.sample()
BOTH = Budget.counts({"translate(en>fi)": 3, "translate(fi>en)": 3})
PAIR = Family(
    "pair",
    {"big": Recipe(Budget.counts({"en": 10, "fi": 5})), "small": Recipe(Budget.counts({"en": 5, "fi": 10}))},
    constant=True,
    nested=[["big", "small"]],
)


class Mute:
    name, version = "mute", "1"

    def judge(self, cells, languages):
        return Findings.of([])


def test_members_whose_wording_is_of_other_languages_are_prepared_apart():
    recipes = {tag: Recipe(BOTH, wording={tag: "XX {text}"}) for tag in ("en", "fi")}
    sweep = sweep_mixtures(SAMPLE, recipes)
    for tag, recipe in recipes.items():
        assert sweep[tag].digest == build_mixture(SAMPLE, recipe).digest
    assert sweep["en"].digest != sweep["fi"].digest


def test_a_member_is_refused_for_what_build_mixture_refuses():
    budget = Budget.counts({"translate(en>fi,response)": 3, "en": 3})
    with pytest.raises(ArgumentError, match=r"member b: .*would have them translated"):
        sweep_mixtures(SAMPLE, {"a": Recipe(budget), "b": Recipe(budget, parallel="prompt")})


def test_a_check_of_ones_own_can_be_named_where_its_object_is_given():
    sweep = sweep_mixtures(SAMPLE, PAIR, validate={"mute": "flag", "language": "off"}, plugins=[Mute()])
    checks = {check.name: check.mismatch for check in sweep["big"].plan.recipe.validators}
    assert checks["mute"] == "flag"
    assert "language" not in checks


def test_a_member_that_is_impossible_alone_says_so_with_its_certificate():
    rows = {
        tag: [{"id": str(number), "prompt": f"p{number}", "response": f"r{number}"} for number in range(size)]
        for tag, size in (("en", 11), ("fi", 2), ("sw", 2))
    }
    members = {"a": Recipe(Budget.counts({"fi": 2, "sw": 2})), "b": Recipe(Budget.counts({"en": 4}))}
    with pytest.raises(InfeasibleBudget, match="member a: fi and sw together ask for 4") as caught:
        sweep_mixtures(rows, Family("f", members, constant=True))
    assert caught.value.certificate.supply == 2


def test_card_and_recipe_of_a_member_say_that_the_recipe_alone_makes_another_mixture(tmp_path):
    sweep = sweep_mixtures(SAMPLE, PAIR)
    assert sweep["big"].digest != build_mixture(SAMPLE, PAIR["big"]).digest
    export_sweep(sweep, tmp_path / "out")
    verify_sweep(tmp_path / "out")
    card = (tmp_path / "out" / "big" / "README.md").read_text(encoding="utf-8")
    assert "family of recipes (this is big of pair)" in card
    assert "rebuild_mixture(FOLDER, SOURCE)" in card
    assert "build_mixture(\n" not in card
    recipe = (tmp_path / "out" / "big" / "recipe.yaml").read_text(encoding="utf-8")
    assert recipe.startswith("# Member 'big' of the family 'pair'")
    assert Recipe.from_yaml(recipe) == PAIR["big"]


def test_the_command_line_takes_the_folder_of_a_sweep(tmp_path):
    out = tmp_path / "out"
    run = CliRunner().invoke
    made = run(
        app,
        ["sweep", str(SAMPLE), "--family", "ladders.even", "--parameter", "languages=en,fi,sw", "--parameter",
         "total=12", "--out", str(out), "--trainers", "none"],
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    compared = run(app, ["compare", str(out)])
    assert compared.exit_code == 0, compared.output
    assert re.search(r"ml1 .*ml2 .*ml3", compared.output)
    with pytest.raises(ArgumentError, match=r"holds a sweep; rebuild one of its members, such as .*ml1"):
        run(app, ["rebuild", str(out), str(SAMPLE)], catch_exceptions=False)
