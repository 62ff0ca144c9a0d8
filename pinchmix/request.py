"""Requests to translate: their wording by language, built in for the languages of the sample, or the recipe's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pinchmix.errors import ArgumentError
from pinchmix.text.wording import listing, near
from pinchmix.weave import Weave, column_of, is_woven

TEXT, LANGUAGE = "{text}", "{language}"


@cache
def built_in() -> Mapping[str, Any]:
    r"""Return language → its wording, and what it calls the others (the names of the Unicode CLDR).

    Example:
        >>> built_in()["en"]["wording"], built_in()["en"]["names"]["fi"]
        ('Translate the following text into {language}.\n\n{text}', 'Finnish')
    """
    read: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "translate.json").read_text(encoding="utf-8"))
    return read


def read_wording(said: Any) -> dict[str, str]:
    """Return the wordings of a recipe by canonical name: of a language, or of one ``translate(...)`` column.

    Args:
        said: Name → wording, in which ``{text}`` stands for the text and ``{language}`` for the other language's name.

    Raises:
        ArgumentError: It is no such mapping.
        BudgetError: A name is that of no column.
        UnknownLanguage: A name is no language tag.

    Example:
        >>> read_wording({"EN": "In Finnish, please: {text}"})
        {'en': 'In Finnish, please: {text}'}
    """
    if not isinstance(said, Mapping):
        raise ArgumentError(
            f"wording={said!r}: give a mapping of language to what asks for a translation, such as "
            "{'en': 'Translate into {language}: {text}'}."
        )
    found: dict[str, str] = {}
    for name, text in said.items():
        column = column_of(name, "wording")
        if is_woven(column) and not column.startswith("translate("):
            raise ArgumentError(
                f"wording: nothing is asked for in {column}; name a language, or a translate(...) column."
            )
        if not isinstance(text, str) or text.count(TEXT) != 1:
            raise ArgumentError(f"wording: that of {name} is {text!r}; it has {TEXT} once, where the text is to stand.")
        if column in found:
            raise ArgumentError(f"wording: {column} is given twice.")
        found[column] = text
    return found


def request_of(weave: Weave, wording: Mapping[str, str]) -> tuple[str, str]:
    r"""Return what stands before and after the text in a request to translate.

    The wording of the column goes before that of the language of the text, and that before the built-in one.

    Raises:
        ArgumentError: There is no wording in this language, or it has no name for the other one.

    Example:
        >>> request_of(Weave("translate", "fi", "en"), {})
        ('Käännä seuraava teksti. Kohdekieli: englanti.\n\n', '')
    """
    known = built_in().get(weave.first, {})
    said = wording.get(weave.name, wording.get(weave.first, known.get("wording")))
    way = f"Give one: wording={{{weave.first!r}: '... {TEXT}'}}."
    if said is None:
        raise ArgumentError(
            f"{weave.name}: there is no wording in {weave.first} that asks for a translation; those built in are "
            f"{listing(list(built_in()), 40)}. {way}"
        )
    name = known.get("names", {}).get(weave.second)
    if LANGUAGE in said and name is None:
        raise ArgumentError(
            f"{weave.name}: the wording in {weave.first} names the other language, and what {weave.second} is called "
            f"in it is not known. Give one that says it: wording={{{weave.name!r}: '... {TEXT}'}}."
        )
    before, after = said.split(TEXT)
    return before.replace(LANGUAGE, name or ""), after.replace(LANGUAGE, name or "")


def check_used(wording: Mapping[str, str], weaves: tuple[Weave, ...]) -> None:
    """Raise if a wording is for nothing that is asked.

    Raises:
        ArgumentError: One is.

    Example:
        >>> check_used({"en": "{text}"}, (Weave("translate", "en", "fi"),))
    """
    names = [name for weave in weaves if weave.kind == "translate" for name in (weave.name, weave.first)]
    if idle := [name for name in wording if name not in names]:
        raise ArgumentError(
            f"wording: no translation is asked of {idle[0]}.{near(idle[0], names)} "
            f"{'Those asked for are: ' + listing(names[::2], 40) if names else 'The budget names no translate(...)'}."
        )
