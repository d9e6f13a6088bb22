"""Write `names.json`: TensorFlow's public names and their arguments, by module. Needs TensorFlow.

    python3 tests/tensorflow_values/names.py

The page docs/coverage.md and the tests of signatures are made from that file and need no TensorFlow. A name maps to
what it is ("class", "function", "module", "value") and, for a function, to its arguments in order; `=` after one
means that it may be left out.
"""

import inspect
import json
from pathlib import Path

FILE = Path(__file__).with_name("names.json")
MODULES = ("", "math", "math.special", "nn", "linalg", "signal", "random", "nest", "autodiff", "debugging")


def read():
    """The version and the names by module, as stored."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def arguments(function):
    """The arguments of a function in order."""
    parameters = inspect.signature(inspect.unwrap(function)).parameters.values()
    return [p.name + ("" if p.default is p.empty else "=") for p in parameters]


def described(value):
    """What a public value is, and its arguments."""
    if inspect.ismodule(value):
        return ["module"]
    if inspect.isclass(value):
        return ["class"]
    if callable(value):
        return ["function", *arguments(value)]
    return ["value"]


def module_of(library, dotted):
    """A module of a library by its dotted name, empty for the library itself."""
    for part in filter(None, dotted.split(".")):
        library = getattr(library, part)
    return library


def main():
    import tensorflow

    modules = {}
    for dotted in MODULES:
        module = module_of(tensorflow, dotted)
        names = sorted(name for name in dir(module) if not name.startswith("_"))
        modules[dotted] = {name: described(getattr(module, name)) for name in names}
    lines = [
        f"  {json.dumps(module)}: {{\n"
        + ",\n".join(f"    {json.dumps(name)}: {json.dumps(entry)}" for name, entry in names.items())
        + "\n  }"
        for module, names in modules.items()
    ]
    version = json.dumps(tensorflow.__version__)
    body = ",\n".join(lines)
    FILE.write_text(f'{{\n"version": {version},\n"modules": {{\n{body}\n}}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
