"""Random programs: well-typed compositions of 3 to 40 operations, whose derivatives are compared mode by mode.

`operations.py` is the vocabulary that programs are written in, `writing.py` the strategy that writes them and the
`Program` itself, `judging.py` what must hold of each, `test_programs.py` the two jobs and the programs that once
failed.
"""
