"""Print pip constraints: the lowest version of each requirement in ``setup.cfg``."""

from __future__ import annotations

import configparser
import re

parser = configparser.ConfigParser()
parser.read("setup.cfg", encoding="utf-8")
for line in parser["options"]["install_requires"].split():
    requirement = re.match(r"([\w.-]+)>=([\w.]+)", line)
    assert requirement is not None, f"no lowest version: {line}"
    print("{}=={}".format(*requirement.groups()))
