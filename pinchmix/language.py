"""Language tags: parse, normalise, script."""

from __future__ import annotations

from functools import lru_cache

import langcodes

from pinchmix.errors import ArgumentError, UnknownLanguage

# CLDR folds these macro-language members into the macro tag; people write either.
_SAME = {"nb": "no", "tl": "fil", "arb": "ar", "swh": "sw", "ekk": "et", "pes": "fa", "prs": "fa-AF"}

# The scripts in use today whose direction is right to left, by the Unicode character database.
_LEFTWARD = frozenset(("Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi"))


def normalise_language(tag: str) -> str:
    """Return the one BCP-47 spelling that pinchmix uses for a language tag.

    Script and region are dropped where CLDR says that they are the default for the language
    (``zh-Hans`` and ``zh-CN`` are ``zh``), and kept where they are not (``zh-Hant``, ``pt-PT``).

    Args:
        tag: A language tag as people write it: ``zh_CN``, ``zho_Hans``, ``iw``, ``nob`` ...

    Returns:
        The canonical tag.

    Raises:
        UnknownLanguage: The text is not a language tag. The error carries it as ``tag``.
        ArgumentError: The tag is no text at all.

    Example:
        >>> [normalise_language(tag) for tag in ("iw", "zho_Hans", "zh-TW", "nb", "in", "EN")]
        ['he', 'zh', 'zh-Hant', 'no', 'id', 'en']
    """
    if not isinstance(tag, str):
        raise ArgumentError(f"a language is a tag such as 'en', not {tag!r} of type {type(tag).__name__}.")
    return _normalised(tag)  # the cache would hash what is no text, and lists have no hash


@lru_cache(maxsize=4096)
def _normalised(tag: str) -> str:
    try:
        parsed = langcodes.Language.get(tag.strip().replace("_", "-"), normalize=True)
        canonical = langcodes.Language.get(langcodes.standardize_tag(parsed.to_tag(), macro=True))
    except ValueError:
        raise UnknownLanguage(tag) from None
    if canonical.language in (None, "und", "mul", "mis", "zxx") or not canonical.is_valid():
        raise UnknownLanguage(tag)
    full = canonical.maximize()
    base = _SAME.get(canonical.language, canonical.language)
    default = langcodes.Language.get(base).maximize()
    if full.script and full.script != default.script:
        return f"{base}-{full.script}"
    if canonical.territory and canonical.territory != default.territory:
        return f"{base}-{canonical.territory}"
    return base


@lru_cache(maxsize=4096)
def script_of(tag: str) -> str:
    """Return the ISO 15924 script a language is written in, by CLDR.

    Args:
        tag: A canonical tag; an explicit script subtag wins.

    Returns:
        Four letters, such as ``Latn``.

    Example:
        >>> script_of("ur"), script_of("hi-Latn"), script_of("zh")
        ('Arab', 'Latn', 'Hans')
    """
    return langcodes.Language.get(tag).maximize().script or "Zzzz"


@lru_cache(maxsize=4096)
def is_right_to_left(tag: str) -> bool:
    """Tell whether a language is written from right to left.

    Args:
        tag: A canonical tag.

    Example:
        >>> [is_right_to_left(tag) for tag in ("ur", "he", "en", "az-Arab")]
        [True, True, False, True]
    """
    return script_of(tag) in _LEFTWARD
