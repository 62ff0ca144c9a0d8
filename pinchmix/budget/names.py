"""Names: the languages, woven columns, groups and ``"*"`` that a budget names, read as people write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pinchmix.errors import BudgetError, LanguageClash, UnknownLanguage
from pinchmix.language import normalise_language
from pinchmix.text.wording import near
from pinchmix.weave import column_of, is_woven

REST = "*"  # all languages that are not named, together

Groups = tuple[tuple[str, tuple[str, ...]], ...]


def read_names(names: Any, groups: Groups, where: str) -> tuple[str, ...]:
    """Return canonical tags and groups from a list of names, in its order.

    Raises:
        BudgetError: It is no list, or empty, or a name in it stands for a language of another name in it.
        UnknownLanguage: A name is no language tag.
        LanguageClash: Two names are the same language.

    Example:
        >>> read_names(["FI", "iw"], (), "languages")
        ('fi', 'he')
    """
    if isinstance(names, (str, Mapping)) or not isinstance(names, Sequence):
        raise BudgetError(f"{where}={names!r}: give a list of languages; its order decides ties.")
    if not names:
        raise BudgetError(f"{where}: the list is empty. Name a language, or leave {where}= out.")
    if odd := [name for name in names if not isinstance(name, str) or name == REST]:
        raise BudgetError(f"{where}: {odd[0]!r} is no language tag.")
    if twice := [name for name in names if list(names).count(name) > 1]:
        raise BudgetError(f"{where}: {twice[0]!r} is given twice.")
    found = tuple(by_language(names, groups, where))
    check_apart(found, groups)
    return found


def read_rest(rest: Any, taken: Sequence[str], groups: Groups) -> str:
    """Return the canonical name that gets the rest of a total.

    Args:
        rest: A language, a group or ``"*"``.
        taken: The names that have an amount.
        groups: The groups there are.

    Raises:
        BudgetError: It has an amount already, or shares a language with a name that has.
        UnknownLanguage: It is no language tag.

    Example:
        >>> read_rest("EN", ["sw"], ())
        'en'
    """
    name = REST if rest == REST else read_names([rest], groups, "rest")[0]
    if name in taken:
        raise BudgetError(f"rest={rest!r}: {name} has an amount already. Take that out, or leave rest= out.")
    check_apart([*taken, name], groups)
    return name


def by_language(names: Iterable[str], groups: Groups, where: str) -> dict[str, str]:
    """Return canonical name → the one spelling of it that was used.

    Raises:
        BudgetError: A name is neither a language tag nor a group, where there are groups.
        UnknownLanguage: A name is no language tag, where there are none.
        LanguageClash: Two names are the same language.

    Example:
        >>> by_language(["iw", "*"], (), "budget")
        {'he': 'iw', '*': '*'}
    """
    known = [name for name, _ in groups]
    spellings: dict[str, list[str]] = {}
    for name in names:
        try:
            language = name if name == REST or name in known else column_of(name, where)
        except UnknownLanguage:
            if is_woven(name):
                raise
            if known:
                raise BudgetError(
                    f"{where}: {name!r} is neither a language tag nor a group.{near(name, known)} "
                    f"The groups are: {', '.join(known)}."
                ) from None
            raise UnknownLanguage(name, where=where) from None
        spellings.setdefault(language, []).append(name)
    for language, used in spellings.items():
        if len(used) > 1:
            raise LanguageClash(language, used)
    return {language: used[0] for language, used in spellings.items()}


def check_apart(names: Sequence[str], groups: Groups) -> None:
    """Raise if two of the names stand for one language.

    Raises:
        BudgetError: They do.

    Example:
        >>> check_apart(["en", "romance"], (("romance", ("it", "es")),))
    """
    stands: dict[str, str] = {name: name for name in names if name not in dict(groups)}
    for name, members in groups:
        for member in members if name in names else ():
            if member in stands:
                other = stands[member]
                also = "named by itself too" if other == member else f"in the group {other!r} too"
                raise BudgetError(f"{member!r} is in the group {name!r} and {also}. Keep one of them.")
            stands[member] = name


def read_groups(groups: Any, used: bool = False) -> Groups:
    """Return groups by name, their members as canonical tags in declared order.

    Args:
        groups: Name → language tags, or None.
        used: Whether all groups are in use, so that none may share a language with another.

    Raises:
        BudgetError: A group is no list of languages, or empty, or has a member twice, or its name is ``"*"`` or a
            language tag.
        UnknownLanguage: A member is no language tag.

    Example:
        >>> read_groups({"romance": ["it", "ES"]})
        (('romance', ('it', 'es')),)
    """
    if groups is None:
        return ()
    if not isinstance(groups, Mapping):
        raise BudgetError(
            f"groups={groups!r}: give a mapping of a name to languages, such as {{'romance': ['it', 'es']}}."
        )
    found = []
    for name, members in groups.items():
        if not isinstance(name, str) or not name.strip() or name == REST:
            raise BudgetError(f"groups: {name!r} cannot be the name of a group.")
        if is_woven(name):
            raise BudgetError(f"groups: {name!r} cannot be the name of a group: it is written as a woven column.")
        if language := _as_language(name):
            raise BudgetError(
                f"groups: {name!r} is also the language tag {language!r}, so it would be ambiguous. "
                f"Give the group another name, such as {name + '_group'!r}."
            )
        if isinstance(members, (str, Mapping)) or not isinstance(members, Sequence) or not members:
            raise BudgetError(f"group {name!r}: give a list of languages, such as ['it', 'es'], not {members!r}.")
        found.append((name, read_names(members, (), f"group {name!r}")))
    made = tuple(sorted(found))
    if used:
        check_apart([name for name, _ in made], made)
    return made


def _as_language(name: str) -> str:
    try:
        return normalise_language(name)
    except UnknownLanguage:
        return ""
