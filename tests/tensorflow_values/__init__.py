"""TensorFlow as an oracle: values and derivatives that its release gave, stored once; the tests need no TensorFlow.

`sampling.py` draws inputs and asks a library for value, gradient and second derivative; `calls_*.py` are the calls,
with TensorFlow's names and argument names; `generate.py` (needs TensorFlow) writes `values.json`, `names.py` writes
`names.json`; `deviations.py` says where gradtape differs by decision.
"""
