"""The empty check: responses that say nothing, in any of the ways in which data says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import Column, fields

LONGEST = 40  # characters of a placeholder
_LETTER = re.compile(r"[^\W_]")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
# A single dash may be the answer, and dots with dashes are Morse code.
_DOTS = re.compile(r"(?:[\s._…]+|[\s_—–-]{2,})\Z")
_EXACT = "TODO"  # in small letters it is a word of Spanish and Portuguese

# What data has in the place of an answer, in every language's rows.
EVERYWHERE = frozenset(
    {
        "n/a", "tbd", "tba", "fixme", "placeholder", "noinput", "nooutput", "no input", "no output",
        "no response", "no answer", "not applicable", "not available", "insert text here", "lorem ipsum",
        "your answer here", "answer here",
    }
)  # fmt: skip
# May be the answer, if the question is about programs.
DOUBTFUL = frozenset({"nan", "null", "nil", "undefined"})
ASKED = "placeholder of the prompt"
SURE = ("placeholder", "nothing")
DOUBTS = ("no letters", "no value", ASKED)
# The phrases above, translated; not "none", which may be the answer.
TRANSLATED = {
    "ar": ("لا يوجد إخراج", "لا يوجد مدخلات", "لا ينطبق", "غير متوفر", "بدون إجابة"),
    "cs": ("žádný vstup", "žádný výstup", "není k dispozici", "nelze použít", "bez odpovědi"),
    "de": ("keine eingabe", "keine ausgabe", "nicht zutreffend", "nicht verfügbar", "keine antwort", "k.a"),
    "es": ("sin entrada", "sin salida", "no aplica", "no disponible", "sin respuesta", "n/d"),
    "et": ("sisend puudub", "väljund puudub", "ei kohaldu", "pole saadaval", "vastus puudub"),
    "fi": ("ei syötettä", "ei tulostetta", "ei sovellu", "ei saatavilla", "ei vastausta"),
    "fr": ("aucune entrée", "aucune sortie", "sans objet", "non disponible", "pas de réponse", "s.o", "n/d"),
    "he": ("אין קלט", "אין פלט", "לא רלוונטי", "לא זמין", "אין תשובה"),
    "hi": ("कोई इनपुट नहीं", "कोई आउटपुट नहीं", "लागू नहीं", "उपलब्ध नहीं", "कोई उत्तर नहीं"),
    "it": ("nessun input", "nessun output", "non applicabile", "non disponibile", "nessuna risposta", "n/d"),
    "ja": ("入力なし", "出力なし", "該当なし", "該当しません", "回答なし"),
    "ko": ("입력 없음", "출력 없음", "해당 없음", "답변 없음"),
    "nl": ("geen invoer", "geen uitvoer", "niet van toepassing", "niet beschikbaar", "geen antwoord", "n.v.t"),
    "pl": ("brak danych wejściowych", "brak danych", "nie dotyczy", "niedostępne", "brak odpowiedzi"),
    "pt": ("sem entrada", "sem saída", "não se aplica", "não aplicável", "não disponível", "sem resposta", "n/d"),
    "ru": ("нет ввода", "нет вывода", "нет данных", "неприменимо", "не применимо", "недоступно", "нет ответа"),
    "sw": ("hakuna ingizo", "hakuna pato", "haitumiki", "haipatikani", "hakuna jibu"),
    "th": ("ไม่มีข้อมูล", "ไม่มีอินพุต", "ไม่มีเอาต์พุต", "ไม่มีคำตอบ"),
    "tr": ("girdi yok", "çıktı yok", "uygulanamaz", "mevcut değil", "cevap yok", "yanıt yok"),
    "uk": ("немає вводу", "немає даних", "не застосовується", "недоступно", "немає відповіді"),
    "vi": ("không có đầu vào", "không có đầu ra", "không áp dụng", "không có sẵn", "không có câu trả lời"),
    "zh": ("无输入", "无输出", "不适用", "暂无", "没有答案", "无回答", "無輸入", "無輸出", "不適用"),
}


def _plain(text: str) -> str:
    return _EDGES.sub("", text.casefold()).strip()


PHRASES = EVERYWHERE | {_plain(phrase) for phrases in TRANSLATED.values() for phrase in phrases}


@dataclass(frozen=True)
class EmptyValidator:
    """Finds responses that are no answers: placeholders in many languages, and lines of dots or dashes.

    Where the pivot's response is one, that of every language is: the instruction is left out. A response without a
    letter or a digit, such as an emoji, is a doubt, and so is a placeholder that the prompt has: it may be one of the
    answers to choose from.

    Example:
        >>> cells = Cells(["a", "b"], ["fi"] * 2, ["fi"] * 2, ["Kuka?"] * 2, ["<ei vastausta>", "..."])
        >>> EmptyValidator().judge(cells, ["fi"]).reason
        ['placeholder', 'nothing']
    """

    name: str = "empty"
    version: str = "2"
    cost = Cost.CHEAP
    needs_pivot = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return responses that say nothing."""
        _, (*_, own, beside) = fields(cells)
        reasons = _reasons(own, cells.responses, cells.prompts)
        of_pivot = _reasons(beside, cells.pivot_responses, cells.pivot_prompts)
        said = {
            place: reason
            for place, reason in (*reasons.items(), *of_pivot.items())
            if place in of_pivot or cells.response_languages[place] == cells.pivot
        }
        found = []
        for place in sorted({*reasons, *of_pivot}):
            reason = reasons.get(place, "")
            if of_pivot.get(place) in SURE:
                reason = reason or f"{of_pivot[place]} in the pivot"
            elif (reason in DOUBTS and place in of_pivot) or not reason:
                continue
            elif of_pivot.get(place) == ASKED:
                reason = ASKED
            verdict = Verdict.UNSURE if reason in DOUBTS else Verdict.MISMATCH
            seen, content = cells.responses[place].strip()[:40], said.get(place) in SURE
            found.append(Finding(place, "response", verdict, reason, 0.0, seen, content))
        return Findings.of(found)


def _reasons(column: Column, texts: Sequence[str | None], prompts: Sequence[str | None]) -> dict[int, str]:
    """Return place → why a response is none."""
    length = Column(pc.utf8_trim_whitespace(column.array)).lengths
    short: Iterable[int] = np.flatnonzero((length >= 0) & (length <= LONGEST)).tolist()
    found = {}
    for place in short:
        text = (texts[place] or "").strip()
        if not text or _DOTS.match(text):
            found[place] = "nothing"
        elif not _LETTER.search(text):
            found[place] = "no letters"
        elif _plain(text) in PHRASES or _EDGES.sub("", text) == _EXACT:
            found[place] = ASKED if _plain(text) in (prompts[place] or "").casefold() else "placeholder"
        elif _plain(text) in DOUBTFUL:
            found[place] = "no value"
    return found
