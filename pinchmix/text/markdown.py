"""Markdown that no text can break out of: escaped lines, fences longer than what they hold, tables; no noun of ours."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from pinchmix.text.show import text_of, width_of

# Control characters but tab and line feed, signs that turn the direction of what follows (Unicode's explicit
# formatting and isolates; plain marks and joiners are part of many languages), other line ends, byte order marks.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
_INLINE = re.compile(r"[\\`*_\[\]<>&|~$]")  # $ is mathematics on some pages
_BLOCK = re.compile(r"(\s*)([#=+\-:]|\d+(?=[.)]))")  # what makes a line more than a line, at its start


def visible(text: str) -> str:
    r"""Return a text in which what cannot be seen but acts on other text is spelled out; a CRLF is a line end.

    Example:
        >>> print(visible("a\x00b\r\nc\u202ed"))
        a\x00b
        c\u202ed
    """
    return _UNSEEN.sub(
        lambda found: f"\\u{ord(found[0]):04x}" if found[0] > "\xff" else f"\\x{ord(found[0]):02x}",
        text.replace("\r\n", "\n"),
    )


def plain(text: str) -> str:
    r"""Return a text as Markdown that shows it as it is: no markup, no HTML; an empty line ends a paragraph.

    Example:
        >>> print(plain("# not *a* title\n<b>1</b>"))
        \# not \*a\* title
        \<b\>1\</b\>
    """
    lines = [_INLINE.sub(r"\\\g<0>", line.strip()) for line in visible(text).split("\n")]
    return "\n".join(_BLOCK.sub(_escaped_start, line, count=1) if _BLOCK.match(line) else line for line in lines)


def _escaped_start(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}\\" if found[2].isdigit() else f"{found[1]}\\{found[2]}"


def inline(text: str) -> str:
    r"""Return a text as one line of Markdown, for headings, list items and cells of tables.

    Example:
        >>> print(inline("a | b" + chr(10) + "c"))
        a \| b c
    """
    return plain(" ".join(visible(text).split("\n")))


def code(text: str) -> str:
    """Return a text as code within a line; for texts of ours, as in a table a bar would end the cell.

    Example:
        >>> code("a`b")
        '``a`b``'
    """
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def fenced(text: str, kind: str = "") -> list[str]:
    """Return the lines of a block that shows a text as it is; no run of backticks in it is as long as its fence.

    Example:
        >>> fenced("x = 1", "python")
        ['```python', 'x = 1', '```']
    """
    body = visible(text)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return [f"{fence}{kind}", *body.split("\n"), fence]


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], *, left: Collection[int] = (0,)) -> list[str]:
    r"""Return the lines of a table whose columns are aligned in the source too.

    Args:
        header: One title a column.
        rows: Values, shown by :func:`~pinchmix.text.show.text_of`; the texts among them are taken as they are.
        left: The columns that are aligned left; the others are aligned right.

    Example:
        >>> print("\n".join(table(["language", "examples"], [["en", 4600], ["sw", 4]])))
        | language | examples |
        | :------- | -------: |
        | en       |    4,600 |
        | sw       |        4 |
    """
    cells = [list(header), *([escape_bars(text_of(value)) for value in row] for row in rows)]
    widths = [max(3, *(width_of(row[place]) for row in cells)) for place in range(len(header))]
    rules = [
        ":" + "-" * (width - 1) if place in left else "-" * (width - 1) + ":" for place, width in enumerate(widths)
    ]
    lines = []
    for row in [cells[0], rules, *cells[1:]]:
        padded = [
            cell + " " * (width - width_of(cell)) if place in left else " " * (width - width_of(cell)) + cell
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"| {' | '.join(padded)} |")
    return lines


def escape_bars(text: str) -> str:
    r"""Return a cell of a table in which no bar ends it, code included.

    Example:
        >>> escape_bars("a|b"), escape_bars(r"a\|b")
        ('a\\|b', 'a\\|b')
    """
    return re.sub(r"(?<!\\)\|", r"\\|", text)
