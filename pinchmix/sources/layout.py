"""Column layouts of instruction data: which column holds what, and how to tell."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from pinchmix.errors import ArgumentError, LanguageClash, LayoutUnknown, UnknownLanguage
from pinchmix.language import normalise_language
from pinchmix.text.wording import listing, near

FIELDS = ("id", "language", "system", "prompt", "input", "response", "messages")
ID_NAMES = ("id", "instruction_id", "example_id", "question_id", "prompt_id", "uid", "uuid", "_id")
LANGUAGE_NAMES = ("language_code", "lang_code", "lang", "language", "locale")
SYSTEM_NAMES = ("system", "system_prompt")
# Conversations first: where a table holds both, the turns are the source and the flat columns a view of them.
CONVERSATIONS = (("messages", "messages"), ("conversations", "sharegpt"), ("conversation", "messages"))
PAIRS = (
    ("prompt/completion", "prompt", "", "completion"),
    ("prompt/response", "prompt", "", "response"),
    ("alpaca", "instruction", "input", "output"),
    ("instruction/response", "instruction", "input", "response"),
    ("aya", "inputs", "", "targets"),
    ("question/answer", "question", "", "answer"),
)
ROLE_KEYS = (("role", "content"), ("from", "value"))
TO_TEXT = "Turn it into text, or name another column: columns={'prompt': ..., 'response': ...}."
NO_ID = (
    "Give each row an id, the same in all languages, and name its column if it is not called 'id': "
    "columns={'id': ..., ...}. Or match rows by number: join=\"row\"."
)


@dataclass(frozen=True)
class Column:
    """A column, or a member of a struct column: ``path`` holds one name or two."""

    path: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The column as a SQL expression."""
        return ".".join('"' + part.replace('"', '""') + '"' for part in self.path)

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class Layout:
    """Which column of a table holds what; a field that the table lacks is None.

    Attributes:
        style: What the layout is called, for the user's eyes.
        id: The instruction id; None when rows are joined by number.
        language: The language column of a long table.
        system: A system turn in front.
        prompt: The user's turn, or a list of turns.
        input: Text that follows the prompt after a blank line (Alpaca).
        response: The assistant's turn, or a list of turns.
        messages: A whole conversation, in place of prompt and response.
        keys: What role and content are called inside turns.
    """

    style: str
    id: Column | None = None
    language: Column | None = None
    system: Column | None = None
    prompt: Column | None = None
    input: Column | None = None
    response: Column | None = None
    messages: Column | None = None
    keys: tuple[str, str] = ("role", "content")
    turns: bool = False

    @property
    def columns(self) -> dict[str, Column]:
        """Field and column of each field that the table has."""
        return {name: column for name in FIELDS if (column := getattr(self, name)) is not None}

    def __str__(self) -> str:
        return f"{self.style} ({', '.join(f'{name}={column}' for name, column in self.columns.items())})"


def is_text(kind: pa.DataType) -> bool:
    """Tell whether values of an Arrow type are text (a column of nothing but nulls passes for it).

    Example:
        >>> is_text(pa.large_string()), is_text(pa.int64())
        (True, False)
    """
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return any(
        test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    )


def turn_keys(kind: pa.DataType) -> tuple[str, str] | None:
    """Return what role and content are called in a column of turns, or None if it holds none or their members no text.

    Example:
        >>> turn_keys(pa.list_(pa.struct([("from", pa.string()), ("value", pa.string())])))
        ('from', 'value')
    """
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_list_view(kind)):
        return None
    inner = kind.value_type
    if not pa.types.is_struct(inner):
        return None
    members = [inner.field(place) for place in range(inner.num_fields)]
    names = {member.name for member in members if is_text(member.type)}
    return next((keys for keys in ROLE_KEYS if names.issuperset(keys)), None)


def _content(table: str, fields: Mapping[str, pa.DataType], parent: tuple[str, ...] = ()) -> Layout | None:
    """Return the layout of prompt and response among named columns (or members of a struct column)."""
    for name, style in CONVERSATIONS:
        if name in fields and (keys := turn_keys(fields[name])):
            return Layout(style, messages=Column((*parent, name)), keys=keys)
    for style, prompt, extra, response in PAIRS:
        if prompt not in fields or response not in fields:
            continue
        first, second = turn_keys(fields[prompt]), turn_keys(fields[response])
        if first and first == second:
            columns = {"prompt": Column((*parent, prompt)), "response": Column((*parent, response))}
            return Layout(f"{style} of turns", **columns, keys=first, turns=True)
        if is_text(fields[prompt]) and is_text(fields[response]):
            system = next((name for name in SYSTEM_NAMES if name in fields and is_text(fields[name])), None)
            return Layout(
                style,
                system=Column((*parent, system)) if system else None,
                prompt=Column((*parent, prompt)),
                input=Column((*parent, extra)) if extra and extra in fields and is_text(fields[extra]) else None,
                response=Column((*parent, response)),
            )
        wrong = prompt if not is_text(fields[prompt]) else response
        raise LayoutUnknown(table, list(fields), f"{wrong!r} is of type {fields[wrong]}, not text", TO_TEXT)
    for name, _ in CONVERSATIONS:
        if name in fields:
            raise _no_turns(table, list(fields), name)
    return None


