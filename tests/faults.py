"""Cells with one fault each, made from a clean one, and which check is to find each."""

from __future__ import annotations

from collections.abc import Sequence

from pinchmix.cells import Cells

ENGLISH = (
    "Please read the 12 pages at https://example.org/a and tell {name} about `ls -l`, \\(x^2 + 1\\) and the old "
    "harbour which was built in 1887.",
    "The harbour was built by fishermen in 1887, and they paid 4,500 marks for the stones that they carried there.",
)
FINNISH = (
    "Lue 12 sivua osoitteesta https://example.org/a ja kerro henkilölle {name} komennosta `ls -l`, kaavasta "
    "\\(x^2 + 1\\) ja vanhasta satamasta, joka on rakennettu vuonna 1887.",
    "Kalastajat rakensivat sataman vuonna 1887, ja he maksoivat 4 500 markkaa kivistä, jotka he kantoivat sinne.",
)
PROMPT, RESPONSE = FINNISH
LOOP = "Minä en tiedä sitä, mutta kysyn. "

# Check → prompt and response of a cell that it must find a mismatch in.
FAULTS: dict[str, tuple[str, str]] = {
    "code": (PROMPT.replace("`ls -l`", "listaus"), RESPONSE),
    "copy": (PROMPT, ENGLISH[1]),
    "damage": (PROMPT, RESPONSE.replace("s", "\ufffd", 1)),
    "echo": (PROMPT, PROMPT),
    "empty": (PROMPT, "<ei vastausta>"),
    "length": (PROMPT, "Joo."),
    "loops": (PROMPT, RESPONSE + LOOP * 6),
    "markers": (PROMPT, RESPONSE + "\n\n##\n18. Instruction: Kirjoita runo."),
    "markup": (PROMPT, RESPONSE + "\n```python\nprint(1)\n"),
    "math": (PROMPT.replace("\\(x^2 + 1\\)", "jotain"), RESPONSE),
    "numbers": (PROMPT, RESPONSE.replace("1887", "1978")),
    "truncation": (PROMPT, RESPONSE[: len(RESPONSE) // 2]),
    "unicode": (PROMPT, "\u202e" + RESPONSE),
    "urls": (PROMPT.replace("https://example.org/a", "sivustolta"), RESPONSE),
    "variables": (PROMPT.replace("{name}", "Matti"), RESPONSE),
}


def cells_of(pairs: Sequence[tuple[str, str]], language: str = "fi") -> Cells:
    """Return cells of prompts and responses, all beside the same pivot."""
    count = len(pairs)
    return Cells(
        [str(n) for n in range(count)], [language] * count, [language] * count,
        [prompt for prompt, _ in pairs], [response for _, response in pairs], ["ua"] * count, "en",
        [ENGLISH[0]] * count, [ENGLISH[1]] * count, ["ua"] * count,
    )  # fmt: skip
