"""What is written beneath the fields of configuration Structs, for schemas and references."""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator

import msgspec
import msgspec.inspect

__all__ = ["field_docs", "structs_within"]


def structs_within(root: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """Yield a Struct and every Struct inside it, each once."""
    found: set[type[msgspec.Struct]] = set()
    waiting: list[object] = [msgspec.inspect.type_info(root)]
    while waiting:
        info = waiting.pop()
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in found:
                continue
            found.add(info.cls)
            yield info.cls
            waiting.extend(field.type for field in info.fields)
        elif isinstance(info, msgspec.inspect.UnionType):
            waiting.extend(info.types)
        elif isinstance(info, msgspec.inspect.Metadata):
            waiting.append(info.type)
        elif isinstance(info, msgspec.inspect.TupleType):
            waiting.extend(info.item_types)
        else:
            waiting.extend(
                getattr(info, part) for part in ("item_type", "value_type") if hasattr(info, part)
            )


def field_docs(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return the docstring beneath each field of a Struct, inherited ones too, on one line each."""
    found: dict[str, str] = {}
    for owner in reversed(struct.__mro__):
        if issubclass(owner, msgspec.Struct) and owner is not msgspec.Struct:
            found |= dict(_own_docs(owner))
    return found


def _own_docs(struct: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(struct)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for field, doc in itertools.pairwise(body):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant):
            yield field.target.id, " ".join(str(doc.value.value).split())
