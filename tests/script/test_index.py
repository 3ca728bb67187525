"""The index: what is read once stays known, and never longer than it is true."""

from __future__ import annotations

import hashlib
import json
import marshal
import os
import pickle
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from histories import File, write

from flask_alembic.script import header
from flask_alembic.script import index as index_folder
from flask_alembic.script import index_cache as index_store
from flask_alembic.script.index import RevisionIndex
from flask_alembic.script.records import FolderScan, RevisionRecord, UnreadFile


@pytest.fixture(autouse=True)
def _write_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is kept where and when compiled files are."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A version location with three revisions, written some time ago."""
    for number, down in enumerate([(), ("r0",), ("r1",)]):
        file = File(f"r{number}", down, labels=("main",) if not down else ())
        write(tmp_path / "versions" / f"{number}.py", file.source)
    return tmp_path / "versions"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read, as they are."""
    names: list[str] = []
    read = index_folder._read

    def note(path: str, *args: Any) -> Any:
        names.append(os.path.basename(path))
        return read(path, *args)

    monkeypatch.setattr(index_folder, "_read", note)
    return names


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose source was analysed."""
    names: list[str] = []
    read_header = header.read_header

    def note(source: bytes, path: str) -> Any:
        names.append(os.path.basename(path))
        return read_header(source, path)

    monkeypatch.setattr(header, "read_header", note)
    return names


def ids(scan: FolderScan) -> list[str]:
    return [s.revision if isinstance(s, RevisionRecord) else "?" for s in scan.scripts]


def index_of(folder: Path) -> Path:
    path = index_store.index_path(str(folder))
    assert path is not None
    return Path(path)


def stored_in(folder: Path) -> dict[str, Any]:
    """Return what the index holds, behind its checksum."""
    stored: dict[str, Any] = json.loads(index_of(folder).read_bytes().splitlines()[1])
    return stored


def signed(text: str) -> str:
    """Return the content of an index with its checksum."""
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{digest}\n{text}"


def test_a_record_says_what_the_file_says(folder: Path) -> None:
    scan = RevisionIndex([folder]).scan()
    assert scan == FolderScan(
        (
            RevisionRecord("r0", (), ("main",), (), LONGDOC, str(folder / "0.py")),
            RevisionRecord("r1", ("r0",), (), (), LONGDOC, str(folder / "1.py")),
            RevisionRecord("r2", ("r1",), (), (), LONGDOC, str(folder / "2.py")),
        )
    )
    record = scan.scripts[1]
    assert isinstance(record, RevisionRecord)
    assert record.doc == "first line"
    assert record.down_revision == "r0"
    assert scan.scripts[0].down_revision is None  # type: ignore[union-attr]
    assert record._replace(down_revisions=("a", "b")).down_revision == ("a", "b")
    with pytest.raises(AttributeError):
        record.revision = "other"  # type: ignore[misc]
    assert not hasattr(record, "__dict__")


LONGDOC = "first line\n\nsecond paragraph"


def test_alembic_is_not_imported() -> None:
    code = (
        "import sys, flask_alembic.script.index, flask_alembic.script.graph\n"
        "print([m for m in ('alembic', 'sqlalchemy', 'mako') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_files_are_read_once(folder: Path, reads: list[str]) -> None:
    index = RevisionIndex([folder])
    first = index.scan()
    assert reads == ["0.py", "1.py", "2.py"]
    assert index.scan() is first
    assert RevisionIndex([folder]).scan() == first
    assert len(reads) == 3


def test_it_stands_where_compiled_files_do(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    RevisionIndex([folder]).scan()
    assert index_of(folder).parent == folder / "__pycache__"
    assert [path.name for path in (folder / "__pycache__").iterdir()] == [
        f"flask-alembic.{sys.implementation.cache_tag}.index"
    ]
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "elsewhere"))
    RevisionIndex([folder]).scan()
    assert index_of(folder).is_file()
    assert index_of(folder).is_relative_to(tmp_path / "elsewhere")


