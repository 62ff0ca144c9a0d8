"""The language check on tasks about another language: the right answer is a doubt, what translation left is none."""

from __future__ import annotations

import pytest

from pinchmix.cells import Cells, Verdict
from pinchmix.validators.foreign_tasks import about_another, named_by
from pinchmix.validators.langid.backends import find_backend
from pinchmix.validators.language import LanguageValidator

QUOTED = "Korjaa englanninkielinen lause: 'He go to school every day and play with friend.'"
MENDED = "He goes to school every day and plays with friends."
FRENCH = "Il fait beau aujourd'hui, allons nous promener."
DOUBT, WRONG = (Verdict.UNSURE, "task"), (Verdict.MISMATCH, "language")
STORY = "The old man walked slowly down to the river every morning."


def response(language: str, prompt: str, text: str, pivot: str | None = None) -> tuple[int, str]:
    cells = Cells(["a"], [language], [language], [prompt], [text], pivot_prompts=[pivot])
    found = LanguageValidator().judge(cells, ["en", "fi"])
    (said,) = [
        (verdict, reason)
        for field, verdict, reason in zip(found.field, found.verdict.tolist(), found.reason, strict=True)
        if field == "response"
    ]
    return said


@pytest.mark.parametrize(
    ("language", "prompt", "text", "pivot"),
    [
        ("fi", QUOTED, MENDED, None),
        ("fi", QUOTED, MENDED, "Correct the English sentence: 'He go to school every day and play with friend.'"),
        ("fi", QUOTED, MENDED, "Fix the mistakes: 'He go to school every day and play with friend.'"),
        ("en", "Translate into French: The weather is nice today, let us go for a walk.", FRENCH, None),
        ("fi", "Käännä: Tänään on kaunis ilma, lähdetään kävelylle.", FRENCH, "Translate into French: It is fine."),
        ("fi", QUOTED, MENDED, "Correct the sentence: 'He go to a French school every day and play with friend.'"),
        ("en", "What is wrong here? Je suis aller au marché hier matin avec ma sœur.", FRENCH, None),
    ],
)
def test_an_answer_in_the_language_of_the_task_is_a_doubt(
    language: str, prompt: str, text: str, pivot: str | None
) -> None:
    assert response(language, prompt, text, pivot) == DOUBT


@pytest.mark.parametrize(
    ("language", "prompt", "text", "pivot"),
    [
        ("fi", "Mitä koululainen tekee joka päivä ystäviensä kanssa?", MENDED, None),
        ("en", "What is the weather like today, and what shall we do?", FRENCH, None),
        # What translation left in place: the pivot's prompt is no task about English.
        ("fi", f"Tiivistä seuraava kertomus: {STORY}", MENDED, f"Sum up the following story: {STORY}"),
        # The task wants another language than the answer's.
        (
            "fi",
            f"Käännä ranskaksi tämä lause: '{STORY}'",
            MENDED,
            f"Translate this English into French: '{STORY}'",
        ),
        ("en", "Translate into German: The weather is nice today.", FRENCH, None),
        # Names are no stretch.
        ("es", "¿Qué hacía Tesla Electric Light & Manufacturing?\nTesla se asoció con dos hombres.", MENDED, None),
        ("fi", "Kuka kirjoitti kirjan 'Of Mice and Men' ja milloin?", MENDED, None),
    ],
)
def test_another_wrong_answer_is_still_rejected(language: str, prompt: str, text: str, pivot: str | None) -> None:
    assert response(language, prompt, text, pivot) == WRONG


def test_a_prompt_that_is_wrong_itself_excuses_nothing() -> None:
    cells = Cells(["a"], ["fi"], ["fi"], [STORY], [MENDED])
    assert LanguageValidator().judge(cells, ["en", "fi"]).verdict.tolist() == [Verdict.MISMATCH] * 2


def test_a_pivot_of_another_language_names_no_task() -> None:
    cells = Cells(["a"], ["en"], ["en"], ["Translate into French: It is fine."], [FRENCH], pivot="fi")
    assert about_another(cells, [0], ["fr"], ["en"], find_backend("langdetect")).tolist() == [False]


def test_a_task_is_read_at_both_ends_of_a_long_prompt() -> None:
    assert named_by(f"{STORY * 50} Translate the text above into Swedish.", "sv") == "named"
    assert named_by(f"{STORY * 50} Translate the text above into Swedish. {STORY * 50}", "sv") == ""
