"""Table of the keys of persons; moments are microseconds since 1970 UTC."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from cloud_api.schema import metadata

__all__ = ["subject_keys"]

subject_keys = Table(
    "subject_keys",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("master_key", Text, nullable=True),
    Column("wrapped", LargeBinary, nullable=True),
    Column("made_at_us", BigInteger, nullable=False),
    Column("shredded_at_us", BigInteger, nullable=True),
)
