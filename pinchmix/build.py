"""build_mixture: one mixture from a source and a recipe.

scan (ids) → exclude → order → measure → plan → choose → read (texts: check every row, keep the chosen) → validate →
mixture; :mod:`pinchmix.road` has the stations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pinchmix.arguments import Asked, Validate
from pinchmix.budget import Budget
from pinchmix.mixture import Mixture
from pinchmix.plan import Plan
from pinchmix.plugins import Sampler
from pinchmix.prepare import prepare
from pinchmix.reading.texts import Texts
from pinchmix.recipe import Recipe
from pinchmix.road import choose, first_choice, judge_of, mixture_of, settle, write_chosen
from pinchmix.rows import Rows


def build_mixture(
    source: Any,
    budget: Budget | Recipe | Mapping[str, Any],
    *,
    total: int | None = None,
    unit: str | None = None,
    languages: Sequence[str] | None = None,
    pivot: str | None = None,
    content: str | None = None,
    sampler: str | Sampler | None = None,
    validate: Validate = None,
    parallel: str | None = None,
    tokenizer: Any = None,
    counted: str | None = None,
    repeat: int | None = None,
    split: Mapping[str, Any] | None = None,
    exclude: Any = None,
    wording: Mapping[str, str] | None = None,
    seed: int | None = None,
    partial: bool = False,
    plugins: Sequence[Any] = (),
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    on_bad_rows: str = "error",
    progress: bool | None = None,
) -> Mixture:
    """Build a mixture: exactly the budget, one language an instruction, every chosen cell checked.

    The same source, recipe and seed give the same mixture, whatever the order of rows and files and the file format.

    Args:
        source: Parallel data: a ``{lang}`` path template, a folder, a glob, a file, a table (``datasets``, pandas,
            Arrow, Polars) or a mapping of language to any of these.
        budget: A mapping (whole numbers are counts, fractions are shares of ``total``, ``"*"`` all languages not named,
            split evenly; ``"fi>en"``, ``"translate(en>fi)"`` and ``"switch(en,fi)"`` are made of two languages), a
            :class:`~pinchmix.Budget`, or a whole :class:`~pinchmix.Recipe` (then the keywords of a recipe are refused;
            only the tokenizer and the exclusion, of which it holds the digests, are given again).
        total: The size of the mixture, when the budget is a mapping of shares.
        unit: What a mapping counts: ``"examples"``, ``"tokens"``, ``"characters"`` or ``"bytes"``.
        languages: The languages to draw on, in the order in which ties are broken; all of the source by default.
        pivot: The language that the others are translations of, and that speaks for an instruction where a check, a
            sampler or an exclusion asks for its text; ``"en"`` by default. It is read there, if the source has it,
            though it be none of ``languages``.
        content: In how many languages an instruction may appear: ``"disjoint"`` (one), ``"overlap(k)"`` (at most k),
            ``"exactly(k)"``, ``"union"`` (all), ``"cover"`` (one, and every instruction is used) or ``"same"`` (the
            same instructions in every language).
        sampler: The order in which instructions are served: a name or a plugin; ``"random"`` by default.
        validate: Which checks a chosen cell must pass, and what becomes of those that do not: ``"lenient"``,
            ``"default"`` or ``"strict"``; changes to the default, such as ``{"numbers": "reject", "length": "off",
            "on_unsure": "flag"}``; a list of names, plugins and pairs such as ``(plugin, "flag")``; True for the
            default, False for nothing.
        parallel: What is a translation of the pivot: ``"both"``, or ``"prompt"`` where every language has responses of
            its own, which are then not compared; ``"both"`` by default.
        tokenizer: What counts tokens: a SentencePiece model or ``tokenizer.json`` file, a tokenizer object, or a
            function from text to number.
        counted: Which text is counted in tokens, characters or bytes: ``"both"``, ``"prompt"``, ``"response"`` or
            ``"chat"`` (in the tokenizer's chat template).
        repeat: How often a cell may appear when its language is short; 1 by default.
        split: Name → share or count of each split; no instruction is in two of them.
        exclude: Instructions that must not be chosen: a list of ids, a file of evaluation prompts, or an
            :class:`~pinchmix.exclude.Exclusion`.
        wording: Language → what asks for a translation in it, with ``{text}`` and perhaps ``{language}``, for the
            columns ``translate(...)``, where it is not to be what is built in.
        seed: What keys every choice; 0 by default.
        partial: Where the budget is impossible, build the nearest that is possible (see ``Plan.levelled``).
        plugins: Objects of your own that a whole recipe names: samplers, checks, language backends, allocators. Those
            that an entry point declares are found without.
        columns: Field → column name (id, language, system, prompt, input, response, messages), where the columns are of
            no known layout.
        join: ``"id"``, or ``"row"`` where row n is the same instruction in every language.
        on_bad_rows: ``"error"`` reports all bad rows together, ``"drop"`` leaves them out and counts them.
        progress: Show bars for what takes more than a second; by default where somebody can see them.

    Returns:
        The mixture.

    Raises:
        InfeasibleBudget: No choice of cells meets the budget; the error carries the certificate.
        BadRows: Rows that cannot be used, all of them together.
        SourceError: The source cannot be read as parallel data.
        BudgetError: The budget says nothing sensible.
        UnknownLanguage: A language that is none, or that the source lacks.
        UnknownPlugin: No sampler or validator of that name.
        ArgumentError: An argument that means nothing, or two that contradict.

    Example:
        >>> import pinchmix
        >>> mix = build_mixture(pinchmix.sample(), {"en": 20, "*": 11}, languages=["en", "fi", "sw"], validate=False)
        >>> mix.counts["examples"].to_dict()
        {'en': 20, 'fi': 6, 'sw': 5}
    """
    asked = Asked(
        total=total, unit=unit, languages=languages, pivot=pivot, content=content, sampler=sampler, validate=validate,
        parallel=parallel, tokenizer=tokenizer, counted=counted, repeat=repeat, split=split, exclude=exclude, seed=seed,
        plugins=plugins,
        wording=wording,
    )  # fmt: skip
    prepared = prepare(source, budget, asked, columns=columns, join=join, on_bad_rows=on_bad_rows, progress=progress)
    texts = Texts(prepared.scanned.source, prepared.scanned.database, progress)
    judge = judge_of(prepared, texts, progress)
    settled = settle(prepared, texts, judge, first_choice(prepared, texts, judge, partial), partial)
    stored = write_chosen(prepared, settled, judge, texts)
    return mixture_of(prepared, settled, judge, Rows(prepared.scanned.database, lambda: stored))


def plan_mixture(
    source: Any,
    budget: Budget | Recipe | Mapping[str, Any],
    *,
    total: int | None = None,
    unit: str | None = None,
    languages: Sequence[str] | None = None,
    pivot: str | None = None,
    content: str | None = None,
    sampler: str | Sampler | None = None,
    validate: Validate = None,
    parallel: str | None = None,
    tokenizer: Any = None,
    counted: str | None = None,
    repeat: int | None = None,
    split: Mapping[str, Any] | None = None,
    exclude: Any = None,
    wording: Mapping[str, str] | None = None,
    seed: int | None = None,
    partial: bool = False,
    plugins: Sequence[Any] = (),
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    on_bad_rows: str = "error",
    progress: bool | None = None,
) -> Plan:
    """Plan a mixture: says whether the budget is possible and how; chooses nothing.

    The arguments are those of :func:`build_mixture`. Texts are read only where the budget is in tokens, characters or
    bytes, or a sampler or an exclusion asks for them. Rows whose text turns out to be unusable, and cells that a check
    rejects, are not known yet: a budget at the very edge may be planned and still fail to build.

    Returns:
        The plan.

    Raises:
        InfeasibleBudget: No choice of cells meets the budget; the error carries the certificate.
        PinchmixError: As :func:`build_mixture`.

    Example:
        >>> import pinchmix
        >>> plan_mixture(pinchmix.sample(), {"en": 20, "*": 10}, languages=["en", "fi", "sw"])
        Plan(30 examples in 3 languages, 36 instructions left over)
    """
    asked = Asked(
        total=total, unit=unit, languages=languages, pivot=pivot, content=content, sampler=sampler, validate=validate,
        parallel=parallel, tokenizer=tokenizer, counted=counted, repeat=repeat, split=split, exclude=exclude, seed=seed,
        plugins=plugins, wording=wording,
    )  # fmt: skip
    prepared = prepare(source, budget, asked, columns=columns, join=join, on_bad_rows=on_bad_rows, progress=progress)
    faults = prepared.scanned.faults
    if len(faults) and on_bad_rows == "error":
        raise faults.error()
    return choose(prepared, prepared.serving, {}, partial, plan_only=True)[0]
