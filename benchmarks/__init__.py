"""Benchmarks beside other systems: `python benchmarks/run.py` measures and writes `docs/performance.md`.

`workloads/` holds one file for each workload; `worker` is the process in which one system does one of them; `measure`
starts such processes in turn; `table` writes what they said; `machine` says on what.
"""
