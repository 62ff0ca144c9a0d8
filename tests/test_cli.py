"""The command line: the functions under the same words, with one message and one exit code for each kind of failure."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pinchmix
from pinchmix import cli
from pinchmix.cli import options
from pinchmix.manifest import NAME
from tests.grids import table_of

GRID = {f"i{number}": ["en", "fi"] for number in range(10)}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    for tag in ("en", "fi"):
        rows = [row for row in table_of(GRID).to_pylist() if row["language"] == tag]
        (folder / f"{tag}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the command line here; return exit code, standard output and standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pinchmix", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        said = capsys.readouterr()
        return caught.value.code or 0, said.out, said.err

    return run


def in_process(*arguments, cwd=None):
    env = {**os.environ, "PYTHONPATH": str(Path(pinchmix.__file__).parents[1])}
    command = [sys.executable, "-m", "pinchmix", *map(str, arguments)]
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_build_exports_and_verifies_what_the_function_builds(call, source, tmp_path):
    code, out, err = call(
        "build", source, "--budget", "en=3", "--budget", "fi=2", "--out", tmp_path / "out", "--no-validate", "--seed", 4
    )
    assert (code, err) == (0, "")
    mix = pinchmix.build_mixture(source, {"en": 3, "fi": 2}, validate=False, seed=4)
    manifest = pinchmix.verify_export(tmp_path / "out")
    assert manifest.identity["mixture"]["digest"] == mix.digest
    assert manifest.identity["recipe"]["digest"] == mix.plan.recipe.digest
    assert repr(mix) in out
    assert f"verified: 5 rows, digest {mix.digest}" in out


def test_a_process_of_its_own_builds_the_same(source, tmp_path):
    done = in_process(
        "build", ".", "--budget", "en=3", "--budget", "*=2", "--out", tmp_path / "out", "--seed", 4, cwd=source
    )
    assert (done.returncode, done.stderr) == (0, "")
    mix = pinchmix.build_mixture(source, {"en": 3, "*": 2}, seed=4)
    assert f"digest {mix.digest}" in done.stdout


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (["en=0.9", "fi=0.1"], {"en": 0.9, "fi": 0.1}),
        (["en=90%", "fi=10%"], {"en": 0.9, "fi": 0.1}),
        (["en=87.7%", "fi=12.3%"], {"en": 0.877, "fi": 0.123}),
        (["en=1e-1", "*=0.9"], {"en": 0.1, "*": 0.9}),
    ],
    ids=" ".join,
)
def test_shares_and_percentages_mean_what_they_mean_in_a_mapping(call, source, tmp_path, said, meant):
    budget = [part for amount in said for part in ("--budget", amount)]
    code, _, err = call("build", source, *budget, "--total", 10, "--no-validate", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    recipe = pinchmix.build_mixture(source, meant, total=10, validate=False).plan.recipe
    assert pinchmix.verify_export(tmp_path / "out").identity["recipe"]["digest"] == recipe.digest


@pytest.mark.parametrize(("said", "meant"), [("1,234", 1234), ("12,345,678", 12345678), ("1_000", 1000), ("7", 7)])
def test_a_count_may_have_its_thousands_separated(said, meant):
    assert options.amount("--budget", "en", said) == meant
    assert isinstance(options.amount("--budget", "en", said), int)


@pytest.mark.parametrize("said", ["0,9", "12,34", ",5", "many", "%", "ten%", "0x10", "--"])
def test_an_amount_that_could_be_misread_is_refused(call, source, said):
    code, out, err = call("plan", source, "--budget", f"en={said}")
    assert (code, out) == (2, "")
    assert err == f"ArgumentError: --budget en={said}: the amount is a count, a share or a percentage.\n"


def test_plan_shows_the_plan_and_reads_no_text(call, source):
    code, out, err = call("plan", source, "--budget", "en=3", "--budget", "fi=2")
    assert (code, err) == (0, "")
    assert out == f"{pinchmix.plan_mixture(source, {'en': 3, 'fi': 2})!s}\n"
    assert out.startswith("5 examples of 10 instructions, 5 left over\n")


def test_every_option_of_a_recipe_arrives(call, source, tmp_path):
    (tmp_path / "data").mkdir()
    for path in source.glob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        lines = [json.dumps({"nr": row["id"], "q": row["prompt"], "a": row["response"]}) for row in rows]
        (tmp_path / "data" / path.name).write_text("\n".join([*lines, '{"nr": "x", "q": "", "a": ""}']) + "\n")
    code, out, err = call(
        "build", tmp_path / "data" / "{lang}.jsonl", "--budget", "fi=2", "--languages", "fi, en", "--pivot", "en",
        "--content", "disjoint", "--sampler", "random", "--no-validate", "--seed", "-9", "--columns", "id=nr",
        "--columns", "prompt=q", "--columns", "response=a", "--on-bad-rows", "drop", "--out", tmp_path / "out",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "2 bad rows dropped" in out
    assert len(re.findall(r"(?m)^dropped .*(en|fi)\.jsonl:11  empty text: ", out)) == 2
    recipe = pinchmix.verify_export(tmp_path / "out").identity["recipe"]
    assert (recipe["languages"], recipe["seed"], recipe["budget"]["amounts"]) == (["fi", "en"], -9, {"fi": 2})


@pytest.mark.parametrize("said", [["fi,en"], ["fi", "en"], [" fi ", "en,"]])
def test_languages_are_said_with_commas_or_one_by_one(call, source, tmp_path, said):
    languages = [part for tag in said for part in ("--languages", tag)]
    code, out, _ = call("recipe", *languages, "--budget", "fi=2", "--json")
    assert (code, json.loads(out)["languages"]) == (0, ["fi", "en"])
    assert call("build", source, *languages, "--budget", "*=2", "--no-validate", "--out", tmp_path / "out")[0] == 0
    assert pinchmix.verify_export(tmp_path / "out").identity["recipe"]["languages"] == ["fi", "en"]
    code, out, _ = call("plan", source, *languages, "--budget", "*=2")
    assert (code, out) == (0, f"{pinchmix.plan_mixture(source, {'*': 2}, languages=['fi', 'en'])!s}\n")
    (tmp_path / "weights.csv").write_text("language,weight\nen,1\nfi,1\nsw,1\n")
    weights = ("--weights", tmp_path / "weights.csv", "--total", 4)
    code, out, _ = call("recipe", *languages, *weights, "--json")
    assert (code, set(json.loads(out)["budget"]["amounts"])) == (0, {"en", "fi"})
    code, out, _ = call("audit", source, *languages, "--check", "preset=none", "--check", "empty=flag")
    assert code == 0
    asked = {"preset": "none", "empty": "flag"}
    assert out.endswith(f"{pinchmix.audit_source(source, validate=asked, languages=['fi', 'en'])!r}\n")


def test_verify_says_so_when_all_is_well_and_names_the_faults_when_not(call, source, tmp_path):
    out_folder = tmp_path / "out"
    mix = pinchmix.build_mixture(source, {"en": 3}, validate=False)
    files = len(pinchmix.export_mixture(mix, out_folder).files)
    code, out, err = call("verify", out_folder)
    assert (code, out, err) == (0, f"{out_folder} verifies: 3 rows, {files} files, digest {mix.digest}\n", "")
    (out_folder / "data" / "messages" / "train.jsonl").write_text("{}\n")
    code, out, err = call("verify", out_folder)
    assert (code, out) == (4, "")
    assert err.startswith(f"VerificationFailed: {out_folder}: ")
    assert "data/messages/train.jsonl: " in err


def test_plugins_lists_what_the_function_lists(call):
    code, out, _ = call("plugins")
    assert code == 0
    listed = {tuple(line.split("  ")) for line in out.splitlines()}
    assert listed == {
        (group, name, where) for group, names in pinchmix.list_plugins().items() for name, where in names.items()
    }


def test_version_and_no_arguments(call):
    assert call("--version") == (0, f"pinchmix {pinchmix.__version__}\n", "")
    code, out, err = call()
    assert code == 2
    assert all(re.search(rf"\b{word}\b", out + err) for word in ("build", "plan", "verify", "plugins"))


# Failures: (what is said, exit code, what the message says)
FAILURES = {
    "too much asked": (["plan", "SOURCE", "--budget", "fi=11"], 3, r"InfeasibleBudget: fi asks for 11 .* only 10"),
    "no such source": (["plan", "nowhere", "--budget", "fi=1"], 2, r"SourceNotFound: .*nowhere"),
    "no such language": (["plan", "SOURCE", "--budget", "sw=1"], 2, r"UnknownLanguage: budget: 'sw'"),
    "no such sampler": (
        ["plan", "SOURCE", "--budget", "fi=1", "--sampler", "x"],
        2,
        r"UnknownPlugin: no sampler .*'x'",
    ),
    "shares without a total": (["plan", "SOURCE", "--budget", "fi=0.5"], 2, r"BudgetError: .*total"),
    "a language twice": (["plan", "SOURCE", "--budget", "fi=1", "--budget", "fi=2"], 2, r"--budget fi is given twice"),
    "no amount": (["plan", "SOURCE", "--budget", "fi"], 2, r"ArgumentError: --budget fi: write --budget NAME=VALUE"),
    "no budget": (["plan", "SOURCE"], 2, r"--budget"),
    "no such option": (["plan", "SOURCE", "--budget", "fi=1", "--sed", "3"], 2, r"--seed"),
    "no such command": (["bild"], 2, r"bild"),
    "no export": (["verify", "SOURCE"], 2, r"ExportError: .* is no export"),
    "a taken folder": (["build", "SOURCE", "--budget", "fi=1", "--out", "SOURCE"], 2, r"FolderTaken: .* another place"),
    "no room": (
        ["build", "SOURCE", "--budget", "fi=1", "--out", "SOURCE/en.jsonl/x", "--no-validate"],
        1,
        r"en.jsonl/x cannot be written: .*en.jsonl: File exists",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_one_message_and_its_exit_code_without_a_traceback(call, source, name):
    said, expected, message = FAILURES[name]
    before = sorted(source.iterdir())
    code, _, err = call(*[part.replace("SOURCE", str(source)) for part in said])
    assert code == expected
    assert re.search(message, err)
    assert "Traceback" not in err
    assert sorted(source.iterdir()) == before


def test_debug_shows_the_traceback_and_nothing_else_does(source):
    for debug in (False, True):
        done = in_process("plan", source, "--budget", "fi=11", *(["--debug"] if debug else []))
        assert ("Traceback" in done.stderr) == debug
        assert done.returncode == 3
        assert "\nInfeasibleBudget: fi asks for 11 instructions" in "\n" + done.stderr


def test_a_taken_folder_is_refused_before_the_source_is_read(call, tmp_path):
    pinchmix.export_mixture(pinchmix.build_mixture(table_of(GRID), {"en": 1}, validate=False), tmp_path / "out")
    code, _, err = call("build", "nowhere", "--budget", "en=1", "--out", tmp_path / "out")
    assert code == 2
    assert "--overwrite replaces it" in err  # in words of options, not of keywords


def test_overwrite_replaces_an_export(call, source, tmp_path):
    command = ["build", source, "--no-validate", "--out", tmp_path / "out", "--budget"]
    assert call(*command, "en=1")[0] == 0
    assert call(*command, "en=2")[0] == 2
    assert json.loads((tmp_path / "out" / NAME).read_bytes())["identity"]["mixture"]["rows"] == 1
    assert call(*command, "en=2", "--overwrite")[0] == 0
    assert json.loads((tmp_path / "out" / NAME).read_bytes())["identity"]["mixture"]["rows"] == 2


def test_bad_rows_are_named_with_the_way_out_as_an_option(call, tmp_path):
    (tmp_path / "en.jsonl").write_text('{"id": "a", "prompt": "p", "response": ""}\n')
    code, _, err = call("build", tmp_path, "--budget", "en=1", "--out", tmp_path / "out")
    assert code == 2
    assert err.startswith("BadRows: 1 row cannot be used:")
    assert "en.jsonl:1" in err
    assert "--on-bad-rows drop" in err
    assert not (tmp_path / "out").exists()


def test_an_interrupt_is_code_130_without_a_traceback(call, source, tmp_path, monkeypatch):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(pinchmix, "build_mixture", interrupted)
    code, _, err = call("build", source, "--budget", "en=1", "--out", tmp_path / "out")
    assert code == 130
    assert "Traceback" not in err


# Exports --------------------------------------------------------------------------------------------------------------


def test_every_option_of_an_export_arrives(call, source, tmp_path):
    code, _, err = call(
        "build", source, "--budget", "en=3", "--budget", "fi=2", "--no-validate", "--out", tmp_path / "out",
        "--formats", "messages, alpaca", "--trainers", "trl", "--shards", 2, "--root", "/srv/x",
        "--about", "name=Mine", "--about", "license=mit", "--about", 'sources=["a", "b"]',
    )  # fmt: skip
    assert (code, err) == (0, "")
    identity = pinchmix.verify_export(tmp_path / "out").identity
    about = {"name": "Mine", "license": "mit", "sources": ["a", "b"]}
    assert identity["export"] == {
        "formats": ["messages", "alpaca"], "trainers": ["trl"], "shards": 2, "rooted": True, "about": about,
    }  # fmt: skip
    assert (tmp_path / "out" / "data" / "alpaca" / "train-00001-of-00002.jsonl").is_file()
    assert "/srv/x/data" in (tmp_path / "out" / "trainers" / "trl.yaml").read_text()
    assert call("build", source, "--budget", "en=1", "--trainers", "none", "--out", tmp_path / "no")[0] == 0
    assert not (tmp_path / "no" / "trainers").exists()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--formats", "alpaca"], "ArgumentError: formats: 'messages' is what"),
        (["--formats", "messages,alpacca"], "UnknownPlugin: no format is called 'alpacca'. Did you mean 'alpaca'"),
        (["--trainers", "trll"], "UnknownPlugin: no exporter is called 'trll'"),
        (["--shards", "0"], "ArgumentError: shards=0"),
        (["--root", "here"], "ArgumentError: root='here'"),
        (["--about", "licence=mit"], "ArgumentError: about: there is no 'licence'"),
        (["--about", "name"], "ArgumentError: --about name: write --about NAME=VALUE"),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(value),
)
def test_an_option_of_an_export_that_means_nothing_is_refused_before_the_source_is_read(
    call, tmp_path, option, message
):
    code, out, err = call("build", tmp_path / "nowhere", "--budget", "en=1", "--out", tmp_path / "out", *option)
    assert (code, out) == (2, "")
    assert err.startswith(message)


def test_rebuild_says_that_it_is_the_same_or_what_is_not(call, source, tmp_path):
    mix = pinchmix.build_mixture(source, {"en": 3, "fi": 2}, validate=False)
    manifest = pinchmix.export_mixture(mix, tmp_path / "out")
    code, out, err = call("rebuild", tmp_path / "out", source)
    assert (code, out, err) == (0, f"the same mixture: 5 examples, digest {mix.digest}\n", "")
    code, out, _ = call("rebuild", tmp_path / "out" / NAME, source, "--out", tmp_path / "again")
    assert code == 0
    assert out.endswith(f"{len(manifest.files)} files, each the same byte for byte\n")
    code, _, err = call("rebuild", tmp_path / "out", source, "--out", tmp_path / "again")
    assert code == 2
    assert "--overwrite replaces it" in err
    assert call("rebuild", tmp_path / "out", source, "--out", tmp_path / "again", "--overwrite")[0] == 0
    changed = tmp_path / "changed"
    changed.mkdir()
    for path in source.glob("*.jsonl"):
        (changed / path.name).write_text(path.read_text().replace("response of", "another answer to"))
    code, out, err = call("rebuild", tmp_path / "out", changed)
    assert (code, out) == (4, "")
    assert err.startswith("RebuildFailed: another mixture: digest ")
    assert "en.jsonl has another content" in err
    assert "another text: " in err
    code, _, err = call("rebuild", source, source)
    assert code == 2
    assert "is no export" in err
    code, _, err = call("rebuild", tmp_path / "out", tmp_path / "nowhere")
    assert (code, err.split(":")[0]) == (2, "SourceNotFound")
    code, _, err = call("rebuild", tmp_path / "out", source, "--root", "/srv")
    assert code == 2
    assert "root='/srv' is about a new export, and out= names no folder for one" in err


def test_verify_says_what_is_different_from_another_export(call, source, tmp_path):
    for name, en in (("one", 3), ("two", 4)):
        mix = pinchmix.build_mixture(source, {"en": en}, validate=False)
        pinchmix.export_mixture(mix, tmp_path / name, trainers=[])
    code, out, err = call("verify", tmp_path / "one", "--diff", tmp_path / "one")
    assert (code, err, out.splitlines()[1:]) == (0, "", ["no difference"])
    code, out, _ = call("verify", tmp_path / "one", "--diff", tmp_path / "two")
    assert code == 1
    assert "another mixture: 3 rows then, 4 rows now" in out.splitlines()
    assert "counts.en.asked: 3, then 4" in out.splitlines()
    code, _, err = call("verify", tmp_path / "one", "--diff", tmp_path / "none")
    assert code == 2
    assert "is no export" in err


# Checks --------------------------------------------------------------------------------------------------------------


def test_an_audit_lists_what_it_finds(call, tmp_path):
    rows = [{"id": str(n), "prompt": f"What is {n}?", "response": "TODO" if n < 2 else f"It is {n}."} for n in range(5)]
    (tmp_path / "en.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    source, out = tmp_path / "{lang}.jsonl", tmp_path / "found.csv"
    code, said, _ = call("audit", source, "--check", "preset=none", "--check", "empty=flag", "--out", out)
    assert code == 0
    assert "Audit of 5 cells in 1 language" in said
    assert "2 findings in" in said
    assert out.read_text(encoding="utf-8").count("placeholder") == 2
    code, _, err = call("audit", source, "--check", "empty=maybe")
    assert code == 2
    assert "'maybe'" in err
    code, _, err = call("audit", source, "--check", "emtpy=off")
    assert code == 2
    assert "no validator is called 'emtpy'. Did you mean 'empty'?" in err
    code, _, err = call("audit", source, "--pivot", "fi", "--check", "preset=none", "--check", "length=flag")
    assert code == 2
    assert "pivot: 'fi' is not among the languages at hand" in err
    (tmp_path / "en.jsonl").rename(tmp_path / "sw.jsonl")
    code, said, _ = call("audit", source, "--check", "preset=none", "--check", "length=flag")
    assert code == 0
    assert "1 check could not be asked about 5 cells (sw 5), as they compare" in " ".join(said.split())


def test_checks_are_chosen_by_options(call, tmp_path):
    rows = [{"id": str(n), "prompt": f"What is {n}?", "response": "TODO" if n < 2 else f"It is {n}."} for n in range(5)]
    (tmp_path / "en.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    command = ["build", tmp_path / "{lang}.jsonl", "--budget", "en=4", "--out", tmp_path / "out"]
    code, _, err = call(*command, "--check", "language=off")
    assert code == 3
    assert "2 cells" in err
    assert "--check empty=flag" in err
    assert call(*command, "--check", "empty=flag", "--no-validate")[0] == 2
    assert call(*command, "--check", "language=off", "--check", "empty=flag")[0] == 0


@pytest.mark.parametrize("english", [False, True])
def test_the_way_out_of_doubts_is_said_as_options(call, tmp_path, english):
    rows = [{"id": str(n), "prompt": "Ok", "response": "Ok"} for n in range(3)]
    question = "Which is the capital of this country, and where is it?"
    wrong = {"id": "3", "prompt": question, "response": "The capital of the country is by the sea."}
    (tmp_path / "fi.jsonl").write_text("\n".join(map(json.dumps, [*rows, *([wrong] if english else [])])))
    command = ["build", tmp_path / "{lang}.jsonl", "--budget", f"fi={3 + english}", "--out", tmp_path / "out"]
    code, _, err = call(*command, "--check", "preset=none", "--check", "language=reject", "--check", "on_unsure=reject")
    assert (code, "validate=" in err) == (3, False)
    way = re.search(r"((?: ?--check \S+=\w+)+)$", " ".join(err.split()))
    assert way
    assert way[1].split() == [*(["--check", "language=flag"] if english else []), "--check", "on_unsure=keep"]
    said = way[1].split() if english else ["--check", "language=reject", *way[1].split()]
    assert call(*command, "--check", "preset=none", *said)[0] == 0


# Recipes and weights --------------------------------------------------------------------------------------------------


def test_a_recipe_that_was_printed_names_its_woven_columns_again(call, tmp_path):
    said = [
        word for name in ("fi>en=4", "translate(en>fi,response)=2", "switch(en,fi)=1") for word in ("--budget", name)
    ]
    code, text, err = call("recipe", *said)
    assert (code, err) == (0, "")
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    assert call("recipe", tmp_path / "r.yaml") == (0, text, "")


def test_a_recipe_that_was_printed_builds_what_the_options_build(call, source, tmp_path):
    said = [
        "--budget",
        "en=3",
        "--budget",
        "fi=2",
        "--seed",
        "4",
        "--split",
        "a=60%",
        "--split",
        "b=0.4",
        "--check",
        "empty=flag",
    ]
    code, text, err = call("recipe", *said)
    assert (code, err) == (0, "")
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    assert call("recipe", tmp_path / "r.yaml") == (0, text, "")
    assert call("plan", source, "--recipe", tmp_path / "r.yaml")[1] == call("plan", source, *said[:-2])[1]
    assert call("build", source, "--recipe", tmp_path / "r.yaml", "--out", tmp_path / "one")[0] == 0
    assert call("build", source, *said, "--out", tmp_path / "two")[0] == 0
    one, two = (pinchmix.verify_export(tmp_path / name).identity for name in ("one", "two"))
    assert one == two
    code, out, err = call(
        "build", source, "--recipe", tmp_path / "r.yaml", "--seed", 0, "--no-validate", "--out", tmp_path / "x"
    )
    assert (code, out) == (2, "")
    assert "decides --no-validate, --seed too" in err


def test_a_bad_recipe_file_is_told_with_its_lines_and_its_plugins_are_looked_up(call, tmp_path):
    (tmp_path / "r.yaml").write_text("budget: {en: 5}\nsed: 4\n", encoding="utf-8")
    code, out, err = call("recipe", tmp_path / "r.yaml")
    assert (code, out) == (2, "")
    assert "r.yaml:2  sed: a recipe has no 'sed'. Did you mean 'seed'?" in err
    (tmp_path / "r.yaml").write_text("budget: {en: 5}\nvalidators: [langage]\n", encoding="utf-8")
    assert "no validator is called 'langage'" in call("recipe", tmp_path / "r.yaml")[2]
    (tmp_path / "f.yaml").write_text("name: f\nmembers: {a: {budget: {en: 5}}}\n", encoding="utf-8")
    assert json.loads(call("recipe", tmp_path / "f.yaml", "--json")[1])["members"] == {"a": {}}


def test_weights_are_a_budget_with_their_origin_in_the_manifest(call, source, tmp_path):
    (tmp_path / "web.csv").write_text("lang,pages\nen,800\nfi,200\nru,5\n", encoding="utf-8")
    weights = ["--weights", tmp_path / "web.csv", "--note", "a crawl"]
    said = ["build", source, *weights, "--total", 5, "--languages", "en,fi", "--no-validate", "--out", tmp_path / "out"]
    assert call(*said)[0] == 0
    identity = pinchmix.verify_export(tmp_path / "out").identity
    assert {tag: line["examples"] for tag, line in identity["counts"].items()} == {"en": 4, "fi": 1}
    assert identity["recipe"]["budget"]["origin"]["note"] == "a crawl"
    for wrong, message in (
        ([*weights], "such as --total 4640"),
        ([*weights, "--budget", "en=5"], "--budget and --weights contradict"),
        (["--note", "x", "--budget", "en=5"], "--note says where weights are from"),
        ([], "Say --budget LANGUAGE=AMOUNT, or --weights FILE, or --recipe FILE"),
    ):
        code, _, err = call("plan", source, *wrong)
        assert code == 2
        assert message in err
