"""What a tape says about itself: why a derivative is None, where a NaN came from, what was recorded, by which formula.

| file           | answers                                                                              |
|----------------|--------------------------------------------------------------------------------------|
| `cause.py`     | the causes of a None, and an explanation as an object                                |
| `program.py`   | what the lines around the caller say: names of tensors, variables that were replaced |
| `question.py`  | what is asked, and how far back a target leads                                       |
| `source.py`    | what is wrong with a source                                                          |
| `none.py`      | why a derivative is None: the source, else where the path ends                       |
| `nonfinite.py` | where a NaN or an infinity is made first; `patterns.py` has the classic ones         |
| `debug.py`     | that as `gt.debug.nan` and `gt.debug.inf`                                            |
| `summary.py`   | what was recorded and what is kept for it                                            |
| `formula.py`   | partial derivatives as formulas; `symbols.py` says operations in SymPy's words       |
| `on_tape.py`   | all of it as methods of the tape                                                     |
"""
