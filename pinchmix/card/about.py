"""About: what only the user knows of a mixture that is published: its name, licence, sources, and how to cite it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pinchmix.errors import ArgumentError
from pinchmix.text.wording import listing, near

URL = re.compile(r'https?://[^\s"<>\\^`{|}]+')
# Semantic versioning, of which the last two numbers may be left out.
_PART = r"(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
VERSION = re.compile(
    rf"(0|[1-9]\d*)(\.(0|[1-9]\d*)(\.(0|[1-9]\d*)(-{_PART}(\.{_PART})*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)?)?",
    re.ASCII,
)


@dataclass(frozen=True)
class About:
    """What the card and the metadata of an export say beyond what is known from the data; nothing is made up.

    Attributes:
        name: What the data set is called.
        description: What it is, in a sentence or a paragraph.
        license: The licence, as an SPDX or Hugging Face identifier such as ``"cc-by-4.0"``.
        sources: Where the parallel data came from: names or addresses.
        creators: The people who made it.
        publisher: The organisation that publishes it.
        citation: How to cite it.
        url: Where it is published, as an address on the web.
        version: Of the data set, as ``"1.0.0"``.
        published: The day, as ``"2026-11-21"``.

    Example:
        >>> About(name="Pinch", license="cc-by-4.0", sources=("https://example.org/aya",)).said
        {'name': 'Pinch', 'license': 'cc-by-4.0', 'sources': ['https://example.org/aya']}
    """

    name: str = ""
    description: str = ""
    license: str = ""
    sources: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    publisher: str = ""
    citation: str = ""
    url: str = ""
    version: str = ""
    published: str = ""

    def __post_init__(self) -> None:
        for part in ("sources", "creators"):
            said = getattr(self, part)
            if isinstance(said, str):
                said = (said,)
            if not isinstance(said, (list, tuple)) or not all(isinstance(one, str) for one in said):
                raise ArgumentError(f"about: {part} is a list of texts, not {said!r}.")
            object.__setattr__(self, part, tuple(said))
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, (str, tuple)):
                raise ArgumentError(f"about: {field.name} is a text, not {value!r}.")
            for text in (value,) if isinstance(value, str) else value:
                if not text.strip() and (text or not isinstance(value, str)):
                    raise ArgumentError(f"about: {field.name} is {text!r}; leave out what there is nothing to say of.")
                if not text.isprintable() and field.name not in ("description", "citation"):
                    raise ArgumentError(f"about: {field.name} is one line of text, not {text!r}.")
                if any("\ud800" <= sign <= "\udfff" for sign in text):
                    raise ArgumentError(f"about: {field.name} holds half a character, which no file can: {text!a}.")
        if self.version and not VERSION.fullmatch(self.version):
            raise ArgumentError(f"about: version is a number such as '1.0.0', not {self.version!r}.")
        if self.url and not URL.fullmatch(self.url):
            raise ArgumentError(f"about: url is an address such as 'https://example.org/data', not {self.url!r}.")
        if self.published:
            try:
                datetime.date.fromisoformat(self.published)
            except ValueError:
                raise ArgumentError(
                    f"about: published is a day such as '2026-11-21', not {self.published!r}."
                ) from None

    @classmethod
    def of(cls, said: About | Mapping[str, Any] | None) -> About:
        """Return what a user says: one of these, a mapping of its fields, or nothing.

        Raises:
            ArgumentError: It says something else.

        Example:
            >>> About.of({"license": "mit"}).license
            'mit'
        """
        if isinstance(said, About):
            return said
        if said is None:
            return cls()
        if not isinstance(said, Mapping):
            raise ArgumentError(f"about={said!r}: give a mapping such as {{'license': 'cc-by-4.0'}}.")
        known = [field.name for field in fields(cls)]
        if strange := [str(name) for name in said if name not in known]:
            raise ArgumentError(
                f"about: there is no {listing([repr(name) for name in strange])}; "
                f"there are {listing(known)}.{near(strange[0], known)}"
            )
        return cls(**said)

    @property
    def said(self) -> dict[str, Any]:
        """What is said, as plain data; what is not, is left out."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items() if value
        }