def _no_turns(table: str, columns: Sequence[str], name: str) -> LayoutUnknown:
    return LayoutUnknown(
        table,
        columns,
        f"{name!r} is no list of turns, each with a role and a content (or from and value) that are text",
        "Turn it into such a list, or name other columns: "
        "columns={'messages': ...} or columns={'prompt': ..., 'response': ...}.",
    )


def _keyed(layout: Layout, table: str, schema: pa.Schema, join: str, taken: Container[str] = ()) -> Layout:
    name = next((name for name in ID_NAMES if name in schema.names and name not in taken), None)
    if join == "row":
        return layout
    if name is None:
        raise LayoutUnknown(table, schema.names, "no id column, and rows are matched by id", NO_ID)
    _check_id(table, schema, name)
    return replace(layout, id=Column((name,)))


def _check_id(table: str, schema: pa.Schema, name: str) -> None:
    kind = schema.field(name).type
    if not (is_text(kind) or pa.types.is_integer(kind)):
        raise LayoutUnknown(
            table,
            schema.names,
            f"the id column {name!r} is of type {kind}, not text or whole numbers",
            "Turn it into one of these (pandas makes fractions of whole numbers with gaps: .astype('Int64')), "
            "or name another column: columns={'id': ...}.",
        )


def recognise(
    table: str, schema: pa.Schema, columns: Mapping[str, str] | None = None, join: str = "id"
) -> list[tuple[str | None, Layout]]:
    """Return the languages and layouts found in a table's columns.

    Args:
        table: How messages name the table.
        schema: Its columns.
        columns: Field → column name, where the user has named them.
        join: ``"id"`` or ``"row"``.

    Returns:
        One pair for a table of one language or with a language column (the tag is None: the caller or the column knows
        it), one pair a language for a wide table. The tag is as spelled in the column.

    Raises:
        LayoutUnknown: No known layout, or columns of the wrong type.
        LanguageClash: Two columns of a wide table are the same language.
        ArgumentError: ``columns`` names a field or column that does not exist.

    Example:
        >>> text = pa.string()
        >>> [(_, layout)] = recognise("t", pa.schema([("id", text), ("instruction", text), ("output", text)]))
        >>> print(layout)
        alpaca (id=id, prompt=instruction, response=output)
    """
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        raise LayoutUnknown(table, schema.names, f"two columns are called {twice[0]!r}", "Rename one of them.")
    if columns is not None:
        return [(None, _named(table, schema, columns, join))]
    fields = {field.name: field.type for field in schema}
    layout = _content(table, fields)
    if layout is None:
        wide = list(_wide(table, schema))
        if not wide:
            raise LayoutUnknown(table, schema.names)
        # 'prompt_id' may be an id, or a prompt in Indonesian.
        taken = {column.path[0] for _, layout in wide for column in layout.columns.values()}
        return [(spelling, _keyed(layout, table, schema, join, taken)) for spelling, layout in wide]
    language = next((name for name in LANGUAGE_NAMES if name in fields and is_text(fields[name])), None)
    layout = replace(layout, language=Column((language,)) if language else None)
    return [(None, _keyed(layout, table, schema, join))]


