"""Draw the pictures of docs/pictures anew: run the pages that save one. `python3 docs/make_pictures.py [PAGE ...]`."""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from markdown_blocks import run_page  # noqa: E402 - found by the line above

SAVED = re.compile(r'savefig\("(\w+\.png)"')


def pages() -> list[Path]:
    """The pages that save pictures."""
    return [page for page in sorted(HERE.rglob("*.md")) if SAVED.search(page.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    for page in [Path(name).resolve() for name in sys.argv[1:]] or pages():
        ran = run_page(page, HERE / "pictures")
        sys.stdout.write(f"{page.name}: {'drawn' if ran.returncode == 0 else ran.stderr}\n")
