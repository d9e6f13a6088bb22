"""Write `values.json`: what TensorFlow says of every call. Needs TensorFlow, no gradtape.

    PYTHONPATH=tests python3 -m tensorflow_values.generate

Numbers are written so that they read back bit for bit; a non-number is written as text.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np

from .calls import CALLS
from .sampling import Answer, ask

FILE = Path(__file__).with_name("values.json")


def packed(array):
    """An array as dtype, shape and numbers; complex entries as pairs one after another."""
    if array is None:
        return None
    flat = np.ascontiguousarray(array).ravel()
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    numbers = [v if isinstance(v, int) or np.isfinite(v) else str(v) for v in flat.tolist()]
    if array.dtype in (np.float32, np.complex64):
        numbers = [v if isinstance(v, str) else float(str(np.float32(v))) for v in numbers]
    return [array.dtype.name, list(array.shape), numbers]


def unpacked(entry):
    """The array that was packed."""
    if entry is None:
        return None
    dtype, shape, numbers = np.dtype(entry[0]), entry[1], entry[2]
    part = np.zeros((), dtype).real.dtype if dtype.kind == "c" else dtype
    return np.array(numbers).astype(part).view(dtype).reshape(shape)


def stored():
    """The version of TensorFlow, and its answers by call and dtype."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    answers = {
        (number, dtype): Answer(*(None if part is None else [unpacked(e) for e in part] for part in parts))
        for number, dtype, *parts in content["answers"]
    }
    return content["versions"], content["names"], answers


def main():
    import tensorflow

    warnings.simplefilter("ignore")
    lines, failures = [], 0
    for number, one in enumerate(CALLS):
        for dtype in one.dtypes:
            try:
                answer = ask(tensorflow, one, dtype, lacks=(Exception,))
            except Exception as error:
                sys.stderr.write(f"{one.name} in {dtype}: {type(error).__name__}: {str(error)[:300]}\n")
                failures += 1
                continue
            parts = (answer.value, answer.first, answer.second)
            packed_parts = [None if part is None else [packed(a) for a in part] for part in parts]
            lines.append(json.dumps([number, dtype, *packed_parts], separators=(",", ":")))
    if failures:
        raise SystemExit(f"TensorFlow refused {failures} calls; nothing was written")
    versions = json.dumps({"tensorflow": tensorflow.__version__, "numpy": np.__version__})
    names = json.dumps([one.name for one in CALLS], separators=(",", ":"))
    body = ",\n".join(lines)
    FILE.write_text(
        f'{{"versions":{versions},\n"names":{names},\n"answers":[\n{body}\n]}}\n', encoding="utf-8"
    )


if __name__ == "__main__":
    main()
