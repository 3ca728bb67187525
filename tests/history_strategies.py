"""Generated histories: healthy ones, large ones, and ones with one thing wrong."""

from __future__ import annotations

import re
from dataclasses import replace

from histories import File, Files
from hypothesis import strategies as st

STEMS = ["ab12", "ab12cd", "ab13", "b0ba", "c0ffee", "cafe", "d1ce", "f00d", "e1f"]


@st.composite
def healthy(draw: st.DrawFn, size: int = 7) -> Files:
    """Branches, merges, labels and dependencies, in files of any order."""
    ids = draw(st.lists(st.sampled_from(STEMS), unique=True, max_size=size))
    numbers = draw(st.permutations(range(len(ids))))
    folders = draw(
        st.sampled_from(
            [("versions",), ("versions", "more"), ("versions", "versions/below")]
        )
    )
    recursive = "versions/below" in folders
    files: list[File] = []
    labels: list[str] = []
    for number, revision in enumerate(ids):
        earlier = ids[:number]
        downs: tuple[str, ...] = ()
        depends: tuple[str, ...] = ()
        if earlier and draw(st.integers(0, 4)) > 0:
            # Mostly the latest one, so that there are lines as well as branches.
            if draw(st.booleans()):
                downs = (earlier[-1],)
            else:
                downs = tuple(draw(_some(earlier, 3)))
        if earlier and not draw(st.integers(0, 3)):
            depends = tuple(draw(_some(earlier + labels, 2)))
            depends = tuple(name for name in depends if name not in downs)
        own: tuple[str, ...] = ()
        if not draw(st.integers(0, 3)):
            own = (f"label{number}",)
            labels.extend(own)
        files.append(
            File(
                revision,
                downs,
                own,
                depends,
                name=f"{numbers[number]}_{revision}",
                folder=draw(st.sampled_from(folders)),
                form=draw(st.sampled_from(["literal"] * 8 + ["computed", "late"])),
            )
        )
    return Files(
        tuple(files),
        locations=folders[:1] if recursive else folders,
        recursive=recursive,
    )


@st.composite
def graphs(draw: st.DrawFn, size: int = 14) -> Files:
    """Histories that are never written: larger, and never empty."""
    files: list[File] = []
    ids: list[str] = []
    labels: list[str] = []
    for number in range(draw(st.integers(1, size))):
        downs: list[str] = []
        depends: list[str] = []
        if ids and draw(st.integers(0, 5)) > 0:
            shape = draw(st.integers(0, 3))
            downs = ids[-1:] if shape < 2 else draw(_some(ids, shape))
        if ids and not draw(st.integers(0, 2)):
            depends = [n for n in draw(_some(ids + labels, 2)) if n not in downs]
        own = [f"label{number}"] if not draw(st.integers(0, 5)) else []
        revision = f"r{number:02}x"
        ids.append(revision)
        labels.extend(own)
        files.append(File(revision, tuple(downs), tuple(own), tuple(depends)))
    return Files(tuple(draw(st.permutations(files))))


def _some(names: list[str], most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=most)


DEFECTS = [
    "missing parent",
    "missing dependency",
    "cycle",
    "loop",
    "dependency cycle",
    "used twice",
    "label used twice",
    "label is an id",
    "parent is a label",
    "illegal",
    "orphan",
    "legacy",
    "legacy by name",
    "syntax",
    "raises",
]


@st.composite
def broken(draw: st.DrawFn) -> Files:
    """A healthy history in which one thing is wrong."""
    files = draw(healthy(5).filter(lambda files: bool(files.files)))
    at = draw(st.integers(0, len(files.files) - 1))
    defect = draw(st.sampled_from(DEFECTS))
    scripts = list(files.files)
    scripts[at : at + 1] = spoil(scripts[at], scripts, defect)
    return replace(files, files=tuple(scripts))


def spoil(file: File, files: list[File], defect: str) -> list[File]:
    """Return what stands in the place of a file when something is wrong with it."""
    last = files[-1].revision
    if defect == "missing parent":
        return [replace(file, downs=("nowhere",))]
    if defect == "missing dependency":
        return [replace(file, depends=("nowhere",))]
    if defect == "cycle":
        return [replace(file, downs=(last,))]
    if defect == "loop":
        return [replace(file, downs=(file.revision,))]
    if defect == "dependency cycle":
        return [replace(file, depends=(last,))]
    if defect == "used twice":
        return [file, replace(file, name="9_again", labels=())]
    if defect == "label used twice":
        return [
            replace(file, labels=("twice",)),
            File("e11e", labels=("twice",), name="8_twice"),
        ]
    if defect == "label is an id":
        return [replace(file, labels=(last,))]
    if defect == "parent is a label":
        return [
            replace(file, labels=("mine",)),
            File("e11e", downs=("mine",), name="8_child"),
        ]
    if defect == "illegal":
        return [replace(file, revision=file.revision + "@1")]
    if defect == "legacy by name":
        return [replace(file, form="legacy", name=f"{at_name(file)}")]
    return [replace(file, form=defect)]


def at_name(file: File) -> str:
    """Return a name from which Alembic takes the revision id of an old file."""
    return file.revision if re.fullmatch("[a-f0-9]+", file.revision) else "abc123"
