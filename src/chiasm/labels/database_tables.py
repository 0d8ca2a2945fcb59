"""Tables of the database of people's labels, and the triggers that keep labels as they are."""

from chiasm.errors import ConfigError

try:
    import sqlalchemy as sa
    from sqlalchemy import event
except ModuleNotFoundError as error:
    raise ConfigError(
        'labels in a database need SQLAlchemy: pip install "chiasm[annotate]"'
    ) from error

SCHEMA = 1
"""Version of the tables, in the database and on every label."""

TABLES = sa.MetaData()

ABOUT = sa.Table(
    "chiasm_about",
    TABLES,
    sa.Column("key", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""Schema version, settings, guideline: written once."""

PEOPLE = sa.Table(
    "people",
    TABLES,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("token", sa.String(64), nullable=False, unique=True),
    sa.Column("at", sa.String(40), nullable=False),
)
"""Pseudonyms with the SHA-256 of their invitations' tokens."""

ITEMS = sa.Table(
    "items",
    TABLES,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("response", sa.String(64), nullable=False, unique=True),
    sa.Column("purpose", sa.String(20), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("probability", sa.Float),
    sa.Column("stratum", sa.Text, nullable=False),
)
"""The responses that people are asked about; content is JSON, without the model and any verdict."""

LABELS = sa.Table(
    "labels",
    TABLES,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("schema", sa.Integer, nullable=False),
    sa.Column("key", sa.String(64), nullable=False),
    sa.Column("response", sa.String(64), nullable=False),
    sa.Column("annotator", sa.String(80), nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("axis", sa.String(20), nullable=False),
    sa.Column("purpose", sa.String(20), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("seconds", sa.Float),
    sa.Column("guideline", sa.String(64), nullable=False),
    sa.Column("probability", sa.Float),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("supersedes", sa.Integer),
    sa.UniqueConstraint("annotator", "key"),
    sqlite_autoincrement=True,
)

_REFUSE = "labels are appended, never changed or deleted"

for _what in ("UPDATE", "DELETE"):
    event.listen(
        LABELS,
        "after_create",
        sa.DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER labels_no_{_what.lower()} BEFORE {_what} ON labels "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSE}'); END"
        ).execute_if(dialect="sqlite"),
    )

event.listen(
    LABELS,
    "after_create",
    sa.DDL(  # type: ignore[no-untyped-call]
        "CREATE OR REPLACE FUNCTION chiasm_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSE}'; END $$; "
        "CREATE TRIGGER labels_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON labels "
        "FOR EACH STATEMENT EXECUTE FUNCTION chiasm_refuse()"
    ).execute_if(dialect="postgresql"),
)