def _named(table: str, schema: pa.Schema, columns: Mapping[str, str], join: str) -> Layout:
    if not isinstance(columns, Mapping) or not columns:
        raise ArgumentError(
            f"columns={columns!r}: give a mapping such as {{'prompt': 'question', 'response': 'answer'}}."
        )
    for field, name in columns.items():
        if not isinstance(field, str) or not isinstance(name, str):
            raise ArgumentError(f"columns: {field!r}: {name!r} must be text, the name of a field and that of a column.")
        if field not in FIELDS:
            raise ArgumentError(f"columns: {field!r} is no field.{near(field, FIELDS)} Fields are {', '.join(FIELDS)}.")
        if name not in schema.names:
            raise ArgumentError(
                f"columns: {table} has no column {name!r}.{near(name, schema.names)} It has {listing(schema.names)}."
            )
        if len(same := [other for other, column in columns.items() if column == name]) > 1:
            raise ArgumentError(
                f"columns: {' and '.join(map(repr, same))} are both to be {name!r}. Name a column once."
            )
    kinds = {field: schema.field(name).type for field, name in columns.items()}
    found = {field: Column((name,)) for field, name in columns.items()}
    if join == "id" and "id" not in found:
        found["id"] = _keyed(Layout("named"), table, schema, join).id or Column(("id",))
    elif join == "id":
        _check_id(table, schema, columns["id"])
    if join == "row":
        found.pop("id", None)
    if "messages" in found and (twice := [field for field in ("prompt", "input", "response") if field in found]):
        raise ArgumentError(
            f"columns: 'messages' is a whole conversation, so {' and '.join(map(repr, twice))} "
            "cannot be named beside it."
        )
    if "messages" in found:
        keys = turn_keys(kinds["messages"])
        if keys is None:
            raise _no_turns(table, schema.names, columns["messages"])
    elif "prompt" not in found or "response" not in found:
        given = " and ".join(map(repr, columns))
        raise ArgumentError(f"columns: only {given} named. Name 'prompt' and 'response', or 'messages'.")
    for field in ("language", "system", "input"):
        if field in kinds and not is_text(kinds[field]):
            raise LayoutUnknown(table, schema.names, f"{columns[field]!r} is of type {kinds[field]}, not text", TO_TEXT)
    if "messages" in found:
        return replace(_filled(Layout("named"), found), keys=keys or ROLE_KEYS[0])
    first, second = turn_keys(kinds["prompt"]), turn_keys(kinds["response"])
    if first and first == second:
        return replace(_filled(Layout("named"), found), keys=first, turns=True)
    for field in ("prompt", "response"):
        if not is_text(kinds[field]):
            raise LayoutUnknown(table, schema.names, f"{columns[field]!r} is of type {kinds[field]}, not text", TO_TEXT)
    return _filled(Layout("named"), found)


def _filled(layout: Layout, found: Mapping[str, Column]) -> Layout:
    """Return a layout with other columns in the fields named."""
    fields: dict[str, Any] = dict(found)
    return replace(layout, **fields)


def language_in(name: str) -> str | None:
    """Return the canonical tag if a name is a language tag, else None.

    Example:
        >>> language_in("zh_CN"), language_in("train"), language_in("id")
        ('zh', None, 'id')
    """
    try:
        return normalise_language(name)
    except UnknownLanguage:
        return None


def _wide(table: str, schema: pa.Schema) -> Iterator[tuple[str, Layout]]:
    """Yield spelling and layout of each language of a wide table: ``en: struct`` or ``prompt_en, response_en``."""
    groups: dict[str, dict[str, str]] = {}
    structs: dict[str, Layout] = {}
    for field in schema:
        if pa.types.is_struct(field.type) and language_in(field.name):
            members = {field.type.field(i).name: field.type.field(i).type for i in range(field.type.num_fields)}
            if layout := _content(table, members, (field.name,)):
                structs[field.name] = layout
        elif (keys := turn_keys(field.type)) and language_in(field.name):
            structs[field.name] = Layout("messages", messages=Column((field.name,)), keys=keys)
        else:
            for part, spelling in _split(field.name):
                if is_text(field.type) or turn_keys(field.type) or normalise_language(spelling) != "id":
                    groups.setdefault(spelling, {})[part] = field.name
    for spelling, names in groups.items():
        fields = {part: schema.field(name).type for part, name in names.items()}
        if (layout := _content(table, fields)) is not None:
            renamed = {field: Column((names[column.path[0]],)) for field, column in layout.columns.items()}
            structs[spelling] = _filled(layout, renamed)
    for spelling, names in groups.items():
        lone = next((name for name in names.values() if is_text(schema.field(name).type)), None)
        if structs and spelling not in structs and lone and normalise_language(spelling) != "id":
            raise LayoutUnknown(
                table,
                schema.names,
                f"{lone!r} seems to be of the language {spelling!r}, of which prompt and response are not both there",
                "Add the other column, or leave this one out.",
            )
    spellings: dict[str, str] = {}
    for spelling in structs:
        tag = normalise_language(spelling)
        if tag in spellings:
            raise LanguageClash(tag, [f"{name} in {table}" for name in (spellings[tag], spelling)])
        spellings[tag] = spelling
    for tag in sorted(spellings):
        layout = structs[spellings[tag]]
        yield spellings[tag], replace(layout, style=f"wide {layout.style}")


_PARTS = tuple(
    sorted(
        {name for _, *names in PAIRS for name in names if name}
        | {name for name, _ in CONVERSATIONS}
        | set(SYSTEM_NAMES)
    )
)
_BEFORE = re.compile(rf"^({'|'.join(_PARTS)})[_.:/ -](.+)$")
_AFTER = re.compile(rf"^(.+?)[_.:/ -]({'|'.join(_PARTS)})$")


def _split(name: str) -> Iterator[tuple[str, str]]:
    """Yield part and language of a column named after both, such as ``prompt_en`` or ``de:response``."""
    if (match := _BEFORE.match(name)) and language_in(match[2]):
        yield match[1], match[2]
    elif (match := _AFTER.match(name)) and language_in(match[1]):
        yield match[2], match[1]
