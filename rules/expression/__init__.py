"""Typed expressions: a strict subset of CEL's syntax with units, and what can be done with one.

Text becomes a neutral tree (:mod:`.parser`), is typed against a field table (:mod:`.types`), and
then compiled to Python (:mod:`.closure`), walked (:mod:`.evaluation`) or explained.
"""

from rules.expression.closure import compile_conditions
from rules.expression.evaluation import Explained, evaluate, explain, known_value
from rules.expression.parser import parse
from rules.expression.tree import Node, Tally, field_names
from rules.expression.types import check

__all__ = [
    "Explained",
    "Node",
    "Tally",
    "check",
    "compile_conditions",
    "evaluate",
    "explain",
    "field_names",
    "known_value",
    "parse",
]
