"""What a tape says about itself: why a derivative is None, where a NaN came from, what was recorded, by which formula.

| file           | answers                                                                              |
|----------------|--------------------------------------------------------------------------------------|
| `cause.py`     | the causes of a None, and an explanation as an object                                |
| `program.py`   | what the lines around the caller say: names of tensors, variables that were replaced |
| `none.py`      | why a derivative is None                                                             |
| `on_tape.py`   | all of it as methods of the tape                                                     |
"""
