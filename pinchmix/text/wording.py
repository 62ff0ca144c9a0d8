"""Words for messages: a near name, a count with its noun, a list that is not too long."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def near(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the known name closest to a mistyped one, or an empty text.

    Example:
        >>> near("langauges", ["languages", "language"])
        " Did you mean 'languages'?"
        >>> near("zzz", ["en", "de"])
        ''
    """
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {matches[0]!r}?" if matches else ""


def number_of(count: int, singular: str, plural: str = "") -> str:
    """Return a count with its noun.

    Example:
        >>> number_of(1, "row"), number_of(1234, "row"), number_of(2, "story", "stories")
        ('1 row', '1,234 rows', '2 stories')
    """
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def listing(items: Sequence[str], limit: int = 12) -> str:
    """Return names joined by commas, cut after ``limit`` of them with a count of the rest.

    Example:
        >>> listing(["en", "de", "fr"], limit=2)
        'en, de and 1 more'
    """
    if len(items) <= limit:
        return ", ".join(items)
    return f"{', '.join(items[:limit])} and {len(items) - limit:,} more"
