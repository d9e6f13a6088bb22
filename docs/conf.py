"""Sphinx's settings. Build with `python3 -m sphinx -W -E -b html docs OUT`."""

import tomllib
from pathlib import Path

_file = Path(__file__).parents[1] / "pyproject.toml"
_project = tomllib.loads(_file.read_text(encoding="utf-8"))["project"]

project = _project["name"]
author = _project["authors"][0]["name"]
version = release = _project["version"]
copyright = f"2026, {author}"

extensions = ["myst_parser", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "alabaster"
html_theme_options = {"description": _project["description"], "page_width": "1060px"}