def test_it_is_written_without_compiled_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert ids(RevisionIndex([folder]).scan()) == ["r0", "r1", "r2"]
    assert list(stored_in(folder)["scripts"]) == ["0.py", "1.py", "2.py"]


def test_it_can_be_turned_off(folder: Path, parsed: list[str]) -> None:
    for _ in range(2):
        scan = RevisionIndex([folder], stored=False).scan()
        assert ids(scan) == ["r0", "r1", "r2"]
    assert len(parsed) == 6
    assert not (folder / "__pycache__").exists()


@pytest.mark.parametrize("options", [[], ["--mtime=@0"], ["--mtime=2100-01-01"]])
def test_it_survives_an_archive(
    folder: Path, tmp_path: Path, parsed: list[str], options: list[str]
) -> None:
    """An archive cuts the times of change, or gives every file the same."""
    first = RevisionIndex([folder]).scan()
    there = tmp_path / "elsewhere"
    there.mkdir()
    packed = tmp_path / "packed.tar"
    subprocess.run(
        ["tar", "cf", packed, *options, "versions"], cwd=tmp_path, check=True
    )
    subprocess.run(["tar", "xf", packed], cwd=there, check=True)
    del parsed[:]
    for _ in range(2):
        scan = RevisionIndex([there / "versions"]).scan()
        assert ids(scan) == ids(first)
    assert parsed == []
    write(there / "versions" / "1.py", File("rX", ("r0",)).source, age=60)
    assert ids(RevisionIndex([there / "versions"]).scan()) == ["r0", "rX", "r2"]
    assert parsed == ["1.py"]


def test_another_content_of_the_same_size_is_seen_whatever_the_time(
    folder: Path, parsed: list[str]
) -> None:
    for when in (0, 1, 4_102_444_800):
        for revision in ("rA", "rB"):
            (folder / "1.py").write_text(File(revision).source)
            os.utime(folder / "1.py", (when, when))
            assert ids(RevisionIndex([folder]).scan()) == ["r0", revision, "r2"]
            before = len(parsed)
            assert ids(RevisionIndex([folder]).scan()) == ["r0", revision, "r2"]
            assert len(parsed) == before


def test_without_compiled_files_there_is_no_index(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.implementation, "cache_tag", None)
    assert ids(RevisionIndex([folder]).scan()) == ["r0", "r1", "r2"]
    assert not (folder / "__pycache__").exists()


def test_a_place_that_cannot_be_written_does_no_harm(folder: Path) -> None:
    # A file where a folder is needed refuses root as well.
    write(folder / "__pycache__", "")
    assert ids(RevisionIndex([folder]).scan()) == ["r0", "r1", "r2"]
    (folder / "__pycache__").unlink()
    index_of(folder).mkdir(parents=True)
    assert ids(RevisionIndex([folder]).scan()) == ["r0", "r1", "r2"]
    assert list((folder / "__pycache__").iterdir()) == [index_of(folder)]


# -- changes ----------------------------------------------------------------------


@pytest.fixture(params=["the same process", "another process"])
def look(request: pytest.FixtureRequest, folder: Path) -> Any:
    """Look again, with what is in memory or what is on disk."""
    index = RevisionIndex([folder])
    index.scan()
    return (
        index.scan
        if request.param == "the same process"
        else RevisionIndex([folder]).scan
    )


def test_new_files_are_seen(folder: Path, look: Any, reads: list[str]) -> None:
    write(folder / "1a.py", File("r3").source)
    assert ids(look()) == ["r0", "r1", "r3", "r2"]
    assert reads == ["1a.py"]


def test_deleted_files_are_seen(folder: Path, look: Any, reads: list[str]) -> None:
    (folder / "1.py").unlink()
    assert ids(look()) == ["r0", "r2"]
    assert reads == []
    stored = stored_in(folder)
    assert list(stored["scripts"]) == ["0.py", "2.py"]


