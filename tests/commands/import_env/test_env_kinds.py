"""Each kind of code in an ``env.py``: what becomes of it."""

from __future__ import annotations

import ast
import textwrap
from typing import NamedTuple

import env_files
import pytest
from apps import extension_of, make_app, migrations_of
from env_files import plain
from flask import Flask

from flask_alembic.results import EnvItem, ImportEnvResult

pytestmark = pytest.mark.filterwarnings("error")

INI = """\
[alembic]
script_location = migrations
sqlalchemy.url = postgresql://shop:tulip@localhost/shop
exclude_tables = spatial_ref_sys, other

[alembic:exclude]
tables = spatial_ref_sys
"""

SET, NOT, NONE, UNKNOWN = "setting", "not needed", "no counterpart", "unknown"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An app with Flask-SQLAlchemy."""
    return make_app(tmp_path_factory.mktemp("shop"))


def read(app: Flask, text: str, ini: str = INI) -> ImportEnvResult:
    """Read an ``env.py`` in the folder of an app."""
    migrations = migrations_of(app)
    (migrations / "versions").mkdir(parents=True, exist_ok=True)
    (migrations / "env.py").write_text(text, "utf-8")
    (migrations / "alembic.ini").write_text(ini, "utf-8")
    with app.app_context():
        result = extension_of(app).import_env(migrations)
    if result.settings:
        ast.parse(result.settings)
    assert "tulip" not in repr(result)
    return result


def chosen(result: ImportEnvResult, what: str) -> EnvItem:
    """Return the part of that name that is not the one of ``--sql``."""
    found = [item for item in result.items if what in item.what]
    assert found, f"{what} is not among {[item.what for item in result.items]}"
    return found[-1]


class Kind(NamedTuple):
    """A kind of code, and what becomes of it."""

    text: str
    what: str
    verdict: str
    key: str = ""
    inside: tuple[str, ...] = ()


def context(argument: str, key: str, top: str = "", *inside: str) -> Kind:
    """Return the kind of an argument of the context."""
    name = argument.partition("=")[0]
    setting = f'ALEMBIC_CONTEXT["{key or name}"]'
    return Kind(plain(online=f"{argument},", top=top), name, SET, setting, inside)


def before(code: str, what: str, verdict: str, key: str = "", *inside: str) -> Kind:
    """Return the kind of a statement before the run."""
    return Kind(plain(before=code), what, verdict, key, inside)


def after(code: str, what: str, verdict: str, key: str = "", *inside: str) -> Kind:
    """Return the kind of a statement behind the run."""
    return Kind(plain(after=code), what, verdict, key, inside)


def top(code: str, what: str, verdict: str, key: str = "", *inside: str) -> Kind:
    """Return the kind of a statement at the top of the file."""
    return Kind(plain(top=textwrap.dedent(code)), what, verdict, key, inside)


FUNCTION = """
EXCLUDED = config.get_main_option("exclude_tables", "").split(",")


def {name}(*args, **kwargs):
    return str(args[0]) not in EXCLUDED
"""
TENANTS = """
def run_all():
    engine = sa.create_engine("postgresql://shop:tulip@localhost/shop")
    for schema in ["one", "two"]:
        with engine.connect() as connection:
            connection.execute(text(f"SET search_path TO {schema}"))
            context.configure(
                connection=connection,
                target_metadata=target_metadata,
                version_table_schema=schema,
                include_schemas=True,
            )
            with context.begin_transaction():
                context.run_migrations()


run_all()
"""
RETRIES = """
for attempt in range(8):
    try:
        run_migrations_online()
        break
    except sa.exc.OperationalError:
        time.sleep(10)
"""
LOCKED = """
import contextlib


@contextlib.contextmanager
def only_one(connection):
    connection.execute(text("SELECT pg_advisory_lock(4711)"))
    yield
    connection.execute(text("SELECT pg_advisory_unlock(4711)"))
