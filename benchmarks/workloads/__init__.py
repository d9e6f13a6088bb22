"""The workloads, one file each: a file that defines `WORKLOAD` here is found by its name."""
