"""Drawing: bars side by side and heat maps as figures, from plain values; the one file that asks matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pinchmix.errors import ArgumentError

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure

COLOURS = ("#4c78a8", "#f58518")  # told apart by people who do not see red or green
INSTALL = "pip install 'pinchmix[plot]'"
WRITTEN = 12  # members up to which a heat map says its numbers


def draw_pairs(
    labels: Sequence[str],
    first: Sequence[int],
    second: Sequence[int],
    shared: Sequence[int],
    names: tuple[str, str],
    title: str,
    axes: Axes | None = None,
) -> Figure:
    """Draw two bars a label, side by side, with the part that both share hatched at the foot of each.

    Args:
        labels: One a pair of bars.
        first: The heights of the left bars.
        second: The heights of the right bars.
        shared: The heights of what both share.
        names: What the left and the right bars are.
        title: Above the figure.
        axes: Where to draw; a new figure by default.

    Returns:
        The figure. The containers of its axes are the left bars, the right bars, and the shared part of each.

    Raises:
        ArgumentError: matplotlib is not installed.
    """
    own = axes is None
    figure, axes = _axes(axes, (max(5.0, 1.6 + 0.62 * len(labels)), 3.9))
    places, width = np.arange(len(labels)), 0.4
    largest = max(*first, *second, 1)
    positive = [count for count in (*first, *second, *shared) if count]
    for offset, heights, name, colour in zip((-width / 2, width / 2), (first, second), names, COLOURS, strict=True):
        bars = axes.bar(places + offset, heights, width * 0.94, color=colour, label=name, zorder=2)
        axes.bar_label(bars, [f"{height:,}" for height in heights], fontsize=7, color="#444444", padding=1)
    feet: list[Any] = []
    for offset in (-width / 2, width / 2):
        label = "in both" if offset < 0 else None
        foot = axes.bar(
            places + offset, shared, width * 0.94, color="none", edgecolor="white", hatch="////", linewidth=0,
            zorder=3, label=label,
        )  # fmt: skip
        feet.append(foot)
    if positive and largest > 30 * min(positive):  # a pinch beside the pivot would not be seen
        axes.set_yscale("symlog", linthresh=max(min(positive), 1), linscale=0.6)
        axes.set_ylim(0, largest * 1.5)
        axes.set_ylabel("examples (logarithmic)")
    else:
        axes.set_ylim(0, largest * 1.08)
        axes.set_ylabel("examples")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xticks(places, labels, rotation=0 if max(map(len, labels), default=0) <= 4 else 30)
    axes.set_xlim(-0.6, max(len(labels), 1) - 0.4)
    handles, said = axes.get_legend_handles_labels()
    for patch in feet[0].patches[:1]:
        patch.set_facecolor("#9a9a9a")  # white on white would not be seen in the legend
    if own:  # below everything, however long the names of languages are
        figure.legend(handles, said, frameon=False, loc="outside lower center", ncols=3)
    else:
        axes.legend(handles, said, frameon=False)
    for patch in feet[0].patches[:1]:
        patch.set_facecolor("none")
    _plain(axes, title)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    return figure


def draw_heat(
    names: Sequence[str],
    shares: npt.NDArray[np.float64],
    texts: Sequence[Sequence[str]],
    title: str,
    meaning: str,
    axes: Axes | None = None,
) -> Figure:
    """Draw a square of shares as colours, with a text in each cell where there are few.

    Args:
        names: Of rows and columns.
        shares: From 0 to 1, shape ``(names, names)``; NaN is left blank.
        texts: What is written into each cell where there are at most ``WRITTEN`` names.
        title: Above the figure.
        meaning: What the colours say, beside their scale.
        axes: Where to draw; a new figure by default.

    Raises:
        ArgumentError: matplotlib is not installed.
    """
    count = len(names)
    side = min(max(3.2, 1.4 + (0.62 if count <= WRITTEN else 0.2) * count), 16)
    figure, axes = _axes(axes, (side + 1.4, side + 0.4), layout="compressed")
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    size = 10 if count <= WRITTEN else max(4, min(9, 420 / count))
    axes.set_xticks(
        range(count), names, rotation=90 if count > WRITTEN or max(map(len, names)) > 5 else 0, fontsize=size
    )
    axes.set_yticks(range(count), names, fontsize=size)
    if count <= WRITTEN:
        for row in range(count):
            for column in range(count):
                colour = "white" if shares[row, column] > 0.55 else "#222222"
                axes.text(column, row, texts[row][column], ha="center", va="center", color=colour, fontsize=8)
    axes.tick_params(length=0)
    scale = figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03)
    scale.set_label(meaning)
    scale.outline.set_visible(False)
    scale.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    _plain(axes, title)
    return figure


def _axes(axes: Axes | None, size: tuple[float, float], layout: Any = "constrained") -> tuple[Figure, Any]:
    """Return axes and their figure; a new figure is of no list of open ones, so none has to be closed."""
    try:
        from matplotlib import pyplot
        from matplotlib.figure import Figure as Plain
    except ImportError as error:
        raise ArgumentError(f"plot() needs the library matplotlib. Get it: {INSTALL}") from error
    if axes is not None:
        given: Any = axes.figure
        return given, axes
    pyplot.rcParams  # noqa: B018 - pyplot is imported for notebooks, which then know how to show a figure
    figure = Plain(figsize=size, layout=layout)
    return figure, figure.add_subplot()


def _plain(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=11, loc="left")
    for side in axes.spines.values():
        side.set_visible(False)
