"""croissant.json: what is in an export, in the words of MLCommons Croissant 1.1.

Files with their hashes, the records in them, the splits, the languages, and what the user says. Where Croissant asks
for something that nobody has said, what stands here is true and says no more than is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pinchmix.card.about import URL, About
from pinchmix.card.account import steps_of, summary_of, used_languages
from pinchmix.exported import USES
from pinchmix.exporting.folder import Entry
from pinchmix.exporting.shards import JSONL, PARQUET, PROVENANCE
from pinchmix.mixture import Mixture
from pinchmix.plugins import Exported

NAME = "croissant.json"
CARD = "README.md"
# The context of the specification, word for word (mlcroissant 1.1.1 warns of any other), and the two vocabularies that
# are used beside it.
CONTEXT = MappingProxyType(
    {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "arrayShape": "cr:arrayShape",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "containedIn": "cr:containedIn",
        "cr": "http://mlcommons.org/croissant/",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "dct": "http://purl.org/dc/terms/",
        "description": {"@container": "@language"},
        "equivalentProperty": "cr:equivalentProperty",
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "extract": "cr:extract",
        "field": "cr:field",
        "fileObject": "cr:fileObject",
        "fileProperty": "cr:fileProperty",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isArray": "cr:isArray",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
        "name": {"@container": "@language"},
        "parentField": "cr:parentField",
        "path": "cr:path",
        "prov": "http://www.w3.org/ns/prov#",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "recordSet": "cr:recordSet",
        "references": "cr:references",
        "regex": "cr:regex",
        "repeated": "cr:repeated",
        "replace": "cr:replace",
        "samplingRate": "cr:samplingRate",
        "sc": "https://schema.org/",
        "separator": "cr:separator",
        "source": "cr:source",
        "subField": "cr:subField",
        "transform": "cr:transform",
    }
)
# mlcroissant reads no other name of JSON lines.
FORMATS = MappingProxyType({".jsonl": "application/jsonlines", ".parquet": "application/x-parquet"})
COLUMNS = MappingProxyType(  # of provenance → type, and what it holds
    {
        "id": ("sc:Text", "The instruction, by its id in the source."),
        "column": ("sc:Text", "What the row is: in a language, by its tag, or made of two, such as fi>en."),
        "prompt_language": ("sc:Text", "The language of the user turns, a BCP-47 tag; two, as en+fi, if they switch."),
        "response_language": ("sc:Text", "The language of the assistant turns, likewise."),
        "source": ("sc:Text", "The file or table that the row stood in; made of two, the response."),
        "row": ("sc:Integer", "The line or row in it, from 1."),
        "copy": ("sc:Integer", "Which copy of the example it is, from 1."),
        "tokens": ("sc:Integer", "What it counts in tokens; empty where the budget is not in tokens."),
        "verdict": ("sc:Text", "What the checks said: ok, unsure, flagged or unchecked."),
        "digest": ("sc:Text", "The MD5 of the line of the row's JSON lines."),
    }
)
Json = dict[str, Any]


def croissant_of(mixture: Mixture, export: Exported, about: About, files: Mapping[str, Entry], day: str) -> str:
    """Return the metadata of an export.

    Args:
        mixture: What is exported.
        export: Where the rows of each split are.
        about: What the user says of it.
        files: Path → sha256 and bytes of each file of the export.
        day: When it is published.

    Example:
        >>> import pinchmix
        >>> mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 1}, languages=["en"], validate=False)
        >>> whole = json.loads(croissant_of(mix, Exported("mix", "0", "", {}, {}), About(), {}, "2026-11-21"))
        >>> whole["inLanguage"], whole["license"]
        (['en'], 'NOASSERTION')
    """
    summary = f"{summary_of(mixture)[:1].upper()}{summary_of(mixture)[1:]}."
    name = about.name or export.name
    rows = {split: list(shards) for split, shards in export.splits.items()}
    whole: Json = {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": name,
        "description": about.description or summary,
        # SPDX's word for a licence of which nothing is said.
        "license": about.license or "NOASSERTION",
        "url": about.url or CARD,
        # The lowest number there is, and which mixture it is.
        "version": about.version or f"0.0.0+{mixture.digest[:12]}",
        "datePublished": day,
        "citeAs": about.citation or f"{_credit(about)}{name}. {summary} Digest {mixture.digest}.",
        "inLanguage": used_languages(mixture),
        **({"creator": [{"@type": "sc:Person", "name": one} for one in about.creators]} if about.creators else {}),
        **({"publisher": [{"@type": "sc:Organization", "name": about.publisher}]} if about.publisher else {}),
        **({"prov:wasDerivedFrom": [_source(one) for one in about.sources]} if about.sources else {}),
        "rai:dataPreprocessingProtocol": steps_of(mixture),
        "distribution": [*_file_objects(files, rows), *_file_sets(rows)],
        "recordSet": _record_sets(rows),
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _credit(about: About) -> str:
    return f"{', '.join(about.creators)}: " if about.creators else ""


def _source(said: str) -> Json:
    """Return a source: by its address, or by its name. It is no sc:Dataset, which would be taken for this one."""
    return {"@type": "prov:Entity", **({"@id": said} if URL.fullmatch(said) else {"prov:label": said})}


def _file_objects(files: Mapping[str, Entry], rows: Mapping[str, Sequence[str]]) -> list[Json]:
    """Return all files of rows and of their origin, with their hashes."""
    twins = {PARQUET.format(shard): JSONL.format("messages", shard) for shards in rows.values() for shard in shards}
    found = []
    for path in sorted(files):
        kind = next((kind for ending, kind in FORMATS.items() if path.endswith(ending)), None)
        if kind:
            found.append(
                {
                    "@type": "cr:FileObject",
                    "@id": path,
                    "name": path,
                    "contentUrl": path,
                    "contentSize": f"{files[path]['bytes']} B",
                    "encodingFormat": kind,
                    "sha256": files[path]["sha256"],
                    **({"sameAs": twins[path]} if path in twins else {}),
                }
            )
    return found


SETS = MappingProxyType({"messages": JSONL.format("messages", "{}"), "provenance": PROVENANCE})


def _file_sets(rows: Mapping[str, Sequence[str]]) -> list[Json]:
    """Return the files that hold the records, in the order of their rows; those without rows are in none."""
    found = []
    for name, pattern in SETS.items() if rows else ():
        found.append(
            {
                "@type": "cr:FileSet",
                "@id": f"{name}-files",
                "name": f"{name}-files",
                "description": f"The files of {name} that have rows.",
                "encodingFormat": FORMATS[pattern.partition("{}")[2]],
                "includes": [pattern.format(shard) for shards in rows.values() for shard in shards],
            }
        )
    return found


def _record_sets(rows: Mapping[str, Sequence[str]]) -> list[Json]:
    """Return the splits, the rows and their origin."""
    if not rows:
        return []
    stems = {split: shards[0].partition("-")[0] for split, shards in rows.items()}
    turn = "One turn of the conversation: "
    messages = {
        "@type": "cr:Field",
        "@id": "messages/messages",
        "name": "messages",
        "description": "The conversation, turn by turn; it ends with the assistant.",
        "repeated": True,
        "subField": [
            _field("messages/messages/role", "sc:Text", f"{turn}system, user or assistant.", "messages", path="role"),
            _field("messages/messages/content", "sc:Text", f"{turn}what is said.", "messages", path="content"),
        ],
    }
    origin = [_field(f"provenance/{column}", kind, told, column) for column, (kind, told) in COLUMNS.items()]
    return [
        {
            "@type": "cr:RecordSet",
            "@id": "splits",
            "name": "splits",
            "description": "The splits, by the names of their files.",
            "dataType": "cr:Split",
            "key": {"@id": "splits/name"},
            "field": [
                _plain_field("splits/name", "sc:Text", "What the files of the split are called."),
                _plain_field("splits/split", "sc:Text", "What the split is called."),
                _plain_field("splits/url", "sc:URL", "What it is for, where that is known."),
            ],
            "data": [{"splits/name": stems[split], "splits/split": split, "splits/url": _use(split)} for split in rows],
        },
        {
            "@type": "cr:RecordSet",
            "@id": "messages",
            "name": "messages",
            "description": "The rows: conversations, split by split.",
            "field": [_split_field("messages", stems), messages],
        },
        {
            "@type": "cr:RecordSet",
            "@id": "provenance",
            "name": "provenance",
            "description": "Where the rows are from, in the order of the record set messages.",
            "field": [_split_field("provenance", stems), *origin],
        },
    ]


def _use(split: str) -> str | None:
    if split == "train":
        return "cr:TrainingSplit"
    uses = {"valid": "cr:ValidationSplit", "test": "cr:TestSplit"}
    return next((uses[use] for use, names in USES.items() if split in names), None)


def _plain_field(identifier: str, kind: str, told: str) -> Json:
    return {
        "@type": "cr:Field",
        "@id": identifier,
        "name": identifier.rpartition("/")[2],
        "description": told,
        "dataType": kind,
    }


def _field(identifier: str, kind: str, told: str, column: str, path: str = "") -> Json:
    source = {
        "fileSet": {"@id": f"{identifier.partition('/')[0]}-files"},
        "extract": {"column": column},
        **({"transform": {"jsonPath": path}} if path else {}),
    }
    return {**_plain_field(identifier, kind, told), "source": source}


def _split_field(name: str, stems: Mapping[str, str]) -> Json:
    """Return the field that says which split a record is of, by the name of its file."""
    folder = SETS[name].partition("{}")[0]
    # mlcroissant applies it to the path and, after the join, to what it found there; it makes a glob of it for filters.
    pattern = f"(?:{folder})?({'|'.join(sorted(stems.values()))})(?:[.-].*)?$"
    return {
        **_plain_field(f"{name}/split", "sc:Text", "The split, by the name of its files."),
        "source": {
            "fileSet": {"@id": f"{name}-files"},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": pattern},
        },
        "references": {"field": {"@id": "splits/name"}},
    }