"""

KINDS: dict[str, Kind] = {
    "url_of_app": top(
        'config.set_main_option("sqlalchemy.url", os.environ["URL"].replace("%", "%%"))',
        "sqlalchemy.url",
        NOT,
    ),
    "empty_revision": Kind(env_files.FLASK_MIGRATE, "process_revision_directives", NOT),
    "configure_args": Kind(
        env_files.FLASK_MIGRATE, "arguments of Migrate", SET, "ALEMBIC_CONTEXT"
    ),
    "compare_type": context("compare_type=False", ""),
    "compare_type_default": Kind(
        plain(online="compare_type=True,"), "compare_type", NOT
    ),
    **{
        f"function_{name}": context(
            f"{name}=mine",
            name,
            FUNCTION.format(name="mine"),
            "EXCLUDED = 'spatial_ref_sys, other'",
            f"'{name}': mine",
        )
        for name in (
            "compare_type",
            "compare_server_default",
            "include_object",
            "include_name",
            "render_item",
            "on_version_apply",
            "process_revision_directives",
        )
    },
    "include_symbol": Kind(
        plain(online="include_symbol=lambda table, schema: True,"),
        "include_symbol",
        NONE,
    ),
    "include_schemas": context("include_schemas=True", ""),
    "version_table": context("version_table='shop_version'", ""),
    "version_table_schema": context(
        "version_table_schema=target_metadata.schema", "", "", "target_metadata.schema"
    ),
    "value_of_the_app": Kind(
        plain(
            top="from flask import current_app",
            online="version_table=current_app.config['TABLE'],",
        ),
        "version_table",
        SET,
        "hook context_options",
        ("def context_options(database):",),
    ),
    "template_args": context("template_args={'a': 1}", ""),
    "own_option_of_the_context": context("shop_option=3", ""),
    "extra_ini_key": Kind(plain(), "exclude_tables", SET, 'ALEMBIC["exclude_tables"]'),
    "extra_ini_section": Kind(
        plain(
            top='NAMES = config.get_section("alembic:exclude", {}).get("tables")',
            online="include_name=lambda name, type_, parents: name != NAMES,",
        ),
        "NAMES",
        SET,
        "the module",
        ("NAMES = {'tables': 'spatial_ref_sys'}.get(\"tables\")",),
    ),
    "other_base": Kind(
        plain(), "target_metadata", SET, "Alembic(metadatas=...)", ("import Base",)
    ),
    "merged_metadata": Kind(
        plain(metadata="import a, b\ntarget_metadata = [a.Base.metadata, b.metadata]"),
        "target_metadata",
        SET,
        "Alembic(metadatas=...)",
        ("[a.Base.metadata, b.metadata]",),
    ),
    "made_metadata": Kind(
        plain(
            metadata="from shop.models import all_models\n"
            "from shop.util import as_metadata\n"
            "target_metadata = as_metadata(all_models)"
        ),
        "target_metadata",
        SET,
        "Alembic(metadatas=...)",
        ("from shop.util import as_metadata", "as_metadata(all_models)"),
    ),
    "metadata_of_db": Kind(
        plain(metadata="from shop import db\ntarget_metadata = db.metadata"),
        "target_metadata",
        NOT,
    ),
    "render_as_batch": context("render_as_batch=True", ""),
    "render_as_batch_for_sqlite": Kind(
        plain(online="render_as_batch=connection.dialect.name == 'sqlite',"),
        "render_as_batch",
        NOT,
    ),
    "transaction_per_migration": context("transaction_per_migration=True", ""),
    "transactional_ddl": context("transactional_ddl=False", ""),
    "literal_binds": Kind(plain(), "literal_binds", NOT),
    "dialect_opts": Kind(plain(), "dialect_opts", NOT),
    "advisory_lock": before(
        'connection.execute(text("SELECT pg_advisory_lock(4711)"))',
        "advisory lock",
        NOT,
    ),
    "advisory_lock_tried": before(
        """
        locked = connection.execute(text("SELECT pg_try_advisory_lock(1)")).scalar()
        if not locked:
            raise RuntimeError("somebody else migrates")
        """,
        "advisory lock",
        NOT,
    ),
    "advisory_lock_around": Kind(
        plain(top=LOCKED, before="with only_one(connection):\n    pass"),
        "advisory lock",
        NOT,
    ),
    "advisory_unlock": after(
        'connection.execute(text("SELECT pg_advisory_unlock(4711)"))',
        "advisory lock",
        NOT,
    ),
    "lock_timeout": before(
        "connection.execute(text(\"SET lock_timeout = '4s'\"))",
        "SET lock_timeout",
        SET,
        'ALEMBIC["ddl_lock_timeout"]',
        "'ddl_lock_timeout': 4,",
    ),
    "statement_timeout": before(
        'connection.exec_driver_sql("SET statement_timeout TO 1500")',
        "SET statement_timeout",
        SET,
        'ALEMBIC["statement_timeout"]',
        "'statement_timeout': 1.5,",
    ),
    "mysql_lock_timeout": before(
        'connection.execute(text("SET SESSION lock_wait_timeout = 7"))',
        "lock_wait_timeout",
        SET,
        'ALEMBIC["ddl_lock_timeout"]',
        "'ddl_lock_timeout': 7,",
    ),
    "computed_timeout": before(
        'connection.execute(text(f"SET lock_timeout = {LIMIT}"))',
        "SET lock_timeout",
        SET,
        'ALEMBIC["ddl_lock_timeout"]',
    ),
    "retries": Kind(
        plain(top="import time", dispatch=RETRIES),
        "retries",
        NOT,
        "",
        ("'lock_retries': 8",),
    ),
    "set_role": before(
        'connection.execute(text("SET ROLE owner"))',
        "SET ROLE owner",
        SET,
        "hook open_connection",
        "    connection.detach()",
        '    connection.execute(text("SET ROLE owner"))',
        "    connection.commit()",
    ),
    "reset_role": after('connection.execute(text("RESET ROLE"))', "RESET ROLE", NOT),
    "search_path": before(
        """
        path = "shop, public"
        connection.execute(text(f"SET search_path TO {path}"))
        """,
        "SET search_path",
        SET,
        "hook open_connection",
        '    path = "shop, public"',
    ),
    "default_schema": before(
        'connection.dialect.default_schema_name = "shop"',
        "default_schema_name",
        SET,
        "hook open_connection",
    ),
    "create_schema": before(
        'connection.execute(text("CREATE SCHEMA IF NOT EXISTS shop"))',
        "CREATE SCHEMA",
        SET,
        "hook open_connection",
    ),
    "session_statement_of_env": before(
        'connection.execute(text(f"SET ROLE {context.get_x_argument()[0]}"))',
        "SET ROLE",
        NONE,
    ),
    "foreign_keys_off": before(
        """
        if connection.dialect.name == "sqlite":
            connection.execute(text("PRAGMA foreign_keys=OFF"))
        """,
        "if connection.dialect.name",
        SET,
        "hook open_connection",
        '    if connection.dialect.name == "sqlite":',
    ),
    "begin_immediate": before(
        'connection.exec_driver_sql("BEGIN IMMEDIATE")', "BEGIN IMMEDIATE", NOT
    ),
    "file_with_head": after(
        """
        with open("migrations/HEAD", "w") as file:
            file.write("done")
        """,
        "with open",
        SET,
        "hook after_upgrade",
        "def after_upgrade(app, run, result):",
        '    with open("migrations/HEAD", "w") as file:',
    ),
    "function_behind_the_run": Kind(
        plain(top="from shop.search import reindex", end="reindex()"),
        "reindex()",
        SET,
        "hook after_upgrade",
        ("from shop.search import reindex", "    reindex()"),
    ),
    "local_behind_the_run": after("report(names)", "report(names)", UNKNOWN),
    "log_lines": top(
        'import logging\nlogger = logging.getLogger("x")\nlogger.info("begins")',
        "output",
        NOT,
    ),
    "logging_switch": top(
        'if not os.environ.get("ALEMBIC_SKIP_LOG_CONFIG"):\n'
        "    fileConfig(config.config_file_name)",
        "if not os.environ",
        NOT,
    ),
    "logging_attribute": top(
        'if config.attributes.get("configure_logger", True):\n'
        "    fileConfig(config.config_file_name)",
        "if config.attributes",
        NOT,
    ),
    "import_of_enum_library": top(
        "import alembic_postgresql_enum",
        "import alembic_postgresql_enum",
        SET,
        "the module",
        "import alembic_postgresql_enum",
    ),
    "imported_by_the_app": top("import flask_sqlalchemy", "flask_sqlalchemy", NOT),
    "models_imported": top(
        "from shop.models import *  # noqa", "import shop.models", SET, "the module"
    ),
    "register_entities": top(
        """
        from alembic_utils.replaceable_entity import register_entities
        from shop.views import VIEWS
        register_entities(VIEWS)
        """,
        "register_entities()",
        SET,
        "the module",
        "register_entities(VIEWS)",
    ),
    "geoalchemy": context(
        "include_object=alembic_helpers.include_object",
        "",
        "from geoalchemy2 import alembic_helpers",
        "from geoalchemy2 import alembic_helpers",
    ),
    "rewriter": Kind(
        plain(
            top="from alembic.autogenerate import rewriter\n"
            "from alembic.operations import ops\n"
            "writer = rewriter.Rewriter()\n\n\n"
            "@writer.rewrites(ops.AddColumnOp)\n"
            "def add_column(context, revision, op):\n"
            "    return op\n",
            online="process_revision_directives=writer,",
        ),
        "add_column()",
        SET,
        "the module",
        ("@writer.rewrites(ops.AddColumnOp)", "writer = rewriter.Rewriter()"),
    ),
    "implementation": top(
        """
        from alembic.ddl.impl import DefaultImpl


        class ShopImpl(DefaultImpl):
            __dialect__ = "shop"
        """,
        "class ShopImpl",
        SET,
        "the module",
        "class ShopImpl(DefaultImpl):",
    ),
    "connection_handed_in": top(
        'given = config.attributes.get("connection")', "config.attributes", NONE
    ),
    "x_argument": top(
        "arguments = context.get_x_argument(as_dictionary=True)",
        "get_x_argument()",
        NONE,
    ),
    "x_argument_in_a_function": Kind(
        plain(
            top="def wanted(name, type_, parents):\n"
            "    return name in context.get_x_argument()",
            online="include_name=wanted,",
        ),
        "include_name",
        NONE,
    ),
    "cmd_opts": top(
        'revision = getattr(config.cmd_opts, "revision", None)', "config.cmd_opts", NONE
    ),
    "autogenerate_guard": context(
        "process_revision_directives=name_it",
        "",
        "def name_it(context, revision, directives):\n"
        '    if getattr(config.cmd_opts, "autogenerate", False):\n'
        '        directives[0].message = "generated"',
        "    if True:",
    ),
    "branch_label": top(
        'if "gxy@" in config.cmd_opts.revision:\n    use_galaxy()',
        "config.cmd_opts",
        NONE,
    ),
    "version_locations_in_code": top(
        'config.set_main_option("version_locations", FOLDERS[name])',
        "version_locations",
        SET,
        'ALEMBIC["version_locations"]',
    ),
    "option_in_code": top(
        'config.set_main_option("timezone", "UTC")',
        "timezone",
        SET,
        'ALEMBIC["timezone"]',
        "'timezone': \"UTC\"",
    ),
    "arguments_of_revisions": Kind(
        plain(run="tables=target_metadata.tables"), "run_migrations(tables)", NONE
    ),
    "unknown_revision_tolerated": Kind(
        plain(
            dispatch="try:\n    run_migrations_online()\n"
            "except CommandError as error:\n    print(error)\n"
        ),
        "except CommandError",
        NONE,
    ),
    "engine_arguments": Kind(
        plain().replace("poolclass=pool.NullPool", "connect_args={'sslmode': 'x'}"),
        "engine: connect_args",
        SET,
        'SQLALCHEMY_ENGINE_OPTIONS["connect_args"]',
    ),
    "limits_of_the_engine": Kind(
        plain().replace(
            "poolclass=pool.NullPool",
            "connect_args={'options': '-c lock_timeout=2000'}",
        ),
        "engine: connect_args",
        SET,
        'ALEMBIC["ddl_lock_timeout"]',
        ("'ddl_lock_timeout': 2",),
    ),
    "engine_of_the_template": Kind(plain(), "connectable", NOT),
    "async": Kind(env_files.ASYNC, "asyncio.run(", NOT),
    "models_loaded": top(
        "from shop.util import import_all_models\nimport_all_models()",
        "import_all_models()",
        SET,
        "the module",
        "import_all_models()",
    ),
    "app_made": top(
        "from shop import create_app\napp = create_app()\napp.app_context().push()",
        "app context",
        NOT,
    ),
    "app_in_a_function": Kind(
        plain(
            top="from shop import create_app\napp = create_app()\n\n\n"
            "def wanted(name, type_, parents):\n"
            "    return name not in app.config['SKIP']",
            online="include_name=wanted,",
        ),
        "include_name",
        SET,
        'ALEMBIC_CONTEXT["include_name"]',
        ("from flask import current_app", "not in current_app.config['SKIP']"),
    ),
    "path": top("import sys\nsys.path.insert(0, '.')", "sys.path.insert()", NOT),
    "dotenv": top(
        "from dotenv import load_dotenv\nload_dotenv()", "dotenv.load_dotenv()", NOT
    ),
    "warning_about_sqlite": top(
        "import logging\nlogger = logging.getLogger('x')\n"
        "if 'sqlite' in config.get_main_option('sqlalchemy.url'):\n"
        "    logger.warning('SQLite is for tests')",
        "if 'sqlite' in",
        NOT,
    ),
    "guard": top(
        """
        import os

        if os.environ.get("STAGE") == "production":
            raise RuntimeError("not on Fridays")
        """,
        "if os.environ.get('STAGE') == 'production'",
        SET,
        "hook before_upgrade",
        '        raise RuntimeError("not on Fridays")',
    ),
    "guard_about_the_configuration": top(
        "section = config.get_section('alembic')\n"
        "if section is None:\n    raise RuntimeError('no section')",
        "if section is None",
        NOT,
    ),
    "assert_about_the_configuration": top(
        "assert config.config_file_name is not None", "assert config", NOT
    ),
    "guard_about_the_url": top(
        "if config.get_main_option('sqlalchemy.url').startswith('sqlite'):\n"
        "    raise RuntimeError('not with SQLite')",
        "if config.get_main_option",
        NONE,
    ),
    "condition_that_binds": top(
        "if ready():\n    ENGINE = make()\nelse:\n    raise RuntimeError('no')",
        "raise RuntimeError('no')",
        UNKNOWN,
    ),
    "error_of_what_is_not_needed": top(
        "import os\nfrom shop import create_app\n"
        "try:\n    create_app().app_context().push()\n"
        "except Exception:\n    if os.environ.get('STAGE') == 'dev':\n        raise",
        "if os.environ.get('STAGE') == 'dev'",
        NOT,
    ),
    "unknown_revision_in_a_condition": Kind(
        plain(
            dispatch="try:\n    run_migrations_online()\n"
            "except CommandError as error:\n"
            "    if 'No such revision' not in str(error):\n        raise\n"
        ),
        "except CommandError",
        NONE,
    ),
    "retries_in_a_function": Kind(
        plain(
            top="import time\n\n\ndef again(*, func, max_retries):\n"
            "    for number in range(max_retries):\n"
            "        try:\n            return func()\n"
            "        except sa.exc.OperationalError:\n            time.sleep(1)",
            dispatch="again(func=run_migrations_online, max_retries=6)\n",
        ),
        "again(func=",
        SET,
        'ALEMBIC["lock_retries"]',
        ("'lock_retries': 6",),
    ),
    "logging_in_a_function": top(
        "import logging\n\n\ndef configure_logging():\n"
        "    fileConfig(config.config_file_name)\n"
        "    logging.getLogger('x').setLevel('INFO')\n\n\nconfigure_logging()",
        "configure_logging()",
        NOT,
    ),
    "head_beside_env": after(
        "with open(__file__ + '.HEAD', 'w') as file:\n    file.write('x')",
        "with open",
        UNKNOWN,
    ),
    "exception_of_a_module": Kind(
        plain(
            top="import alembic.util",
            dispatch="try:\n    run_migrations_online()\n"
            "except alembic.util.CommandError:\n    raise\n",
        ),
        "alembic.util",
        NOT,
    ),
    "guard_of_env": top(
        "if context.is_transactional_ddl():\n    raise RuntimeError('no')",
        "if context.is_transactional_ddl()",
        NONE,
    ),
    "naming_convention": top(
        "target_metadata.naming_convention = {'ix': 'ix_%(column_0_label)s'}",
        "naming_convention",
        NONE,
    ),
    "tenants": Kind(plain(dispatch=TENANTS), "loop over ['one', 'two']", NONE),
    "context_execute": Kind(
        plain()
        .replace(
            "literal_binds=True,\n        dialect_opts",
            "literal_binds=True,\n        dialect_opts",
            1,
        )
        .replace(
            "    with context.begin_transaction():\n        context.run_migrations()",
            "    with context.begin_transaction():\n"
            "        context.execute('SET ROLE owner')\n"
            "        context.run_migrations()",
            1,
        ),
        "SET ROLE owner",
        NONE,
    ),
    "dict_of_arguments": Kind(
        plain(top="OPTIONS = {'compare_type': False}", online="**OPTIONS,"),
        "compare_type",
        SET,
        'ALEMBIC_CONTEXT["compare_type"]',
        ("'compare_type': False",),
    ),
    "computed_arguments": Kind(
        plain(online="**options_of(connection),"), "**options_of", UNKNOWN
    ),
    "another_value_for_sql": Kind(
        plain(online="version_table='a',", offline="version_table='b',"),
        "version_table",
        SET,
        'ALEMBIC_CONTEXT["version_table"]',
        ("'version_table': 'a'",),
    ),
    "unknown_call": top("start_metrics()", "start_metrics()", UNKNOWN),
    "unknown_with": Kind(
        plain().replace(
            "    with context.begin_transaction():\n        context.run",
            "    with metrics(), context.begin_transaction():\n        context.run",
        ),
        "with metrics()",
        UNKNOWN,
    ),
    "unknown_assignment": top("settings.debug = True", "settings.debug", UNKNOWN),
    "unknown_delete": top("del cache['x']", "del cache['x']", UNKNOWN),
    "unknown_assert": top("assert ready()", "assert ready()", UNKNOWN),
    "unknown_condition": top(
        "if ready():\n    prepare_all()", "prepare_all()", UNKNOWN
    ),
    "decorated": top(
        """
        from sqlalchemy.ext.compiler import compiles


        @compiles(sa.JSON, "sqlite")
        def compile_json(element, compiler, **kw):
            return "TEXT"
        """,
        "compile_json()",
        SET,
        "the module",
        '@compiles(sa.JSON, "sqlite")',
    ),
}


@pytest.mark.sample("all")
@pytest.mark.parametrize("name", KINDS)
def test_each_kind(app: Flask, name: str) -> None:
    kind = KINDS[name]
    result = read(app, kind.text)
    item = chosen(result, kind.what)
    assert (item.verdict, item.key) == (kind.verdict, kind.key), item
    for piece in kind.inside:
        assert piece in result.settings
    # What has a place needs no words; all others say why, or what to do.
    assert item.reason or item.key


TEMPLATES = {
    "plain": plain(metadata="from shop import db\ntarget_metadata = db.metadata"),
    "async": env_files.ASYNC,
    "flask_migrate": env_files.FLASK_MIGRATE,
    "old_flask_migrate": env_files.OLD_FLASK_MIGRATE,
    "flask_migrate_multidb": env_files.FLASK_MIGRATE_MULTIDB,
    "alembic_multidb": env_files.ALEMBIC_MULTIDB,
}
SETTINGS = {
    "flask_migrate": {"ALEMBIC_CONTEXT"},
    "old_flask_migrate": {"ALEMBIC_CONTEXT"},
    "flask_migrate_multidb": {"ALEMBIC_CONTEXT"},
    "alembic_multidb": {
        'ALEMBIC["twophase"]',
        "Alembic(metadatas=...)",
        "the module",
    },
}


@pytest.mark.sample("all")
@pytest.mark.parametrize("name", TEMPLATES)
def test_what_the_tools_write_needs_nobody(app: Flask, name: str) -> None:
    ini = "[alembic]\nsqlalchemy.url = sqlite://\n[loggers]\nkeys = root\n"
    result = read(app, TEMPLATES[name], ini)
    assert result.remaining == ()
    keys = {item.key for item in result.items if item.verdict == SET}
    assert keys == SETTINGS.get(name, set())


def places(text: str) -> list[tuple[int, str]]:
    """Return where a statement may be put in: the number of a line, and the indent."""
    tree = ast.parse(text)
    runners = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and ("migrations" in node.name)
    ]
    nodes = [*tree.body, *(node for runner in runners for node in runner.body)]
    nodes += [
        inner
        for node in nodes
        if isinstance(node, ast.If | ast.With | ast.AsyncWith | ast.Try)
        for inner in node.body
    ]
    found = []
    for node in nodes:
        decorated = getattr(node, "decorator_list", [])
        line = min([node.lineno, *(each.lineno for each in decorated)])
        found.append((line, " " * node.col_offset))
    return sorted(set(found))[1:]


@pytest.mark.sample("all")
@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("code", ["launch(42)", "thing.attribute = 3", "del thing"])
def test_what_is_not_known_is_listed(app: Flask, name: str, code: str) -> None:
    lines = TEMPLATES[name].splitlines()
    for line, indent in places(TEMPLATES[name]):
        text = "\n".join([*lines[: line - 1], indent + code, *lines[line - 1 :]])
        result = read(app, text)
        listed = [
            item
            for item in result.remaining
            if item.file == "env.py" and item.line <= line <= item.last_line
        ]
        assert listed, f"{code} in line {line} of {name}"
        assert code in listed[0].code


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_line_is_told_about(app: Flask, name: str) -> None:
    result = read(app, TEMPLATES[name])
    told = {
        line
        for item in result.items
        if item.file == "env.py"
        for line in range(item.line, item.last_line + 1)
    }
    silent = [
        line
        for number, line in enumerate(TEMPLATES[name].splitlines(), 1)
        if line.strip() and number not in told
    ]
    # What is left opens, closes or divides something that is told about.
    allowed = ("try:", "else:", "except", "finally:", ")", "context.configure(")
    assert [line for line in silent if not line.strip().startswith(allowed)] == []
