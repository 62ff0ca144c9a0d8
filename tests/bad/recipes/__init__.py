"""Bad recipe and family files: name → file and content; ``golden/`` holds what is said of each."""

from __future__ import annotations

SHORT = 'budget: {en: 4600, "*": 40}\n'

BAD: dict[str, tuple[str, str | bytes]] = {
    # No file that can be read.
    "no_utf8": ("r.yaml", SHORT.encode() + "# caf\u00e9".encode("latin-1")),
    "not_yaml": ("r.yaml", "budget: {en: 5\nseed: 4\n"),
    "tab": ("r.yaml", "budget:\n\ten: 5\n"),
    "anchor": ("r.yaml", "budget: &one {en: 5}\nsettings: {x: *one}\n"),
    "star_not_quoted": ("r.yaml", "budget: {en: 5, *: 4}\n"),
    "tag": ("r.yaml", "budget: !!python/object:os.system {en: 5}\n"),
    "two_documents": ("r.yaml", SHORT + "---\n" + SHORT),
    "control_sign": ("r.yaml", SHORT + "sampler: a\x07b\n"),
    "deep": ("r.yaml", "budget: " + "[" * 60 + "]" * 60),
    "empty_file": ("r.yaml", "# nothing yet\n"),
    "list_file": ("r.yaml", "- en: 5\n"),
    "text_file": ("r.yaml", "en=4600\n"),
    "not_json": ("r.json", '{"budget": {"en": 5,}}'),
    "nan_json": ("r.json", '{"budget": {"en": NaN}}'),
    "half_character_json": ("r.json", '{"budget": {"en": 5}, "sampler": "\\ud800"}'),
    "key_twice_json": ("r.json", '{"budget": {"en": 5},\n "seed": 1,\n "seed": 2}'),
    # What YAML reads as something else.
    "no_as_key": ("r.yaml", "budget:\n  en: 5\n  no: 5\n"),
    "no_in_list": ("r.yaml", SHORT + "languages: [en, no, fi]\npivot: no\n"),
    "on_as_key": ("r.yaml", SHORT + "on: 5\n"),
    "number_as_key": ("family.yaml", "name: f\nmembers:\n  10: {budget: {en: 5}}\n  1e3: {budget: {en: 6}}\n"),
    "null_as_key": ("r.yaml", SHORT + "~: 5\n"),
    "list_as_key": ("r.yaml", SHORT + "? [a, b]\n: 5\n"),
    "merge_key": ("r.yaml", SHORT + "<<: {seed: 4}\n"),
    "date": ("r.yaml", SHORT + "exclude: 2024-01-01\n"),
    "nan": ("r.yaml", "budget: {en: .nan, fi: .inf, total: 5}\n"),
    "octal": ("r.yaml", SHORT + "seed: 010\n"),
    "hexadecimal": ("r.yaml", SHORT + "seed: 0x10\n"),
    "sexagesimal": ("r.yaml", SHORT + "seed: 12:30\n"),
    "key_twice": ("r.yaml", SHORT + "seed: 1\nrepeat: 2\nseed: 2\n"),
    "language_twice": ("r.yaml", "budget:\n  en: 5\n  fi: 5\n  en: 6\n"),
    "words_as_other_things": (
        "r.yaml",
        "budget: {en: yes, fi: 5, total: on, minimum: no, groups: off}\nlanguages: no\npivot: no\nrepeat: yes\n"
        "tokenizer: off\nsettings: on\nvalidators: yes\nsplit: {train: yes}\nwording: no\nseed: Off\n",
    ),
    # Keys and types.
    "unknown_keys": ("r.yaml", "budgte: {en: 5}\nlangauges: [en]\nvalidate: strict\nzzz: 1\n"),
    "no_budget": ("r.yaml", "seed: 4\n"),
    "nothing_said": ("r.yaml", "budget:\nseed:\nlanguages:\n"),
    "wrong_types": (
        "r.yaml",
        "budget: 40\nlanguages: en, fi\npivot: [en]\ncontent: 1\nrepeat: 2.5\ntokenizer: gemma\ncounted: [both]\n"
        "sampler: {name: random}\nsettings: [by]\nvalidators: 5\nparallel: true\nsplit: 0.9\nexclude: 12\nseed: '4'\n",
    ),
    "wrong_types_json": ("r.json", '{"budget": [5],\n "seed": "4",\n "repeat": true,\n "split": {"train": "most"}}'),
    "wrong_values": (
        "r.yaml",
        SHORT + "content: disjont\nrepeat: 0\ncounted: promt\nparallel: response\nsplit: {train: 0.9, test: 0.2}\n"
        "languages: [EN, en, englsh]\npivot: englsh\nvalidators: strickt\n",
    ),
    "split_names": ("r.yaml", SHORT + "split: {a-b: 0.5, all: 0.5}\n"),
    "split_mixed": ("r.yaml", SHORT + "split: {train: 90, test: 0.1}\n"),
    "split_not_pairs": ("r.yaml", SHORT + "split: [train, 0.9]\n"),
    "split_not_number": ("r.yaml", SHORT + "split: {train: most, test: 1,000}\n"),
    "tokenizer_keys": ("r.yaml", SHORT + "tokenizer: {nme: gemma, digest: 5}\n"),
    "checks_unknown_keys": ("r.yaml", SHORT + "validators: [{name: numbers, mismach: flag}, language]\n"),
    "checks_wrong_ways": ("r.yaml", SHORT + "validators: {preset: strict, numbers: flagg, on_unsure: maybe}\n"),
    "checks_empty_way": ("r.yaml", SHORT + "validators: {numbers: , length: no}\n"),
    "checks_twice": ("r.yaml", SHORT + "validators: [language, {name: language}]\n"),
    "settings_infinite": ("r.yaml", SHORT + "settings: {x: 1e999}\n"),
    # Budgets.
    "budget_empty": ("r.yaml", "budget: {}\n"),
    "budget_names": ("r.yaml", "budget: {englsh: 5, totl: 9, en: 1}\n"),
    "budget_amounts": ("r.yaml", 'budget: {en: "4,600", fi: many, sw: true, it: [5], es: 1/0}\n'),
    "budget_counts_in_quotes": (
        "r.yaml",
        'budget: {en: "20", fi: 1e3, sw: "1e3", it: "1", es: 2.0, total: "40", minimum: {en: "3"}, maximum: 1e2}\n'
        'repeat: "3"\nseed: 1e3\n',
    ),
    "budget_one_count_in_quotes": ("r.yaml", 'budget: {en: "1"}\n'),
    "budget_count_in_quotes_and_shares": ("r.yaml", 'budget: {en: "20", fi: 0.5, sw: 1.0, total: 40}\n'),
    "budget_one_share_without_total": ("r.yaml", "budget: {en: 1.0, fi: 0.0}\n"),
    "budget_kind_counts_in_quotes": ("r.yaml", 'budget: {kind: counts, amounts: {en: "20", fi: 1e3, sw: "50%"}}\n'),
    "budget_counts_in_quotes_json": ("r.json", '{"budget": {"en": "20", "fi": 1e3}, "repeat": "3"}'),
    "budget_mixed": ("r.yaml", "budget: {en: 5, fi: 0.5, total: 10}\n"),
    "budget_without_total": ("r.yaml", "budget: {en: 0.5, fi: 0.5}\n"),
    "budget_other_sum": ("r.yaml", "budget: {en: 5, fi: 5, total: 11}\n"),
    "budget_shares_sum": ("r.yaml", "budget: {en: 90%, fi: 20%, total: 10}\n"),
    "budget_unit": ("r.yaml", "budget: {en: 5, unit: token}\n"),
    "budget_bounds": ("r.yaml", "budget: {en: 5, minimum: 1.5, maximum: {englsh: 4, fi: 0.5}}\n"),
    "budget_groups": ("r.yaml", "budget: {romance: 5, groups: {romance: [it, spansh], other: it}}\n"),
    "budget_kind": ("r.yaml", "budget: {kind: shaers, total: 5}\n"),
    "budget_kind_keys": ("r.yaml", "budget: {kind: pinch, total: 40, exampels: 4}\n"),
    "budget_kind_lacks": ("r.yaml", "budget: {kind: temperature, alpha: 0.3}\n"),
    "budget_kind_types": ("r.yaml", "budget: {kind: unimax, total: 1.5, max_epochs: twice, sizes: [5]}\n"),
    "budget_order": ("r.yaml", "budget: {kind: shares, amounts: {en: 1}, order: [fi], total: 5}\n"),
    "budget_counts_fraction": ("r.yaml", "budget: {kind: counts, amounts: {en: 0.5}}\n"),
    "budget_origin": (
        "r.yaml",
        "budget: {kind: shares, amounts: {en: 1}, total: 5, origin: {file: a/web.csv, sha256: '0', note: x}}\n",
    ),
    "budget_twice_the_same": ("r.yaml", "budget: {iw: 5, he: 5}\n"),
    "budget_woven": (
        "r.yaml",
        "budget:\n  fi->en: 4\n  en>englsh: 4\n  swich(en,fi): 3\n  fi>fi: 2\n  groups: {some: [it, it>]}\n",
    ),
    "budget_woven_twice": ("r.yaml", "budget: {EN>fi: 4, en > FI: 4}\n"),
    # Families.
    "family_in_recipe": ("r.yaml", "name: f\nmembers: {a: {budget: {en: 5}}}\n"),
    "recipe_in_family": ("family.yaml", SHORT),
    "family_keys": ("family.yaml", "nmae: f\nmember: {a: {budget: {en: 5}}}\nshard: {seed: 4}\n"),
    "family_types": (
        "family.yaml",
        "name: 5\nsource: [a]\nconstant: yes\nnested: [p1, p10]\nmembers: {p1: 5, p10: {budget: {en: 5}}}\n",
    ),
    "family_no_members": ("family.yaml", "name: f\nmembers: {}\n"),
    "family_members_lack": ("family.yaml", "name: f\nshared: {seed: 4}\nmembers:\n  a: {seed: 5}\n  b: {sed: 6}\n"),
    "family_nested": (
        "family.yaml",
        "name: f\nnested: [[a, c]]\nmembers: {a: {budget: {en: 5}}, b: {budget: {en: 6}}}\n",
    ),
    "family_not_alike": (
        "family.yaml",
        "name: f\nconstant: true\nmembers: {a: {budget: {en: 5}}, b: {budget: {en: 5}, seed: 4}}\n",
    ),
    "family_faults_in_many": (
        "family.json",
        '{"name": "f",\n "shared": {"seed": "x"},\n "members": {\n  "a": {"budget": {"englsh": 5}},\n'
        '  "b": {"budget": {"en": 5}, "repeat": 0}}}',
    ),
    # Columns made of two languages, and what asks for translations.
    "woven_columns": ("r.yaml", "budget:\n  fi->en: 4\n  fi>xx: 4\n  translat(en>fi): 4\n  switch(en,en): 4\n"),
    "woven_as_a_language": ("r.yaml", SHORT + "languages: [en>fi]\n"),
    "wording_no_mapping": ("r.yaml", SHORT + "wording: 'Translate this: {text}'\n"),
    "wording_no_text": ("r.yaml", SHORT + "wording: {en: 5, fi: 'K: {text}'}\n"),
    "wording_without_its_place": ("r.yaml", SHORT + "wording: {en: 'Translate this.'}\n"),
    "wording_twice": ("r.yaml", SHORT + "wording: {en: 'A: {text}', EN: 'B: {text}'}\n"),
}
