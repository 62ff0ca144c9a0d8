"""Tables, bars and trees as text and HTML, from plain values; knows no noun of ours."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence
from typing import Any

EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(share: float, width: int = 20) -> str:
    """Return a bar of block characters, an eighth of a character exact; any positive share shows.

    Example:
        >>> bar(0.5, width=4), bar(0.001, width=4), bar(0.0, width=4)
        ('██', '▏', '')
    """
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def text_of(value: Any) -> str:
    """Return a value as people read it: thousands separated, shares in percent, None as a dash.

    Example:
        >>> [text_of(value) for value in (4600, 0.0087, None, "en")]
        ['4,600', '0.9 %', '–', 'en']
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{100 * value:.1f} %"
    return f"{value:,}" if isinstance(value, int) else str(value)


def width_of(text: str) -> int:
    """Return how many terminal columns a text takes.

    Example:
        >>> width_of("中文"), width_of("é")
        (4, 1)
    """
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], *, left: Sequence[int] = (0,), indent: str = "") -> str:
    """Return a table as aligned text.

    Args:
        header: One title a column.
        rows: Values, shown by :func:`text_of`.
        left: The columns that are aligned left; the others are aligned right.
        indent: Put before every line.

    Returns:
        Lines without trailing blanks.

    Example:
        >>> print(table(["language", "examples"], [["en", 4600], ["sw", 4]]))
        language  examples
        en           4,600
        sw               4
    """
    cells = [list(header), *([text_of(value) for value in row] for row in rows)]
    widths = [max(width_of(row[column]) for row in cells) for column in range(len(header))]
    lines = []
    for row in cells:
        padded = [
            cell + " " * (width - width_of(cell)) if column in left else " " * (width - width_of(cell)) + cell
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((indent + "  ".join(padded)).rstrip())
    return "\n".join(lines)


def html_table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[Any]], shares: Sequence[float], note: str = ""
) -> str:
    """Return a table as HTML with a bar a row, for notebooks; needs no script and no style sheet.

    Args:
        title: A line above the table.
        header: One title a column.
        rows: Values, shown by :func:`text_of`.
        shares: The length of each row's bar, 0 to 1.
        note: A line below the table.

    Returns:
        One ``<div>``.

    Example:
        >>> "<td" in html_table("mixture", ["language"], [["en"]], [1.0])
        True
    """
    style = "padding:1px 10px;text-align:"
    head = "".join(
        f'<th style="{style}{"left" if i == 0 else "right"}">{html.escape(t)}</th>' for i, t in enumerate(header)
    )
    body = []
    for row, share in zip(rows, shares, strict=True):
        cells = "".join(
            f'<td style="{style}{"left" if i == 0 else "right"}">{html.escape(text_of(v))}</td>'
            for i, v in enumerate(row)
        )
        width = f"{100 * max(share, 0.004 if share else 0):.1f}%"
        fill = f'<div style="background:#4c78a8;height:0.8em;width:{width}"></div>'
        body.append(f'<tr>{cells}<td style="width:12em;padding:1px 4px">{fill}</td></tr>')
    return (
        f'<div><p style="margin:4px 0"><b>{html.escape(title)}</b></p>'
        f'<table style="border-collapse:collapse"><thead><tr>{head}<th></th></tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
        f'<p style="margin:4px 0;opacity:0.7">{html.escape(note)}</p></div>'
    )


def tree(root: str, branches: Sequence[str | tuple[str, Sequence[str]]]) -> str:
    """Return a tree of two levels as text.

    Example:
        >>> print(tree("plan", [("languages", ["en", "sw"]), "nothing short"]))
        plan
        ├── languages
        │   ├── en
        │   └── sw
        └── nothing short
    """
    lines = [root]
    for number, branch in enumerate(branches):
        last = number == len(branches) - 1
        title, leaves = branch if isinstance(branch, tuple) else (branch, ())
        lines.append(f"{'└' if last else '├'}── {title}")
        stem = "    " if last else "│   "
        lines.extend(f"{stem}{'└' if place == len(leaves) - 1 else '├'}── {leaf}" for place, leaf in enumerate(leaves))
    return "\n".join(lines)


def html_heat(
    title: str,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    shares: Sequence[Sequence[float]],
    notes: Sequence[str] = (),
) -> str:
    """Return a square table as HTML with a background by share, for notebooks; needs no script and no style sheet.

    Args:
        title: A line above the table.
        names: Of rows and columns.
        rows: Values, shown by :func:`text_of`.
        shares: How strong each background is, 0 to 1; NaN for none.
        notes: Lines below the table.

    Returns:
        One ``<div>``.

    Example:
        >>> "background" in html_heat("shared", ["a"], [[5]], [[1.0]])
        True
    """
    style = "padding:1px 8px;text-align:right"
    head = "".join(f'<th style="{style}">{html.escape(name)}</th>' for name in names)
    body = []
    for name, row, parts in zip(names, rows, shares, strict=True):
        cells = "".join(
            f'<td style="{style};background:rgba(76,120,168,{0.8 * part if part > 0 else 0:.2f})">'
            f"{html.escape(text_of(value))}</td>"
            for value, part in zip(row, parts, strict=True)
        )
        body.append(f'<tr><th style="{style.replace("right", "left")}">{html.escape(name)}</th>{cells}</tr>')
    lines = "<br>".join(html.escape(note) for note in notes)
    return (
        f'<div><p style="margin:4px 0"><b>{html.escape(title)}</b></p>'
        f'<table style="border-collapse:collapse"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
        f'<p style="margin:4px 0;opacity:0.7">{lines}</p></div>'
    )