def test_renamed_files_are_seen(folder: Path, look: Any) -> None:
    (folder / "0.py").rename(folder / "3.py")
    scan = look()
    assert ids(scan) == ["r1", "r2", "r0"]
    assert scan.scripts[-1].path == str(folder / "3.py")


def test_changed_files_are_seen(folder: Path, look: Any, reads: list[str]) -> None:
    write(folder / "1.py", File("rX").source, age=60)
    assert ids(look()) == ["r0", "rX", "r2"]
    assert reads == ["1.py"]


def test_another_size_at_the_same_time_is_a_change(folder: Path, look: Any) -> None:
    status = (folder / "1.py").stat()
    (folder / "1.py").write_text(File("r1234").source)
    os.utime(folder / "1.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert ids(look()) == ["r0", "r1234", "r2"]


def test_a_changed_body_is_a_change(folder: Path) -> None:
    """The identifiers are the same, but a module that was loaded is outdated."""
    index = RevisionIndex([folder])
    first = index.scan()
    write(folder / "1.py", File("r1", ("r0",)).source + "\nx = 1\n", age=60)
    second = index.scan()
    assert second == first
    assert second is not first
    assert index.scan() is second


@pytest.mark.parametrize("same_process", [True, False])
def test_a_young_file_is_not_trusted(folder: Path, same_process: bool) -> None:
    """Two changes within one tick of the clock give the same time, and here size."""
    now, index = time.time_ns(), RevisionIndex([folder])
    for revision in ("rA", "rB"):
        (folder / "1.py").write_text(File(revision).source)
        os.utime(folder / "1.py", ns=(now, now))
        look = index if same_process else RevisionIndex([folder])
        assert ids(look.scan()) == ["r0", revision, "r2"]
    stored = stored_in(folder)
    assert stored["scripts"]["1.py"].startswith("-1\n")


def test_a_young_files_body_counts_too(folder: Path) -> None:
    now, index = time.time_ns(), RevisionIndex([folder])
    scans = []
    for body in ("x = 1", "x = 2"):
        (folder / "1.py").write_text(File("rN").source + body)
        os.utime(folder / "1.py", ns=(now, now))
        scans.append(index.scan())
    assert scans[0] == scans[1]
    assert scans[0] is not scans[1]


@pytest.mark.parametrize(
    "when", [1, 315532800, time.time() + 86400], ids=["zero", "zip", "tomorrow"]
)
def test_times_that_say_nothing_are_not_trusted(folder: Path, when: float) -> None:
    """Archives and reproducible builds give every file the same time."""
    for revision in ("rA", "rB"):
        (folder / "1.py").write_text(File(revision).source)
        os.utime(folder / "1.py", (when, when))
        assert ids(RevisionIndex([folder]).scan()) == ["r0", revision, "r2"]


def test_a_file_that_grows_old_is_kept(
    folder: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "1.py", File("rN").source, age=0)
    index = RevisionIndex([folder])
    first = index.scan()
    del reads[:]
    assert index.scan() is first
    assert reads == ["1.py"]
    later = time.time_ns() + 10_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: later)
    assert index.scan() is first
    assert index.scan() is first
    assert reads == ["1.py", "1.py"]
    assert ids(RevisionIndex([folder]).scan()) == ["r0", "rN", "r2"]
    assert reads == ["1.py", "1.py"]


