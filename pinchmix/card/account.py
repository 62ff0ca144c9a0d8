"""The account of a mixture in words and as code: what it is, how it was made, how to make it again.

For the card and the metadata of an export. Everything follows from what the mixture is, nothing from the form of its
source, from the day or the machine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc

from pinchmix.arguments import read_policy
from pinchmix.budget.amounts import code_of_fraction
from pinchmix.mixture import Mixture
from pinchmix.own import own_note, own_parts
from pinchmix.plugins import BUILT_IN, find_plugin, list_plugins, traits_of
from pinchmix.policy import DEFAULT, PRESETS
from pinchmix.recipe import Recipe
from pinchmix.text.wording import listing, number_of
from pinchmix.weave import is_woven, read_weave, tags_of

POLICY = {  # {0} is "language", or "column" where some are made of two languages
    "disjoint": "each instruction in one {0}",
    "overlap": "each instruction in at most {1}",
    "exactly": "each instruction in exactly {1}",
    "union": "each instruction in every {0} that it exists in",
    "cover": "every instruction there is, each in one {0}",
    "same": "the same instructions in every {0}",
}
WOVEN = {
    "cross": "the prompt in {0}, the response in {1}",
    "translate": "a request in {0} to translate the {2}, and the {2} in {1}",
    "switch": "a dialogue whose exchanges take turns between {0} and {1}",
}
COUNTED = {
    "both": "prompts and responses",
    "prompt": "prompts",
    "response": "responses",
    "chat": "prompts and responses in the chat template",
}
OWN = "  # {}: an object that does not come with pinchmix stands here"
DROPPED = {  # reason of an exclusion → what it means
    "id": "named by id",
    "prompt": "the prompt is one of the evaluation's",
    "ngram": "the prompt shares a run of words with one of the evaluation's",
}


def summary_of(mixture: Mixture) -> str:
    """Return what a mixture is, in a sentence without its full stop.

    Example:
        >>> import pinchmix
        >>> mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 2, "fi": 1}, validate=False)
        >>> summary_of(mix)
        '3 instruction-tuning examples in 2 languages, each instruction in one language'
    """
    content, recipe = mixture.plan.content, mixture.plan.recipe
    columns = used_columns(mixture)
    woven = sum(count for name, count in mixture.plan.counts().items() if is_woven(name))
    noun = "column" if woven else "language"
    policy = [f"{woven:,} of them made of two"] if woven else []
    policy.append(POLICY[content.kind].format(noun, number_of(content.k, noun)))
    if len(recipe.splits) > 1:
        policy.append(f"none in two of the {len(recipe.splits)} splits")
    if (mixture.plan.distinct < mixture.plan.examples).any():
        policy.append(f"those of short languages repeated up to {number_of(recipe.repeat, 'time')}")
    size = number_of(len(mixture), "instruction-tuning example")
    return f"{size} in {number_of(len(tags_of(columns)), 'language')}, {', '.join(policy)}"


def used_languages(mixture: Mixture) -> list[str]:
    """Return the languages that the rows are in, or are made of, in the order of the plan.

    Example:
        >>> import pinchmix
        >>> used_languages(pinchmix.build_mixture(pinchmix.sample(), {"fi": 1, "en": 2}, validate=False))
        ['en', 'fi']
    """
    return tags_of(used_columns(mixture))


def used_columns(mixture: Mixture) -> list[str]:
    """Return the columns of the grid that have rows, in the order of the plan."""
    return [column for column, count in mixture.plan.counts().items() if count]


def woven_told(mixture: Mixture) -> dict[str, str]:
    """Return what the rows of each woven column are, in words.

    Example:
        >>> import pinchmix
        >>> woven_told(pinchmix.build_mixture(pinchmix.sample(), {"fi>en": 1}, validate=False))
        {'fi>en': 'the prompt in fi, the response in en'}
    """
    weaves = [read_weave(column) for column in used_columns(mixture) if is_woven(column)]
    return {weave.name: WOVEN[weave.kind].format(*weave.languages, weave.field) for weave in weaves}


def steps_of(mixture: Mixture) -> list[str]:
    """Return how a mixture was made, a sentence a step.

    Example:
        >>> import pinchmix
        >>> mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 2, "fi": 1}, validate=False, seed=5)
        >>> steps_of(mix)[0]
        'Read: 758 rows of parallel data in 12 languages; each row is an instruction in one language.'
    """
    plan, report, recipe, grid = mixture.plan, mixture.report, canonical(mixture.plan.recipe), mixture.grid
    plugins = {tuple(key.split("/", 1)): version for key, version in report.plugins.items()}
    read = f"{number_of(report.read, 'row')} of parallel data in {number_of(len(tags_of(grid.languages)), 'language')}"
    steps = [f"Read: {read}; each row is an instruction in one language."]
    if report.dropped:
        faults = ", ".join(f"{count:,} for {fault}" for fault, count in report.dropped.items())
        steps.append(f"Left out: {number_of(sum(report.dropped.values()), 'bad row')} ({faults}).")
    if report.excluded is not None:
        reasons = [f"{count:,} {DROPPED.get(why, why)}" for why, count in report.excluded.counts.items() if count]
        excluded = number_of(int(report.excluded.mask.sum()), "instruction")
        steps.append(f"Excluded: {excluded}{f' ({listing(reasons)})' if reasons else ''}.")
    given = "" if not plan.partial else f"; it was impossible, and {_total(int(plan.given.sum()), recipe)} are given"
    steps.append(f"Asked: {_total(int(plan.asked.sum()), recipe)}, as the budget below says{given}.")
    if recipe.budget.unit != "examples":
        told = f", by the tokenizer {_named(recipe.tokenizer)}" if recipe.tokenizer else ""
        steps.append(f"Counted: the {recipe.budget.unit} of {COUNTED[recipe.counted]}{told}.")
    settings = ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False, default=str)}" for name, value in recipe.settings.items()
    )
    sampler = f"{recipe.sampler}{f' ({settings})' if settings else ''}"
    steps.append(
        f"Chosen: by the sampler {sampler}, version {plugins.get(('samplers', recipe.sampler), 'unknown')}, "
        f"with seed {recipe.seed}; the rows are in an order keyed by the seed."
    )
    if woven := woven_told(mixture):
        steps.append(f"Made of two languages: {'; '.join(f'{name}, {told}' for name, told in woven.items())}.")
    for outcome, told in (("reject", "what failed was replaced"), ("flag", "what failed was kept and listed")):
        named = [
            f"{check.name} ({plugins[('validators', check.name)]})" if check.name == "language" else check.name
            for check in recipe.validators
            if check.mismatch == outcome
        ]
        if named:
            steps.append(f"Checked: every chosen cell; {told}: {', '.join(named)}.")
    steps += [f"Not compared: {note}." for note in mixture.notes]
    if not recipe.validators:
        steps.append("Not checked: no check of prompts and responses was asked for.")
    if recipe.split:
        parts = ", ".join(
            f"{name} {code_of_fraction(part) if not isinstance(part, int) else f'{part:,}'}"
            for name, part in recipe.split.items()
        )
        steps.append(f"Split: {parts}; by instruction, so that none is in two splits, in whatever language.")
    return steps


def _total(amount: int, recipe: Recipe) -> str:
    return number_of(amount, recipe.budget.unit.removesuffix("s"), recipe.budget.unit)


def _named(record: Any) -> str:
    said = " ".join(f"{key} {value}" if key != "name" else str(value) for key, value in record.items() if value)
    return " ".join(said.split())


def canonical(recipe: Recipe) -> Recipe:
    """Return the recipe with its mappings in one order, however they were written: the same recipe, the same card.

    Example:
        >>> from pinchmix.budget import Budget
        >>> canonical(Recipe(Budget.counts({"*": 1, "fi": 2, "en": 3}))).budget
        Budget.counts({'en': 3, 'fi': 2, '*': 1})
    """
    data = json.loads(json.dumps(recipe.to_dict(), sort_keys=True))
    if isinstance(amounts := data["budget"].get("amounts"), dict):
        data["budget"]["amounts"] = dict(sorted(amounts.items(), key=lambda item: (item[0] == "*", item[0])))
    return Recipe.from_dict(data)


def recipe_file_of(recipe: Recipe, member: tuple[str, str] | None = None) -> str:
    """Return the text of an export's ``recipe.yaml``.

    Args:
        recipe: The recipe.
        member: The name of the family that the mixture was chosen with, and the member's; None for one of its own.

    Example:
        >>> from pinchmix.budget import Budget
        >>> recipe_file_of(Recipe(Budget.counts({"en": 2})), ("pinches", "p10")).splitlines()[1]
        '# this recipe alone makes another mixture. To make this one again: pinchmix rebuild FOLDER SOURCE'
    """
    text = canonical(recipe).to_yaml()
    if member is None:
        return text
    family, name = map(ascii, member)  # so that no name ends the comment
    return (
        f"# Member {name} of the family {family}: its rows depend on the others, which manifest.json names;\n"
        f"# this recipe alone makes another mixture. To make this one again: pinchmix rebuild FOLDER SOURCE\n{text}"
    )


def code_of(mixture: Mixture) -> str:
    """Return the Python that makes a mixture again, as far as its recipe knows.

    The source is left open as ``SOURCE``, and so is how it is read, as nothing here follows from its form; a tokenizer
    and an exclusion, of which a recipe holds the digest alone, as ``TOKENIZER`` and ``EXCLUDE``. A member of a family
    with laws depends on the others, and only its export, ``FOLDER``, knows them.

    Example:
        >>> import pinchmix
        >>> mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 2}, languages=["en"], seed=5)
        >>> print(code_of(mix))
        from pinchmix import Budget, build_mixture
        <BLANKLINE>
        mixture = build_mixture(
            SOURCE,
            Budget.counts({'en': 2}),
            languages=['en'],
            seed=5,
        )
    """
    if mixture.member is not None:
        return "from pinchmix import rebuild_mixture\n\nmixture = rebuild_mixture(FOLDER, SOURCE).mixture"
    recipe = canonical(mixture.plan.recipe)
    said: dict[str, str] = {}
    if recipe.languages:
        said["languages"] = repr(list(recipe.languages))
    if recipe.pivot != "en":
        said["pivot"] = repr(recipe.pivot)
    if recipe.content != "disjoint":
        said["content"] = repr(recipe.content)
    if recipe.settings:
        settings = "".join(f", {name}={_plain(value)}" for name, value in recipe.settings.items())
        said["sampler"] = f"{find_plugin.__name__}('samplers', {recipe.sampler!r}{settings})"
    elif recipe.sampler != "random":
        said["sampler"] = repr(recipe.sampler)
    if checks := _checks(recipe):
        said["validate"] = checks
    if recipe.parallel != "both":
        said["parallel"] = repr(recipe.parallel)
    if recipe.tokenizer:
        said["tokenizer"] = "TOKENIZER"
    if recipe.counted != "both":
        said["counted"] = repr(recipe.counted)
    if recipe.repeat != 1:
        said["repeat"] = repr(recipe.repeat)
    if recipe.split:
        parts = [
            f"{name!r}: {part if isinstance(part, int) else code_of_fraction(part)}"
            for name, part in recipe.split.items()
        ]
        said["split"] = f"{{{', '.join(parts)}}}"
    if recipe.exclude:
        said["exclude"] = "EXCLUDE"
    if recipe.wording:
        said["wording"] = repr(dict(recipe.wording))
    if recipe.seed:
        said["seed"] = repr(recipe.seed)
    if mixture.plan.partial:
        said["partial"] = "True"
    if mixture.report.dropped:
        said["on_bad_rows"] = repr("drop")
    plain = recipe.to_dict()
    own = [name for name in own_parts(plain) if name.startswith("validators/")]
    notes = {
        "sampler": OWN.format(recipe.sampler) if recipe.sampler not in BUILT_IN["samplers"] else "",
        "validate": OWN.format(listing([name.removeprefix("validators/") for name in own], 40)) if own else "",
        "tokenizer": f"  # {_named(recipe.tokenizer)}",
        "exclude": f"  # the exclusion with the digest {recipe.exclude}",
    }
    body = [f"    {name}={value},{notes.get(name, '')}" for name, value in said.items()]
    call = ["mixture = build_mixture(", "    SOURCE,", f"    {recipe.budget!r},", *body, ")"]
    imports = ["from pinchmix import Budget, build_mixture"]
    if recipe.settings:
        imports.append("from pinchmix.plugins import find_plugin")
    if "Check(" in said.get("validate", ""):
        imports.append("from pinchmix.policy import Check")
    if "Fraction(" in "\n".join(call):
        imports.insert(0, "from fractions import Fraction\n")
    return "\n".join([*imports, "", *call])


# The card is the same whatever form the source has, so it cannot say how that was read.
READING = (
    'How the source was read is in manifest.json under "source", "reading": where it has columns, or a join that is '
    "not id, they belong into the call as columns= and join=."
)


def notes_of(mixture: Mixture, formats: Sequence[str], trainers: Sequence[str]) -> list[str]:
    """Return what the code leaves open, a sentence each: how the source is read, and what is no part of pinchmix.

    Example:
        >>> import pinchmix
        >>> mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 2}, languages=["en"])
        >>> [note[:30] for note in notes_of(mix, ["messages"], ["trl"])]
        ['How the source was read is in ']
    """
    own = own_parts(mixture.plan.recipe.to_dict(), {"formats": formats, "trainers": trainers})
    return [READING, *([own_note(own)] if own else [])]


def _checks(recipe: Recipe) -> str:
    """Return the Python for the checks of a recipe, or nothing for those that everybody gets."""
    if not recipe.validators:
        return "False"
    for name in PRESETS:
        if recipe.validators == tuple(check for check, _ in read_policy(name)):
            return "" if name == DEFAULT else repr(name)
    known = list_plugins()["validators"]
    said = []
    for check in recipe.validators:
        usual = traits_of(find_plugin("validators", check.name)).settings if check.name in known else {}
        settings = {} if dict(check.settings) == dict(usual) else dict(check.settings)
        parts = [check.name, check.mismatch, check.unsure]
        said.append(f"Check({', '.join(map(repr, parts))}{f', {_plain(settings)}' if settings else ''})")
    return f"[{', '.join(said)}]"


def _plain(value: Any) -> str:
    """Return Python for what JSON makes of a setting."""
    return repr(json.loads(json.dumps(value, default=str)))


def rejections_of(mixture: Mixture) -> list[tuple[str, str, int, str]]:
    """Return check, reason, rejected cells, and how many of each language, the most frequent first.

    A cell counts once for each check and reason.

    Example:
        >>> import pinchmix
        >>> rejections_of(pinchmix.build_mixture(pinchmix.sample(), {"en": 2}, validate=False))
        []
    """
    wrong = mixture.report.findings.filter(pc.field("outcome") == "reject")
    counts: dict[tuple[str, str], dict[str, int]] = {}
    grouped = wrong.group_by(["check", "reason", "language"]).aggregate([("id", "count_distinct")])
    for row in grouped.to_pylist():
        counts.setdefault((row["check"], row["reason"]), {})[row["language"]] = row["id_count_distinct"]
    found = [
        (
            check,
            reason,
            sum(by.values()),
            ", ".join(f"{tag} {by[tag]:,}" for tag in sorted(by, key=lambda tag: (-by[tag], tag))),
        )
        for (check, reason), by in counts.items()
    ]
    return sorted(found, key=lambda row: (-row[2], row[0], row[1]))
