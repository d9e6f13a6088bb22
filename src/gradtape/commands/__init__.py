"""What the subcommands do, without the command line: each file has one, as functions that return data and text.

| file            | subcommand                                                                     |
|-----------------|--------------------------------------------------------------------------------|
| `values.py`     | the values of `--at`                                                           |
| `expression.py` | a formula as text, evaluated with gradtape or written in SymPy                 |
| `report.py`     | `gradtape report`                                                              |
| `partials.py`   | `gradtape partials`                                                            |
| `check.py`      | `gradtape check`                                                               |
| `doctor.py`     | `gradtape doctor`                                                              |
| `cache.py`      | `gradtape cache`                                                               |
| `examples.py`   | `gradtape examples`                                                            |
"""