def test_one_question_to_each_folder_tells_of_files_that_came_or_went(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = RevisionIndex([folder])
    assert index.touched()
    index.scan()
    os.utime(folder, (time.time() - 60, time.time() - 60))
    index.scan()
    assert not index.touched()
    write(folder / "3.py", File("r3").source)
    assert index.touched()
    index.scan()
    # The folder is so young that another change might give the same time.
    assert index.touched()


def test_a_location_that_is_named_twice_has_a_whole_index(
    folder: Path, reads: list[str]
) -> None:
    (folder.parent / "linked").symlink_to(folder)
    for _ in range(2):
        scan = RevisionIndex([folder, folder.parent / "linked"]).scan()
        assert ids(scan) == ["r0", "r1", "r2"]
        assert scan.repeated == tuple(str(folder / f"{n}.py") for n in range(3))
    assert len(reads) == 3


def test_a_file_that_is_met_twice_from_now_on_is_a_change(folder: Path) -> None:
    index = RevisionIndex([folder])
    first = index.scan()
    (folder / "9.py").symlink_to("0.py")
    second = index.scan()
    assert second.scripts == first.scripts
    assert second.repeated == (str(folder / "0.py"),)


def test_forgetting_reads_everything_again(folder: Path, reads: list[str]) -> None:
    index = RevisionIndex([folder])
    first = index.scan()
    index.forget()
    assert not index_of(folder).exists()
    assert index.scan() == first
    assert len(reads) == 6


# -- what cannot be read ----------------------------------------------------------


def test_what_has_to_be_executed_is_never_in_the_index(
    folder: Path, reads: list[str]
) -> None:
    write(folder / "1.py", File("r1", ("r0",), form="computed").source)
    for _ in range(2):
        scan = RevisionIndex([folder]).scan()
        assert ids(scan) == ["r0", "?", "r2"]
        assert scan.scripts[1] == UnreadFile(str(folder / "1.py"))
    assert reads == ["0.py", "1.py", "2.py"]
    stored = stored_in(folder)["scripts"]["1.py"]
    status = (folder / "1.py").stat()
    digest = index_store.digest_of((folder / "1.py").read_bytes())
    assert stored == f"{status.st_mtime_ns}\n{status.st_size}\n{digest}\n"
    write(folder / "1.py", File("r1", ("r0",)).source, age=60)
    assert ids(RevisionIndex([folder]).scan()) == ["r0", "r1", "r2"]


def test_other_files_are_not_scripts(folder: Path) -> None:
    for name in ["__init__.py", ".#3.py", "notes.txt", "x.pyc", "__init__x.py"]:
        write(folder / name, File("rX").source)
    (folder / "below.py").mkdir()
    assert ids(RevisionIndex([folder]).scan()) == ["r0", "r1", "r2"]


@pytest.mark.parametrize("missing", ["nowhere", "versions/0.py"])
def test_a_location_that_is_no_folder_is_empty(folder: Path, missing: str) -> None:
    assert RevisionIndex([folder.parent / missing]).scan() == FolderScan(())
    assert not (folder.parent / "nowhere").exists()


def test_a_location_that_goes_is_not_made_again(folder: Path) -> None:
    index = RevisionIndex([folder])
    index.scan()
    shutil.rmtree(folder)
    assert index.scan() == FolderScan(())
    assert not folder.exists()


# -- damage -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\0" * 500,
        b"{",
        b"[" * 100_000,
        b"null",
        b"[]",
        b"{}",
        b'{"format": 1}',
        b'{"format": 1, "scripts": []}',
        b'{"format": 2, "scripts": {}}',
        b'{"format": "1", "scripts": {}}',
        b'{"format": 1, "scripts": {"1.py": ' + b"9" * 10_000 + b"}}",
        "\ud800".encode("utf-8", "surrogatepass"),
        marshal.dumps({"format": 1, "scripts": {}}),
        pickle.dumps(Path("x")),
    ],
)
def test_a_damaged_index_is_written_again(folder: Path, damage: bytes) -> None:
    first = RevisionIndex([folder]).scan()
    whole = index_of(folder).read_bytes()
    index_of(folder).write_bytes(damage)
    assert RevisionIndex([folder]).scan() == first
    assert index_of(folder).read_bytes() == whole


