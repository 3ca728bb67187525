"""Put the body of the third revision into the empty file of that revision."""

from __future__ import annotations

import re
import sys
from pathlib import Path

generated = next(Path("migrations").glob("*_notes_have_a_slug.py"))
empty = generated.read_text("utf-8")
text = Path(sys.argv[1]).read_text("utf-8")
for name in ("revision", "down_revision"):
    old = re.search(rf'^{name} = "(\w+)"', text, re.MULTILINE)
    new = re.search(rf"^{name} = '(\w+)'", empty, re.MULTILINE)
    assert old is not None
    assert new is not None
    text = text.replace(old[1], new[1])
generated.write_text(text, "utf-8")
