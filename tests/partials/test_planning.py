"""Plans of partial derivatives: recipes are exact, costs are what they say, and the cheaper way is taken."""

from fractions import Fraction
from itertools import combinations_with_replacement
from math import factorial, prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtape as gt
from gradtape import planning
from gradtape.partial import parse_wanted
from gradtape.planning import multi_indices, plan_partials


def share(term, index):
    """What the partial `index` contributes to the coefficient that a term takes, in fractions."""
    if isinstance(term.order, int):
        if term.order != sum(index):
            return Fraction(0)
        return prod(
            (Fraction(c**n, factorial(n)) for c, n in zip(term.source, index, strict=True)), start=Fraction(1)
        )
    return Fraction(int(term.order == index), prod(map(factorial, index)))


def check_exact(plan):
    for wanted, recipe in zip(plan.wanted, plan.recipes, strict=True):
        if not sum(wanted):
            assert recipe == ()
            continue
        for index in multi_indices(len(plan.names), sum(wanted)):
            assert sum(term.weight * share(term, index) for term in recipe) == int(index == wanted)
        for term in recipe:
            assert term.source in (plan.directions if isinstance(term.order, int) else plan.boxes)
            assert not isinstance(term.order, int) or term.order <= plan.directions[term.source]


def plan_of(names, wanted):
    return plan_partials(tuple(names), parse_wanted(wanted, list(names)))


def everything(names, order):
    return [
        "".join(c) for k in range(order + 1) for c in combinations_with_replacement(names, k) if c or not k
    ]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_recipes_are_exact(data):
    count = data.draw(st.integers(1, 4))
    index = st.tuples(*[st.integers(0, 3 if count < 4 else 2)] * count)
    wanted = tuple(data.draw(st.lists(index, max_size=6)))
    check_exact(plan_partials(tuple("xyzw"[:count]), wanted))


@pytest.mark.parametrize(
    ("names", "wanted"),
    [("x", everything("x", 8)[1:]), ("xy", everything("xy", 8)[1:]), ("xyz", everything("xyz", 4)[1:])],
)
def test_all_partials_up_to_an_order(names, wanted):
    plan = plan_of(names, wanted)
    check_exact(plan)
    # As many directions as there are partials of the highest order are enough.
    highest = max(map(len, wanted))
    assert len(plan.directions) <= len(list(multi_indices(len(names), highest)))
    assert plan.boxes == ()


@pytest.mark.parametrize("index", [(2, 2, 1), (1, 1, 1, 1), (4, 4), (3, 2, 2, 1), (2, 0, 3), (5, 0, 0)])
def test_the_closed_formula_is_exact(index):
    terms = planning._closed_formula(index)
    for other in multi_indices(len(index), sum(index)):
        assert sum(term.weight * share(term, other) for term in terms) == int(other == index)


def test_large_spaces_use_the_closed_formula():
    index = (3, 3, 3, 3)
    assert len(list(multi_indices(4, 12))) > planning.SEARCHED
    terms = planning.combinations_of((index,), ())[index]
    for other in [(3, 3, 3, 3), (12, 0, 0, 0), (4, 3, 3, 2), (6, 6, 0, 0), (0, 4, 4, 4)]:
        assert sum(term.weight * share(term, other) for term in terms) == int(other == index)


def test_a_single_mixed_partial_goes_by_a_box_and_a_full_set_by_directions():
    assert plan_of("xt", "xxt").boxes == ((2, 1),)
    assert plan_of("xt", "xxt").directions == {}
    assert plan_of("xy", "xx xy yy").boxes == ()
    assert plan_of("xy", "xx xy yy").directions == {(1, 0): 2, (0, 1): 2, (1, 1): 2}


def test_costs_are_counted_in_products():
    assert plan_of("x", "xx").cost == 6  # (K + 1)(K + 2) / 2 with K = 2
    assert plan_of("xt", "xxt").cost == 6 * 3
    assert plan_of("x", ["xxxxxxxxx"]).cost == 55
    assert plan_of("x", ["xxxxxxxxx"]).nested_cost == 3**9
    assert plan_of("xy", [()]).cost == 1


def test_a_plan_explains_itself():
    text = plan_of("xt", "u x xx"[2:]).explain()
    assert text.splitlines() == [
        "2 partial derivatives in x, t, up to order 2",
        "  along (1, 0): series to order 2, for x, xx",
        "cost: 6 products for each product of the program; nested accumulators need 9",
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("x xx t", ((1, 0), (2, 0), (0, 1))),
        (["xt", "tx"], ((1, 1), (1, 1))),
        ([("x", "t", "x"), ()], ((2, 1), (0, 0))),
        ("", ()),
    ],
)
def test_wanted_is_read(wanted, expected):
    assert parse_wanted(wanted, ["x", "t"]) == expected


def test_longer_names_are_read_where_they_can_be_read_in_one_way():
    names = ["theta", "t", "th"]
    assert parse_wanted("theta,theta,t thetat", names) == ((2, 1, 0), (1, 1, 0))
    with pytest.raises(ValueError, match="two ways"):
        parse_wanted("tth", ["t", "th", "tt", "h"])


@pytest.mark.parametrize("wanted", ["y", "xy", ["x", "q"], [("x", "q")], [3], "x,q"])
def test_unknown_names_are_refused(wanted):
    with pytest.raises(ValueError, match="variable|names"):
        gt.partials(lambda x, t: x * t, wanted)
