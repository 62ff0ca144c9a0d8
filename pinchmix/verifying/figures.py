"""Figures: whether what a manifest says fits together; nothing is read here but the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.errors import PinchmixError
from pinchmix.exporting.shards import JSONL, PARQUET, PROVENANCE, Shard
from pinchmix.manifest import NAME, Manifest
from pinchmix.own import own_parts
from pinchmix.recipe import Recipe
from pinchmix.text.wording import listing, number_of

# Policies under which a budget is not met language by language; budgets that do not follow sizes.
FREE = ("union", "cover", "same")
PLAIN = ("counts", "shares", "pinch", "uniform")


def figure_faults(manifest: Manifest) -> Iterator[str]:
    """Yield where figures of a manifest contradict each other: recipe and budget, sums, the files of each block.

    Args:
        manifest: Of the right shape.
    """
    for fault in (*_recipe_faults(manifest), *_plugin_faults(manifest), *_own_faults(manifest), *_sum_faults(manifest)):
        yield f"{NAME}: {fault}"


def listing_faults(manifest: Manifest, shards: Sequence[Shard]) -> Iterator[str]:
    """Yield the files that a manifest lists and an export of its plan has not, in the block where they belong.

    Args:
        manifest: Of the right shape.
        shards: Which rows are in which files, by the plan.
    """
    forms = [JSONL.format(form, "{}") for form in manifest.identity["export"]["formats"]]
    rows = {form.format(shard.name) for shard in shards for form in (*forms, PARQUET)}
    origin = {PROVENANCE.format(shard.name) for shard in shards}
    blocks = {"identity": manifest.identity, "source": manifest.source, "provenance": manifest.provenance}
    for block, content in blocks.items():
        for name in content["files"]:
            top = name.split("/")[0]
            belongs = {
                "identity": name in rows or top not in ("data", "provenance"),
                "source": name in origin,
                "provenance": top not in ("data", "provenance", "trainers"),
            }
            if not belongs[block]:
                yield f"{name}: the manifest lists it as {block}, and the plan has no such file there"
    names = [name for content in blocks.values() for name in content["files"]]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{name}: the manifest lists it twice"


def _recipe_faults(manifest: Manifest) -> Iterator[str]:
    said = {name: part for name, part in manifest.identity["recipe"].items() if name != "digest"}
    if digest_of(canonical_bytes(said)) != manifest.identity["recipe"]["digest"]:
        yield "identity.recipe: its digest does not fit its content"
    try:
        recipe = Recipe.from_dict(said)
        asked = _asked(recipe, manifest.identity["grid"]["languages"])
    except (PinchmixError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        yield f"identity.recipe: it is no recipe: {' '.join(str(error).splitlines()[:1])}"
        return
    family = manifest.identity["family"]
    if family is not None and family["members"].get(family["member"]) != said:
        yield "identity.family: the member that the mixture is said to be has another recipe"
    counts = manifest.counts
    for language, count in asked.items():
        planned = sum(figures[language]["asked"] for figures in counts.values() if language in figures)
        if planned != count:
            yield f"identity.counts: {planned:,} of {language} are asked, and the budget asks {count:,}"


def _plugin_faults(manifest: Manifest) -> Iterator[str]:
    """Yield the plugins that recipe and export name without a version in the manifest, or the other way round."""
    export, recipe = manifest.identity["export"], manifest.identity["recipe"]
    named = {f"samplers/{recipe['sampler']}", *(f"validators/{check['name']}" for check in recipe["validators"])}
    named |= {f"formats/{name}" for name in export["formats"] if name != "messages"}
    named |= {f"exporters/{name}" for name in export["trainers"]}
    shelves = ("samplers/", "validators/", "formats/", "exporters/")
    held = {name for name in manifest.identity["plugins"] if name.startswith(shelves)}
    for name in sorted(named ^ held):
        what = "is named, and has no version" if name in named else "has a version, and nothing names it"
        yield f"identity.plugins: {name} {what}"


def _own_faults(manifest: Manifest) -> Iterator[str]:
    """Yield whether what does not come with pinchmix is not what the names say."""
    said = {name: part for name, part in manifest.identity["recipe"].items() if name != "digest"}
    own, told = own_parts(said, manifest.identity["export"]), manifest.identity.get("own", [])
    if own != told:
        yield f"identity.own: {listing(told) or 'nothing'}, and by their names it is {listing(own) or 'nothing'}"


def _asked(recipe: Recipe, languages: Sequence[str]) -> dict[str, int]:
    """Return what the budget asks of each language, where that follows from the recipe alone."""
    budget = recipe.budget
    by_count = any(isinstance(part, int) for part in recipe.split.values())
    if budget.kind not in PLAIN or budget.needs_sizes or recipe.content in FREE or by_count:
        return {}
    return budget.for_languages(recipe.columns(languages), pivot=recipe.pivot)


def _sum_faults(manifest: Manifest) -> Iterator[str]:
    identity = manifest.identity
    rows, mixture, grid = identity["rows"], identity["mixture"], identity["grid"]
    counts: Mapping[str, Mapping[str, Mapping[str, int]]] = manifest.counts
    figures = [(language, line) for languages in counts.values() for language, line in languages.items()]
    if rows["chosen"] != mixture["rows"]:
        yield f"identity.rows: {rows['chosen']:,} chosen, and the mixture has {number_of(mixture['rows'], 'row')}"
    distinct = sum(line["distinct"] for _, line in figures)
    available = {language: line["available"] for language, line in figures}
    drawn = {language for language, line in figures if line["asked"] or line["examples"]}
    held = sum(available[language] for language in drawn)
    if rows["reserve"] + distinct != held:
        both = f"{rows['reserve']:,} in reserve and {distinct:,} different cells chosen"
        yield f"identity.rows: {both}, of {held:,} available in the languages asked for"
    yield from _cell_faults(grid, available)
    for name in ("available", "rejected"):
        several = {language: {line[name] for other, line in figures if other == language} for language, _ in figures}
        if odd := [language for language, values in several.items() if len(values) > 1]:
            yield f"identity.counts: {name} of {odd[0]} is not the same in every split"
    rejected = sum({language: line["rejected"] for language, line in figures}.values())
    if rejected != rows["rejected"]:
        yield f"identity.rows: {rows['rejected']:,} rejected, and {rejected:,} by language"
    for language, line in figures:
        if line["available"] > grid["instructions"] or line["distinct"] > line["available"]:
            there = f"{line['available']:,} of {number_of(grid['instructions'], 'instruction')}"
            yield f"identity.counts: {language}: {line['distinct']:,} chosen of {there}"
    # Instructions are neither only where all their cells left the grid, or are in languages read beside those.
    lost = rows["rejected"] + sum(rows["dropped"].values()) + sum((identity["excluded"] or {}).values())
    lost += grid["cells"] - sum(available.values())
    if not 0 <= grid["instructions"] - mixture["instructions"] - mixture["left_over"] <= lost:
        used = f"{mixture['instructions']:,} used and {mixture['left_over']:,} left over"
        yield f"identity.mixture: {used}, of {number_of(grid['instructions'], 'instruction')}"


def _cell_faults(grid: Mapping[str, Any], available: Mapping[str, int]) -> Iterator[str]:
    """Yield whether a grid has not the cells that its languages have: those of the plan, and those read beside them."""
    cells, there = grid["cells"], sum(available.values())
    beside = set(grid["languages"]).difference(available)
    if unknown := sorted(set(available).difference(grid["languages"])):
        yield f"identity.counts: the grid has no {listing(unknown, 10)}"
    elif not there <= cells <= there + len(beside) * grid["instructions"]:
        more = f" and {listing(sorted(beside), 10)} beside them" if beside else ""
        yield f"identity.grid: {cells:,} cells, and {there:,} by language{more}"
