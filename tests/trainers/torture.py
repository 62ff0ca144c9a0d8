"""Rows that are right and easy to take wrongly: scripts, joiners, line separators, texts that look like values."""

from __future__ import annotations

# One conversation a row; invisible characters are written as escapes, so that they can be seen here.
Turn = tuple[str, str]
CONVERSATIONS: dict[str, dict[str, list[Turn]]] = {
    "ar": {
        "ar-plain": [("user", "ما عاصمة المغرب؟"), ("assistant", "عاصمة المغرب هي الرباط، وأكبر مدنه الدار البيضاء.")],
        "ar-marks": [
            ("user", "ضع الحركات على كلمة: كتب"),
            ("assistant", "كَتَبَ: فعلٌ ماضٍ.\u200f ثم \u2067كُتِبَ\u2069 للمجهول، و«مـــدّ» بالتطويل."),
        ],
        "ar-digits": [("user", "اكتب ١٢٣ بالأرقام الغربية."), ("assistant", "123")],
    },
    "en": {
        "en-date": [("user", "When does the course begin? Only the date."), ("assistant", "2024-01-02")],
        "en-date-time": [("user", "And to the second?"), ("assistant", "2024-01-02T03:04:05Z")],
        "en-date-both": [("user", "2024-01-02"), ("assistant", "2024-01-03")],
        "en-null": [("user", "Which JSON word means nothing?"), ("assistant", "null")],
        "en-na": [("user", "How do tables mark what is not available?"), ("assistant", "NA")],
        "en-nan": [("user", "NaN"), ("assistant", "None")],
        "en-number": [("user", "What is six times seven?"), ("assistant", "42")],
        "en-number-zeros": [("user", "Repeat: 007"), ("assistant", "007")],
        "en-number-real": [("user", "1e3"), ("assistant", "1000.0")],
        "en-true": [("user", "Is water wet?"), ("assistant", "true")],
        "en-json": [("user", "Give me an object."), ("assistant", '{"messages": [{"role": "user", "content": null}]}')],
        "en-blanks": [("user", "  Keep my blanks.  "), ("assistant", "\tKept, all of them. \u00a0")],
        "en-line-ends": [("user", "\nTwo lines, please.\n"), ("assistant", "\n\nFirst\r\nsecond\rthird\n\n")],
        "en-next-line": [("user", "A\u0085B"), ("assistant", "before\u0085after")],
        "en-separators": [
            ("user", "\u2028Where\u2029do lines end?\u2028"),
            (
                "assistant",
                "Some say here:\u2028and paragraphs here:\u2029Others split at \u000b, \u000c and \u001e too.",
            ),
        ],
        "en-escapes": [
            ("user", 'Say \\n, \\u2028 and "quotes" as they stand, and C:\\new\\table.'),
            ("assistant", "\\n, \\u2028, \\\\, \"quotes\", 'more', /slashes/, <b>&amp;</b>, \u007f and \u0001."),
        ],
        "en-template": [
            ("user", "Fill in {{ name }} and {% if x %}y{% endif %} {# not #}."),
            ("assistant", "{{ messages[0]['content'] }} stays as it is; so do %s, {0} and $HOME."),
        ],
        "en-order-mark": [("user", "\ufeffA mark in front."), ("assistant", "\ufeffMark kept.\ufeff")],
        "en-no-characters": [
            ("user", "What is in \uffff, \ufdd0, \ue000 and \U0010ffff?"),
            ("assistant", "\u0000Nothing\u0000that can be seen.\u0000"),
        ],
        "en-composed": [
            ("user", "Two spellings of caf\u00e9?"),
            ("assistant", "caf\u00e9 and cafe\u0301; \ufb01 is not fi."),
        ],
        "en-dialogue": [
            ("user", "Name a river."),
            ("assistant", "The Danube."),
            ("user", "How long is it?"),
            ("assistant", "About 2,850 kilometres."),
        ],
        "en-system": [
            ("system", "You answer in one word."),
            ("user", "What colour is the sky on a clear day?"),
            ("assistant", "Blue."),
        ],
        "en-system-dialogue": [
            ("system", " You are a patient tutor.\n"),
            ("user", "2 + 2?"),
            ("assistant", "4"),
            ("user", "And doubled?"),
            ("assistant", "8"),
        ],
        "en-same-twice": [("user", "Echo"), ("assistant", "Echo"), ("user", "Echo"), ("assistant", "Echo")],
        "en-long": [
            ("user", "Count to two hundred."),
            ("assistant", ", ".join(str(number) for number in range(1, 201))),
        ],
    },
    "hi": {
        "hi-plain": [("user", "भारत की राजधानी क्या है?"), ("assistant", "भारत की राजधानी नई दिल्ली है।")],
        "hi-joiners": [
            ("user", "क्ष को अलग-अलग कैसे लिखें?"),
            ("assistant", "क्ष, क्\u200dष और क्\u200cष: तीनों में अक्षर वही हैं, जोड़ अलग है।"),
        ],
    },
    "no": {
        "no-plain": [("user", "Hva heter hovedstaden i Norge?"), ("assistant", "Hovedstaden i Norge heter Oslo.")],
        "no-no": [("user", "Er månen laget av ost?"), ("assistant", "no")],
        "no-letters": [("user", "Gi meg tre ord med æ, ø og å."), ("assistant", "Bær, søt og båt.")],
    },
    "th": {
        "th-plain": [("user", "ประเทศไทยมีกี่จังหวัด"), ("assistant", "ประเทศไทยมี 76 จังหวัด ไม่รวมกรุงเทพมหานคร")],
        "th-joiners": [
            ("user", "แบ่ง\u200bคำ\u200bให้\u200bหน่อย"),
            ("assistant", "ภาษา\u200bไทย\u2060ไม่\u200bเว้น\u200dวรรค\u200cน้ำ กับ น\u0e49\u0e4d\u0e32"),
        ],
    },
    "zh": {
        "zh-plain": [("user", "中国最长的河是哪一条？"), ("assistant", "中国最长的河是长江。")],
        "zh-wide": [
            ("user", "“生僻字”有哪些？\u3000举例。"),
            ("assistant", "\U00020bb7野家的“\U00020bb7”，以及\U0002a6a5和葛\U000e0100。１２３"),
        ],
        "zh-emoji": [
            ("user", "用表情表示一家人。"),
            (
                "assistant",
                "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 和 \U0001f3f3\ufe0f\u200d\U0001f308，"
                "还有 \U0001f44d\U0001f3fd、\u2764\ufe0f、1\ufe0f\u20e3 与 \U0001f1f3\U0001f1f4",
            ),
        ],
    },
}


def rows() -> dict[str, list[dict[str, object]]]:
    """Return the rows of each language, as a file of chat messages has them."""
    return {
        language: [
            {"id": name, "messages": [{"role": role, "content": content} for role, content in turns]}
            for name, turns in conversations.items()
        ]
        for language, conversations in CONVERSATIONS.items()
    }