def test_an_index_with_a_changed_byte_is_not_used(folder: Path) -> None:
    first = RevisionIndex([folder]).scan()
    whole = index_of(folder).read_bytes()
    assert whole.count(b"r1") > 0
    index_of(folder).write_bytes(whole.replace(b"r1", b"rX", 1))
    assert RevisionIndex([folder]).scan() == first
    assert index_of(folder).read_bytes() == whole


def test_an_index_of_another_format_is_not_used(folder: Path) -> None:
    first = RevisionIndex([folder]).scan()
    changed = json.dumps(stored_in(folder)).replace("r1", "rX")
    index_of(folder).write_text(signed(changed))
    assert ids(RevisionIndex([folder]).scan()) == ["r0", "rX", "r2"]
    other = changed.replace('"format": 4', '"format": 1')
    assert other != changed
    index_of(folder).write_text(signed(other))
    assert RevisionIndex([folder]).scan() == first


def test_a_truncated_index_is_written_again(folder: Path) -> None:
    first = RevisionIndex([folder]).scan()
    whole = index_of(folder).read_bytes()
    for length in range(0, len(whole), 7):
        index_of(folder).write_bytes(whole[:length])
        assert RevisionIndex([folder]).scan() == first
        assert index_of(folder).read_bytes() == whole


STAMP = "TIME\nSIZE\nDIGEST\n"


@pytest.mark.parametrize(
    "entry",
    [
        None,
        1,
        [],
        {},
        ["TIME", "SIZE"],
        "",
        "TIME",
        "TIME\nSIZE",
        "0\nSIZE\nrX\n\n\n\ndoc",
        "TIME\n0\nrX\n\n\n\ndoc",
        f"{STAMP}rX",
        f"{STAMP}rX\n\n\n",
        f"{STAMP}\n\n\n\ndoc",
        f"{STAMP}rX\n\t\n\n\ndoc",
        f"{STAMP}rX\n\na\t\tb\n\ndoc",
        f"{STAMP}rX\n\n\nx\t\ndoc",
    ],
)
def test_an_odd_entry_is_read_from_the_file(folder: Path, entry: Any) -> None:
    first = RevisionIndex([folder]).scan()
    status = (folder / "1.py").stat()
    text = json.dumps({"format": 1, "scripts": {"1.py": entry, "../../x.py": entry}})
    text = text.replace("TIME", str(status.st_mtime_ns))
    index_of(folder).write_text(signed(text.replace("SIZE", str(status.st_size))))
    for _ in range(2):
        assert RevisionIndex([folder]).scan() == first


def test_an_odd_identifier_is_never_in_the_index(
    folder: Path, reads: list[str]
) -> None:
    """What the index cannot tell apart is read from the file each time."""
    odd = ["a\nb", "a\tb", "\n", "\ud800"]
    for number, text in enumerate(odd):
        write(folder / f"{number + 3}.py", File(f"r{number + 3}", (text,)).source)
    for _ in range(2):
        del reads[:]
        scan = RevisionIndex([folder]).scan()
        assert [s.down_revision for s in scan.scripts[3:]] == odd  # type: ignore[union-attr]
    assert reads == ["3.py", "4.py", "5.py"]


def test_concurrent_writers_leave_a_whole_index(folder: Path) -> None:
    for number in range(200):
        write(folder / f"9{number:03}.py", File(f"x{number}").source)
    expected = ids(RevisionIndex([folder]).scan())
    found: list[list[str]] = []

    def look() -> None:
        for _ in range(5):
            index_store.remove(str(index_of(folder)))
            found.append(ids(RevisionIndex([folder]).scan()))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 20
    assert os.listdir(folder / "__pycache__") in ([], [index_of(folder).name])
    assert ids(RevisionIndex([folder]).scan()) == expected
    assert len(index_store.load(str(index_of(folder)))) == 203


def test_one_index_may_be_used_by_several_threads(folder: Path) -> None:
    index = RevisionIndex([folder])
    found: list[FolderScan] = []

    def look() -> None:
        found.extend(index.scan() for _ in range(20))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(scan) for scan in found}) == 1
