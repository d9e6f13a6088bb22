"""Sphinx's settings. Build with `python3 -m sphinx -W -E -b html docs OUT`; nothing is fetched from anywhere."""

import sys
import tomllib
from pathlib import Path

_here = Path(__file__).parent
sys.path.insert(0, str(_here / "_extensions"))
_project = tomllib.loads((_here.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = _project["name"]
author = _project["authors"][0]["name"]
version = release = _project["version"]
copyright = f"2026, {author}"

extensions = ["myst_parser", "mathml", "names", "notebooks"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"
exclude_patterns = ["_build", "_extensions"]

html_theme = "alabaster"
html_theme_options = {
    "description": _project["description"],
    "page_width": "1180px",
    "sidebar_width": "250px",
    "font_family": "'Source Serif 4', 'Noto Serif', 'Noto Serif CJK KR', Georgia, serif",
    "head_font_family": "'Source Sans 3', 'Noto Sans', 'Noto Sans CJK KR', Helvetica, Arial, sans-serif",
    "code_font_family": "'Source Code Pro', 'Noto Sans Mono', 'DejaVu Sans Mono', Consolas, Menlo, monospace",
    "show_powered_by": False,
}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
