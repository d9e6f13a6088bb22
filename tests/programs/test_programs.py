"""Random programs: 200 in the ordinary run, 2,000 and more where GRADTAPE_PROGRAMS says so (CONTRIBUTING.md)."""

import os

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings

from .judging import judge
from .writing import Program, Step, inputs_of, programs

COUNT = int(os.environ.get("GRADTAPE_PROGRAMS", "200"))
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
CALM = settings(
    deadline=None,
    suppress_health_check=QUIET,
    database=None,
    derandomize="GRADTAPE_PROGRAMS" not in os.environ,
    phases=[Phase.generate, Phase.shrink],
)
SHARES = {"float64": 0.7, "complex128": 0.2, "float32": 0.1}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("dtype", SHARES)
def test_programs(dtype):
    judged = []

    @settings(CALM, max_examples=max(1, round(COUNT * SHARES[dtype])))
    @given(programs(dtype))
    def run(program):
        settled = judge(program)
        judged.append(settled)
        event("differences settle" if settled else "differences do not settle")

    run()
    assert sum(judged) >= 0.8 * len(judged), "differences judge too few programs"
