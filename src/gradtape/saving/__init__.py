"""State and programs in files, as data: nothing in a file is ever run as code.

`files.py` is the file: tensors and a description under a checksum, written whole or not at all. `walk.py` finds the
values of an object and names them; `state.py` saves and loads them, `train.py` does it under TensorFlow's names.
`encoding.py` puts the parameters of a program into JSON; `writing.py` saves a program, `reading.py` loads it, and
`replayed.py` makes it run again.
"""
