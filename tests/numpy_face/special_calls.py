"""How SciPy's special ufuncs and distributions are called in tests and for the page: arguments, and which of them move.

The oracle is SciPy's own value; derivatives are compared with differences of it.
"""

import warnings

import numpy as np
import scipy.special
import scipy.stats
from scipy.stats._distr_params import distcont

import gradtape as gt

UFUNCS = {
    name: value
    for name, value in vars(scipy.special).items()
    if isinstance(value, np.ufunc) and not name.startswith("_")
}
# By the number of arguments; where they do not suit a function, its own.
USUAL = {1: (0.6,), 2: (1.5, 0.6), 3: (1.5, 0.8, 0.4), 4: (2.0, 1.5, 0.8, 0.4)}
OWN = {
    "agm": (1.5, 0.6),
    "bdtr": (2.0, 5.0, 0.4),
    "bdtrc": (2.0, 5.0, 0.4),
    "binom": (5.5, 2.5),
    "chndtr": (2.0, 3.0, 1.5),
    "ellipkinc": (4.1, 0.4),
    "ellipeinc": (-2.1, -0.4),
    "erfinv": (0.3,),
    "eval_sh_jacobi": (3.0, 2.0, 1.5, 0.3),
    "expn": (2, 0.6),
    "hyp2f1": (1.5, 0.8, 2.5, 0.4),
    "inv_boxcox": (0.6, 0.5),
    "kl_div": (1.5, 0.6),
    "log_ndtr": (-1.6,),
    "nbdtr": (2.0, 5.0, 0.4),
    "nbdtrc": (2.0, 5.0, 0.4),
    "ndtri_exp": (-1.2,),
    "pdtr": (2.0, 1.6),
    "pdtrc": (2.0, 1.6),
    "polygamma": (1.0, 0.6),
    "radian": (30.0, 20.0, 10.0),
    "tklmbda": (0.2, 0.7),
    "zeta": (2.5, 1.4),
}
OWN |= {
    name: (3, *[1.0] * (ufunc.nin - 2), 0.3)
    for name, ufunc in UFUNCS.items()
    if name.startswith("eval_") and name not in OWN
}
# Whole numbers and orders, in which there is no derivative: only the last argument moves.
LAST = {
    "bdtr",
    "bdtrc",
    "expn",
    "kn",
    "nbdtr",
    "nbdtrc",
    "pdtr",
    "pdtrc",
    "polygamma",
    "yn",
    "hyp0f1",
    "hyp1f1",
}
LAST |= {"hyp2f1", "hyperu", "iv", "ive", "jn", "jv", "jve", "kv", "kve", "modstruve", "struve", "yv", "yve"}
LAST |= {name for name in UFUNCS if name.startswith("eval_")}
APART = {"chndtr": (0, 2)}


def arguments(name):
    """The arguments of a ufunc, and the places of those that move."""
    given = OWN.get(name, USUAL[UFUNCS[name].nin])
    if name in ("kn", "yn"):
        given = (2, 0.6)
    places = APART.get(name, (len(given) - 1,) if name in LAST else tuple(range(len(given))))
    return given, places


METHODS = ("_pdf", "_logpdf", "_cdf", "_sf")
DISTRIBUTIONS = {name: shapes for name, shapes in reversed(distcont) if isinstance(name, str)}


def points(name):
    """Where a distribution is looked at: between its quartiles, and at none of the kinks in their middle."""
    return getattr(scipy.stats, name).ppf(np.array([0.3, 0.6]), *DISTRIBUTIONS[name])


def outcome(name, method):
    """What becomes of one method of a distribution on a recorded tensor: "recorded", "leaves", or the error's words."""
    x = gt.constant(points(name))
    try:
        with (
            warnings.catch_warnings(record=True) as given,
            np.errstate(all="ignore"),
            gt.GradientTape() as tape,
        ):
            warnings.simplefilter("always")
            tape.watch(x)
            y = getattr(getattr(scipy.stats, name), method)(x, *DISTRIBUTIONS[name])
    except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
        return str(error)
    whole = not any(issubclass(warning.category, gt.DetachedTensorWarning) for warning in given)
    if whole and isinstance(y, gt.Tensor) and tape.gradient(y, x) is not None:
        return "recorded"
    return "leaves"
