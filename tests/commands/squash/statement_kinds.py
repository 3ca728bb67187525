"""Kinds of statements that a history may hold, for each server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """Statements that add one kind of thing to the tables ``author`` and ``book``."""

    name: str
    statements: tuple[str, ...]
    seen: str
    """What a comparison calls it: ``kind name``, or the beginning of that."""
    dumped: str = ""
    """What the server's dump says of it."""


def kind(name: str, seen: str, dumped: str, *statements: str) -> Kind:
    return Kind(name, statements, seen, dumped)


FUNCTION = "CREATE FUNCTION {}() RETURNS {} LANGUAGE plpgsql AS 'BEGIN RETURN {}; END'"

POSTGRESQL = (
    kind("schema", "schema side", "CREATE SCHEMA side", "CREATE SCHEMA side"),
    kind(
        "collation",
        "collation plain",
        "CREATE COLLATION public.plain",
        "CREATE COLLATION plain (provider = libc, locale = 'C')",
    ),
    kind(
        "enum", "enum mood", "CREATE TYPE public.mood", "CREATE TYPE mood AS ENUM ('a')"
    ),
    kind(
        "empty enum",
        "enum nothing",
        "CREATE TYPE public.nothing",
        "CREATE TYPE nothing AS ENUM ()",
    ),
    kind(
        "range type",
        "range type span",
        "CREATE TYPE public.span AS RANGE",
        "CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi)",
    ),
    kind(
        "domain",
        "domain positive",
        "CREATE DOMAIN public.positive",
        "CREATE DOMAIN positive AS integer DEFAULT 3 NOT NULL "
        "CONSTRAINT above CHECK (VALUE > 0)",
    ),
    kind(
        "composite type",
        "type pair",
        "CREATE TYPE public.pair AS",
        'CREATE TYPE pair AS (a integer, b text COLLATE "C")',
    ),
    kind(
        "sequence",
        "sequence numbers",
        "CREATE SEQUENCE public.numbers",
        "CREATE SEQUENCE numbers AS smallint INCREMENT 5 MINVALUE 2 MAXVALUE 99 "
        "START 7 CACHE 4 CYCLE",
    ),
    kind(
        "function",
        "function one()",
        "CREATE FUNCTION public.one()",
        "CREATE FUNCTION one() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
    ),
    kind(
        "function that a default calls",
        "column book.ones",
        "DEFAULT public.first()",
        "CREATE FUNCTION first() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE book ADD COLUMN ones integer DEFAULT first()",
    ),
    kind(
        "procedure",
        "function proc()",
        "CREATE PROCEDURE public.proc()",
        "CREATE PROCEDURE proc() LANGUAGE sql AS 'SELECT 1'",
    ),
    kind(
        "aggregate",
        "aggregate total(integer)",
        "CREATE AGGREGATE public.total(integer)",
        "CREATE AGGREGATE total(integer) (sfunc = int4pl, stype = integer, "
        "initcond = '0')",
    ),
    kind(
        "operator",
        "operator ===",
        "CREATE OPERATOR public.===",
        "CREATE FUNCTION same(integer, text) RETURNS boolean LANGUAGE sql "
        "AS 'SELECT true'",
        "CREATE OPERATOR === (function = same, leftarg = integer, rightarg = text)",
    ),
    kind(
        "cast",
        "cast (bigint AS duo)",
        "CREATE CAST (bigint AS public.duo)",
        "CREATE TYPE duo AS (a integer)",
        "CREATE CAST (bigint AS duo) WITH INOUT AS ASSIGNMENT",
    ),
    kind(
        "text search dictionary",
        "text search dictionary words",
        "CREATE TEXT SEARCH DICTIONARY public.words",
        "CREATE TEXT SEARCH DICTIONARY words (template = simple)",
    ),
    kind(
        "text search configuration",
        "text search configuration texts",
        "CREATE TEXT SEARCH CONFIGURATION public.texts",
        "CREATE TEXT SEARCH CONFIGURATION texts (parser = 'default')",
        "ALTER TEXT SEARCH CONFIGURATION texts ADD MAPPING FOR word WITH simple",
    ),
    kind(
        "foreign-data wrapper",
        "foreign-data wrapper remote",
        "CREATE FOREIGN DATA WRAPPER remote",
        "CREATE FOREIGN DATA WRAPPER remote OPTIONS (a 'b')",
    ),
    kind(
        "server",
        "server other",
        "CREATE SERVER other",
        "CREATE FOREIGN DATA WRAPPER far",
        "CREATE SERVER other FOREIGN DATA WRAPPER far OPTIONS (host 'h')",
    ),
    kind(
        "foreign table",
        "foreign table away",
        "CREATE FOREIGN TABLE public.away",
        "CREATE FOREIGN DATA WRAPPER wide",
        "CREATE SERVER there FOREIGN DATA WRAPPER wide",
        "CREATE FOREIGN TABLE away (id integer NOT NULL, n text) SERVER there "
        "OPTIONS (t 'u')",
    ),
    kind(
        "deferrable unique constraint",
        "unique constraint author.uq",
        "UNIQUE (name) DEFERRABLE",
        "ALTER TABLE author ADD CONSTRAINT uq UNIQUE (name) DEFERRABLE",
    ),
    kind(
        "exclusion constraint",
        "exclusion constraint author.ex",
        "EXCLUDE USING btree",
        "ALTER TABLE author ADD CONSTRAINT ex EXCLUDE USING btree (n WITH =)",
    ),
    kind(
        "check constraint that is not valid",
        "check constraint author.ck",
        "NOT VALID",
        "ALTER TABLE author ADD CONSTRAINT ck CHECK (n > 0) NOT VALID",
    ),
    kind(
        "foreign key that is not valid",
        "foreign key book.fk",
        "REFERENCES public.author(id) NOT VALID",
        "ALTER TABLE book ADD COLUMN reader integer",
        "ALTER TABLE book ADD CONSTRAINT fk FOREIGN KEY (reader) "
        "REFERENCES author (id) NOT VALID",
    ),
    kind(
        "deferrable foreign key",
        "foreign key book.later",
        "DEFERRABLE INITIALLY DEFERRED",
        "ALTER TABLE book ADD COLUMN editor integer",
        "ALTER TABLE book ADD CONSTRAINT later FOREIGN KEY (editor) "
        "REFERENCES author (id) DEFERRABLE INITIALLY DEFERRED",
    ),
    kind(
        "check constraint without inheritance",
        "check constraint author.alone",
        "NO INHERIT",
        "ALTER TABLE author ADD CONSTRAINT alone CHECK (n < 99) NO INHERIT",
    ),
    kind(
        "index with an operator class",
        "index author.by_pattern",
        "text_pattern_ops",
        "CREATE INDEX by_pattern ON author (body text_pattern_ops)",
    ),
    kind(
        "index with storage parameters",
        "index author.filled",
        "fillfactor='50'",
        "CREATE INDEX filled ON author (n) WITH (fillfactor = 50)",
    ),
    kind(
        "index with a collation",
        "index author.collated",
        'COLLATE "C"',
        'CREATE INDEX collated ON author (body COLLATE "C")',
    ),
    kind(
        "partial expression index",
        "index author.lower_name",
        "lower((name)::text)",
        "CREATE INDEX lower_name ON author (lower(name) DESC) INCLUDE (n) WHERE n > 1",
    ),
    kind(
        "statistics target of an index",
        "statistics target author.counted",
        "ALTER COLUMN 1 SET STATISTICS 500",
        "CREATE INDEX counted ON author ((n + 1))",
        "ALTER INDEX counted ALTER COLUMN 1 SET STATISTICS 500",
    ),
    kind(
        "unlogged table",
        "unlogged table quick",
        "CREATE UNLOGGED TABLE public.quick",
        "CREATE UNLOGGED TABLE quick (id integer PRIMARY KEY)",
    ),
    kind(
        "storage parameters",
        "storage parameter author.fillfactor",
        "fillfactor='70'",
        "ALTER TABLE author SET (fillfactor = 70, toast.autovacuum_enabled = false)",
    ),
    kind(
        "replica identity",
        "replica identity author",
        "REPLICA IDENTITY FULL",
        "ALTER TABLE author REPLICA IDENTITY FULL",
    ),
    kind(
        "clustering",
        "clustering author",
        "CLUSTER ON author_pkey",
        "ALTER TABLE author CLUSTER ON author_pkey",
    ),
    kind(
        "row level security",
        "row security author",
        "FORCE ROW LEVEL SECURITY",
        "ALTER TABLE author ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    ),
    kind(
        "policy",
        "policy author.own",
        "CREATE POLICY own ON public.author AS RESTRICTIVE",
        "CREATE POLICY own ON author AS RESTRICTIVE FOR SELECT TO pg_monitor "
        "USING (n > 0)",
    ),
    kind(
        "column storage",
        "column storage author.body",
        "SET STORAGE EXTERNAL",
        "ALTER TABLE author ALTER body SET STORAGE EXTERNAL",
    ),
    kind(
        "column compression",
        "column compression author.packed",
        "SET COMPRESSION pglz",
        "ALTER TABLE author ADD COLUMN packed text COMPRESSION pglz",
    ),
    kind(
        "statistics target of a column",
        "statistics target author.n",
        "SET STATISTICS 77",
        "ALTER TABLE author ALTER n SET STATISTICS 77",
    ),
    kind(
        "column options",
        "column option author.n",
        "n_distinct=5",
        "ALTER TABLE author ALTER n SET (n_distinct = 5)",
    ),
    kind(
        "table of a type",
        "table of a type typed",
        "CREATE TABLE public.typed OF public.couple",
        "CREATE TYPE couple AS (a integer, b text)",
        "CREATE TABLE typed OF couple",
    ),
    kind(
        "options of a serial column's sequence",
        "sequence option counters.id",
        "INCREMENT BY 10",
        "CREATE TABLE counters (id serial PRIMARY KEY)",
        "ALTER SEQUENCE counters_id_seq INCREMENT 10",
    ),
    kind(
        "name of a serial column's sequence",
        "sequence name renamed.id",
        "OWNED BY public.renamed.id",
        "CREATE SEQUENCE old_id_seq AS integer",
        "CREATE TABLE renamed (id integer PRIMARY KEY DEFAULT nextval('old_id_seq'))",
        "ALTER SEQUENCE old_id_seq OWNED BY renamed.id",
    ),
    kind(
        "options of an identity column",
        "sequence option identities.id",
        "INCREMENT BY 3",
        "CREATE TABLE identities (id integer GENERATED ALWAYS AS IDENTITY "
        "(INCREMENT 3 START 5) PRIMARY KEY)",
    ),
    kind(
        "view with options",
        "view titles",
        "security_barrier='true'",
        "CREATE VIEW titles WITH (security_barrier = true) AS SELECT id, name "
        "FROM author WHERE n > 1 WITH LOCAL CHECK OPTION",
    ),
    kind(
        "default of a view's column",
        "view default names.name",
        "ALTER TABLE ONLY public.names ALTER COLUMN name SET DEFAULT",
        "CREATE VIEW names AS SELECT id, name FROM author",
        "ALTER VIEW names ALTER name SET DEFAULT 'x'",
    ),
    kind(
        "materialized view",
        "materialized view kept",
        "CREATE UNIQUE INDEX kept_id",
        "CREATE MATERIALIZED VIEW kept AS SELECT id FROM author",
        "CREATE UNIQUE INDEX kept_id ON kept (id)",
    ),
    kind(
        "rule",
        "rule book.stay",
        "CREATE RULE stay",
        "CREATE RULE stay AS ON DELETE TO book DO INSTEAD NOTHING",
    ),
    kind(
        "trigger",
        "trigger author.touch",
        "CREATE TRIGGER touch",
        FUNCTION.format("touched", "trigger", "NEW"),
        "CREATE TRIGGER touch BEFORE INSERT ON author FOR EACH ROW "
        "EXECUTE FUNCTION touched()",
    ),
    kind(
        "disabled trigger",
        "trigger state author.off",
        "DISABLE TRIGGER off",
        FUNCTION.format("switched", "trigger", "NEW"),
        "CREATE TRIGGER off BEFORE INSERT ON author FOR EACH ROW "
        "EXECUTE FUNCTION switched()",
        "ALTER TABLE author DISABLE TRIGGER off",
    ),
    kind(
        "constraint trigger",
        "trigger author.late",
        "CREATE CONSTRAINT TRIGGER late",
        FUNCTION.format("lately", "trigger", "NEW"),
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON author DEFERRABLE "
        "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lately()",
    ),
    kind(
        "event trigger",
        "event trigger watch",
        "CREATE EVENT TRIGGER watch",
        "CREATE FUNCTION watched() RETURNS event_trigger LANGUAGE plpgsql "
        "AS 'BEGIN END'",
        "CREATE EVENT TRIGGER watch ON sql_drop WHEN TAG IN ('DROP TABLE') "
        "EXECUTE FUNCTION watched()",
        "ALTER EVENT TRIGGER watch ENABLE ALWAYS",
    ),
    kind(
        "statistics object",
        "statistics object together",
        "CREATE STATISTICS public.together",
        "CREATE STATISTICS together (dependencies) ON name, n FROM author",
    ),
    kind(
        "publication",
        "publication changes",
        "CREATE PUBLICATION changes",
        "CREATE PUBLICATION changes FOR TABLE author WITH (publish = 'insert')",
    ),
    kind(
        "comment on an index",
        "comment index author_pkey",
        "COMMENT ON INDEX public.author_pkey",
        "COMMENT ON INDEX author_pkey IS 'its key'",
    ),
    kind(
        "comment on a constraint",
        "comment table constraint author_pkey on author",
        "COMMENT ON CONSTRAINT author_pkey",
        "COMMENT ON CONSTRAINT author_pkey ON author IS '100% sure'",
    ),
    kind(
        "comment on a function",
        "comment function noted()",
        "COMMENT ON FUNCTION public.noted()",
        "CREATE FUNCTION noted() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "COMMENT ON FUNCTION noted() IS 'a note'",
    ),
    kind(
        "comment on a schema",
        "comment schema public",
        "COMMENT ON SCHEMA public",
        "COMMENT ON SCHEMA public IS 'ours'",
    ),
    kind(
        "comment on a column of a view",
        "comment view column shown.id",
        "COMMENT ON COLUMN public.shown.id",
        "CREATE VIEW shown AS SELECT id FROM author",
        "COMMENT ON COLUMN shown.id IS 'shown'",
    ),
    kind(
        "grant",
        "grant table author TO pg_monitor",
        "ON TABLE public.author TO pg_monitor",
        "GRANT SELECT, INSERT ON author TO pg_monitor",
    ),
    kind(
        "grant on a column",
        "grant table column book.id TO pg_monitor",
        "GRANT UPDATE(id) ON TABLE public.book",
        "GRANT UPDATE (id) ON book TO pg_monitor WITH GRANT OPTION",
    ),
    kind(
        "revoke",
        "revoke function private() FROM PUBLIC",
        "REVOKE ALL ON FUNCTION public.private()",
        "CREATE FUNCTION private() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "REVOKE ALL ON FUNCTION private() FROM PUBLIC",
    ),
    kind(
        "default privileges",
        "default privilege grant on tables TO pg_read_all_data",
        "ALTER DEFAULT PRIVILEGES FOR ROLE",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_read_all_data",
    ),
    kind(
        "owner",
        "owner table owned",
        "ALTER TABLE public.owned OWNER TO pg_monitor",
        "CREATE TABLE owned (id integer PRIMARY KEY)",
        "ALTER TABLE owned OWNER TO pg_monitor",
    ),
)
"""What a squashed history makes again on PostgreSQL."""

POSTGRESQL_REFUSED = (
    kind(
        "partitioning",
        "partitioning parts",
        "",
        "CREATE TABLE parts (id integer) PARTITION BY RANGE (id)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
    ),
    kind(
        "operator family",
        "operator family public.family",
        "",
        "CREATE OPERATOR FAMILY family USING btree",
    ),
    kind(
        "conversion",
        "conversion",
        "",
        "CREATE CONVERSION converts FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
    ),
    kind(
        "access method",
        "access method",
        "",
        "CREATE ACCESS METHOD heaps TYPE TABLE HANDLER heap_tableam_handler",
    ),
    kind("large object", "large object", "", "SELECT lo_create(0)"),
    kind(
        "user mapping",
        "user mapping",
        "",
        "CREATE FOREIGN DATA WRAPPER mapped",
        "CREATE SERVER mapping FOREIGN DATA WRAPPER mapped",
        "CREATE USER MAPPING FOR PUBLIC SERVER mapping OPTIONS (password 'secret')",
    ),
    kind(
        "table outside of what is compared",
        "excluded table aside.unseen",
        "",
        "CREATE SCHEMA aside",
        "CREATE TABLE aside.unseen (id integer)",
    ),
    kind("base type", "base type shell", "", "CREATE TYPE shell"),
)
"""What it does not make, and names."""

MARIADB = (
    kind(
        "invisible column",
        "column author.hid",
        "INVISIBLE",
        "ALTER TABLE author ADD hid int INVISIBLE",
    ),
    kind(
        "column character set",
        "column author.latin",
        "CHARACTER SET latin1",
        "ALTER TABLE author ADD latin varchar(9) CHARACTER SET latin1",
    ),
    kind(
        "compressed column",
        "column author.packed",
        "COMPRESSED",
        "ALTER TABLE author ADD packed text COMPRESSED",
    ),
    kind(
        "column without versioning",
        "table versioned",
        "WITHOUT SYSTEM VERSIONING",
        "CREATE TABLE versioned (id int PRIMARY KEY, n int WITHOUT SYSTEM VERSIONING) "
        "WITH SYSTEM VERSIONING",
    ),
    kind(
        "row format",
        "table book",
        "ROW_FORMAT=COMPRESSED",
        "ALTER TABLE book ROW_FORMAT=COMPRESSED",
    ),
    kind(
        "table comment",
        "table commented",
        "COMMENT='100% it''s'",
        "CREATE TABLE commented (id int PRIMARY KEY) COMMENT='100% it''s'",
    ),
    kind(
        "engine",
        "table archived",
        "ENGINE=MyISAM",
        "CREATE TABLE archived (id int PRIMARY KEY) ENGINE=MyISAM",
    ),
    kind(
        "table collation",
        "table binary_texts",
        "utf8mb4_bin",
        "CREATE TABLE binary_texts (id int PRIMARY KEY, t text) COLLATE utf8mb4_bin",
    ),
    kind(
        "table statistics",
        "table counted",
        "STATS_PERSISTENT=1",
        "CREATE TABLE counted (id int PRIMARY KEY) STATS_PERSISTENT=1",
    ),
    kind(
        "partitions",
        "table parts",
        "PARTITION BY HASH",
        "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3",
    ),
    kind(
        "ignored index",
        "index author.unused",
        "IGNORED",
        "CREATE INDEX unused ON author (n) IGNORED",
    ),
    kind(
        "index comment",
        "index author.told",
        "COMMENT 'why'",
        "CREATE INDEX told ON author (n) COMMENT 'why'",
    ),
    kind(
        "prefix index",
        "index author.short",
        "(3)",
        "CREATE INDEX short ON author (name(3))",
    ),
    kind(
        "descending index",
        "index author.down",
        "DESC",
        "CREATE INDEX down ON author (n DESC)",
    ),
    kind(
        "fulltext index",
        "index author.words",
        "FULLTEXT KEY",
        "CREATE FULLTEXT INDEX words ON author (name)",
    ),
    kind(
        "check constraint",
        "check constraint author.ck",
        "CHECK (`n` > 0)",
        "ALTER TABLE author ADD CONSTRAINT ck CHECK (n > 0)",
    ),
    kind(
        "foreign key with rules",
        "foreign key book.fk",
        "ON DELETE CASCADE",
        "ALTER TABLE book ADD reader int",
        "ALTER TABLE book ADD CONSTRAINT fk FOREIGN KEY (reader) REFERENCES author (id) "
        "ON DELETE CASCADE ON UPDATE CASCADE",
    ),
    kind(
        "generated column",
        "column author.twice",
        "GENERATED ALWAYS",
        "ALTER TABLE author ADD twice int AS (n * 2) PERSISTENT",
    ),
    kind(
        "sequence",
        "sequence numbers",
        "CREATE SEQUENCE `numbers`",
        "CREATE SEQUENCE numbers START WITH 5 INCREMENT BY 3",
    ),
    kind(
        "view",
        "view names",
        "`names`",
        "CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW names AS SELECT id, name FROM author WITH LOCAL CHECK OPTION",
    ),
    kind(
        "trigger",
        "trigger author.touch",
        "touch",
        "CREATE TRIGGER touch BEFORE INSERT ON author FOR EACH ROW SET NEW.n = 1",
    ),
    kind(
        "procedure",
        "procedure proc",
        "PROCEDURE `proc`",
        "CREATE PROCEDURE proc() SQL SECURITY INVOKER SELECT 1",
    ),
    kind(
        "function",
        "function one",
        "FUNCTION `one`",
        "CREATE FUNCTION one() RETURNS int DETERMINISTIC RETURN 1",
    ),
    kind(
        "event",
        "event nightly",
        "EVENT `nightly`",
        "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
    ),
)
"""What a squashed history makes again on MariaDB."""

MARIADB_REFUSED = (
    kind(
        "routine of another SQL mode",
        "SQL mode procedure loose",
        "",
        "SET sql_mode = 'ANSI'",
        "CREATE PROCEDURE loose() SELECT 1",
        "SET sql_mode = DEFAULT",
    ),
    kind(
        "definer",
        "definer",
        "",
        "CREATE DEFINER = 'nobody'@'nowhere' VIEW foreigns AS SELECT 1 AS x",
    ),
)
"""What it does not make, and names."""

KINDS = {
    "postgresql": (POSTGRESQL, POSTGRESQL_REFUSED),
    "mariadb": (MARIADB, MARIADB_REFUSED),
}
