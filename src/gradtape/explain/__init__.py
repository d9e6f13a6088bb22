"""What a tape says about itself: why a derivative is None, where a NaN came from, what was recorded, by which formula.

A *story* is what a program did, told while it runs (`watching.py`) or from a record (`retelling.py`), shown as a page.

| file           | answers                                                                              |
|----------------|--------------------------------------------------------------------------------------|
| `cause.py`     | the causes of a None, and an explanation as an object                                |
| `program.py`   | what the lines around the caller say: names of tensors, variables that were replaced |
| `question.py`  | what is asked, and how far back a target leads                                       |
| `source.py`    | what is wrong with a source                                                          |
| `none.py`      | why a derivative is None: the source, else where the path ends                       |
| `nonfinite.py` | where a NaN or an infinity is made first; `patterns.py` has the classic ones         |
| `debug.py`     | that as `gt.debug.nan` and `gt.debug.inf`                                            |
| `summary.py`   | what was recorded and what is kept for it; `flops.py` counts operations of numbers   |
| `places.py`    | at which expression of the program an operation stands; `lined.py` notes it          |
| `story.py`     | what a program did, as data of bounded size; `digest.py` is what it keeps of values  |
| `watching.py`  | tells the story while a program runs, in all `threads.py`; `holdings.py` counts memory |
| `retelling.py` | tells it from a tape's record                                                        |
| `writing.py`   | a story as JSON; `drawing.py` and the files in `page/` show it; `view.py` in a cell  |
| `formula.py`   | partial derivatives as formulas; `symbols.py` says operations in SymPy's words       |
| `on_tape.py`   | all of it as methods of the tape                                                     |
"""
