"""Calls of SciPy's functions that follow the array API standard, and what comes of each on tensors.

    SCIPY_ARRAY_API=1 python tests/array_api/scipy_calls.py      # prints the findings as JSON

SciPy reads the environment variable when it is imported, so tests and docs/make_array_api.py run this file as a program
of its own. A call is a function of arrays; `found` says of it: "recorded" (values are those on NumPy arrays, gradients
those of difference quotients), "constant" (the values agree, and have no derivative by nature), "leaves" (the values
agree, but the derivative is lost) or what went wrong.
"""

import json
import sys
import warnings

import numpy as np
import scipy.cluster.vq
import scipy.constants
import scipy.differentiate
import scipy.fft
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.ndimage
import scipy.optimize.elementwise
import scipy.signal
import scipy.spatial.transform
import scipy.special
import scipy.stats

import gradtape as gt

RANDOM = np.random.default_rng(5)
V = np.array([0.31, 0.74, 0.52, 0.97, 0.18, 0.63, 0.45, 0.86])
W = np.array([0.66, 0.21, 0.83, 0.39, 0.94, 0.12, 0.57, 0.75])
M = RANDOM.uniform(0.2, 1.0, (5, 4))
P = V / V.sum()
Q = W / W.sum()
TIMES = np.array([0.0, 0.3, 0.7, 1.2, 1.5, 1.9, 2.4, 3.0])
ODD = TIMES[:7]
SQUARE = M[:4] + 2 * np.eye(4)
QUATERNION = np.array([0.3, -0.5, 0.2, 0.8])
VECTOR = np.array([0.4, -0.3, 0.7])
POINTS = np.array([[0.1, 0.7, -0.4], [0.9, -0.2, 0.5]])
CALLS = {}


def call(name, function, *arrays):
    """A call of a function."""
    CALLS[name] = (function, arrays)


# scipy.special

_SPECIAL = {
    "bdtr": (lambda p: scipy.special.bdtr(2, 5, p), V),
    "bdtrc": (lambda p: scipy.special.bdtrc(2, 5, p), V),
    "bdtri": (lambda p: scipy.special.bdtri(2, 5, p), V),
    "betainc": (scipy.special.betainc, 1 + V, 1 + W, V),
    "betaincc": (scipy.special.betaincc, 1 + V, 1 + W, V),
    "betaincinv": (scipy.special.betaincinv, 1 + V, 1 + W, V),
    "hyp1f1": (lambda x: scipy.special.hyp1f1(1.5, 2.5, x), V),
    "gammasgn": (scipy.special.gammasgn, V - 0.5),
    "lpmv": (lambda x: scipy.special.lpmv(1, 2, x), V),
    "nbdtr": (lambda p: scipy.special.nbdtr(2, 5, p), V),
    "nbdtrc": (lambda p: scipy.special.nbdtrc(2, 5, p), V),
    "nbdtri": (lambda p: scipy.special.nbdtri(2, 5, p), V),
    "pdtri": (lambda y: scipy.special.pdtri(2, y), V),
    "multigammaln": (lambda a: scipy.special.multigammaln(a, 2), 1 + V),
    "polygamma": (lambda x: scipy.special.polygamma(1, x), V),
    "radian": (scipy.special.radian, V, W, V),
    "expn": (lambda x: scipy.special.expn(2, x), V),
    "yn": (lambda x: scipy.special.yn(2, x), V),
    "fdtri": (lambda x: scipy.special.fdtri(3.0, 4.0, x), V / 2),
    "fdtr": (scipy.special.fdtr, 1 + V, 2 + W, V),
    "fdtrc": (scipy.special.fdtrc, 1 + V, 2 + W, V),
    "gdtr": (scipy.special.gdtr, V, 1 + W, V),
    "gdtrc": (scipy.special.gdtrc, V, 1 + W, V),
    "pdtr": (lambda m: scipy.special.pdtr(2, m), V),
    "pdtrc": (lambda m: scipy.special.pdtrc(2, m), V),
    "stdtrit": (lambda p: scipy.special.stdtrit(3.0, p), V),
    "zeta": (lambda x, q: scipy.special.zeta(x, q), 2 + V, 1 + W),
    "logsumexp": (lambda x: scipy.special.logsumexp(x, axis=0), M),
    "softmax": (lambda x: scipy.special.softmax(x, axis=1), M),
    "log_softmax": (lambda x: scipy.special.log_softmax(x, axis=1), M),
}
_ONE = """
    cbrt cosdg cosm1 cotdg ellipk ellipkm1 entr erf erfc erfcx erfinv exp1 exp10 exp2 expi expit exprel gamma gammaln
    i0 i0e i1 i1e j0 j1 k0 k0e k1 k1e log_ndtr loggamma logit ndtr ndtri psi rgamma sinc sindg spence tandg y0 y1
    zetac
"""
_TWO = """
    betaln binom boxcox boxcox1p chdtr chdtrc chdtri gammainc gammaincc gammainccinv gammaincinv huber inv_boxcox
    inv_boxcox1p kl_div poch pseudo_huber rel_entr stdtr xlog1py xlogy
"""
for _name, (_function, *_arrays) in _SPECIAL.items():
    call(f"special.{_name}", _function, *_arrays)
for _names, _arrays in ((_ONE, (V,)), (_TWO, (V, W))):
    for _name in _names.split():
        call(f"special.{_name}", getattr(scipy.special, _name), *_arrays)

# scipy.stats

_SAMPLE = """
    circmean circstd circvar describe differential_entropy entropy gmean gstd gzscore hmean iqr jarque_bera kstat
    kstatvar kurtosis kurtosistest lmoment median_abs_deviation moment normaltest sem sigmaclip skew skewtest tmax
    tmean tmin tsem tstd tvar variation zscore rankdata mode
"""
_SETTINGS = {
    "moment": {"order": 3},
    "lmoment": {"order": [1, 2, 3, 4]},
    "mode": {"keepdims": True},
}
for _name in _SAMPLE.split():
    _one = np.concatenate([V, W * 1.01, V * W + 0.01]) if _name.endswith("test") else V
    call(f"stats.{_name}", lambda x, n=_name: getattr(scipy.stats, n)(x, **_SETTINGS.get(n, {})), _one)
_TWO_SAMPLES = """
    ansari bartlett brunnermunzel cramervonmises_2samp entropy epps_singleton_2samp f_oneway fligner kruskal levene
    mannwhitneyu mood pearsonr ttest_ind ttest_rel wilcoxon zmap chatterjeexi spearmanrho alexandergovern
"""
for _name in _TWO_SAMPLES.split():
    call(
        f"stats.{_name}",
        getattr(scipy.stats, _name, None),
        P if _name == "entropy" else V,
        Q if _name == "entropy" else W,
    )
call("stats.friedmanchisquare", scipy.stats.friedmanchisquare, V, W, V * W)
call("stats.ttest_1samp", lambda x: scipy.stats.ttest_1samp(x, 0.4), V)
call("stats.ttest_ind_from_stats", lambda m: scipy.stats.ttest_ind_from_stats(m, 1.5, 9, 0.3, 2.5, 7), V)
call("stats.boxcox_llf", lambda x: scipy.stats.boxcox_llf(0.5, x), V)
call("stats.yeojohnson_llf", lambda x: scipy.stats.yeojohnson_llf(0.5, x), V)
call("stats.pmean", lambda x: scipy.stats.pmean(x, 3), V)
call("stats.trim_mean", lambda x: scipy.stats.trim_mean(x, 0.2), V)
call("stats.chisquare", lambda x: scipy.stats.chisquare(x), V)
call("stats.power_divergence", lambda x: scipy.stats.power_divergence(x, lambda_="log-likelihood"), V)
call("stats.combine_pvalues", lambda p: scipy.stats.combine_pvalues(p), V)
call("stats.false_discovery_control", scipy.stats.false_discovery_control, V)
call("stats.directional_stats", lambda x: scipy.stats.directional_stats(x).mean_direction, M)
call("stats.quantile", lambda x, p: scipy.stats.quantile(x, p), V, np.array([0.2, 0.55]))
call("stats.ks_1samp", lambda x: scipy.stats.ks_1samp(x, scipy.special.ndtr, method="asymp").statistic, V)
call("stats.cramervonmises", lambda x: scipy.stats.cramervonmises(x, scipy.special.ndtr).statistic, V)

# scipy.integrate, optimize, differentiate

call("integrate.trapezoid", lambda y, x: scipy.integrate.trapezoid(y, x), V, TIMES)
call("integrate.cumulative_trapezoid", lambda y, x: scipy.integrate.cumulative_trapezoid(y, x), V, TIMES)
call("integrate.simpson", lambda y, x: scipy.integrate.simpson(y, x=x), V[:7], ODD)
call("integrate.cumulative_simpson", lambda y, x: scipy.integrate.cumulative_simpson(y, x=x), V, TIMES)
call(
    "integrate.romb",
    lambda y: scipy.integrate.romb(y, dx=0.5),
    M[:, 0],
)


def _exponential(x):
    xp = x.__array_namespace__()
    return xp.exp(-x * x)


call(
    "integrate.tanhsinh", lambda a, b: scipy.integrate.tanhsinh(_exponential, a, b).integral, V[:2], 1 + W[:2]
)
call(
    "integrate.cubature",
    lambda a, b: scipy.integrate.cubature(lambda x: _exponential(x)[:, 0], a, b).estimate,
    *(V[:1], 1 + W[:1]),
)
call(
    "integrate.nsum",
    lambda a: scipy.integrate.nsum(lambda n, a: n ** (-a), 1, np.inf, args=(a,)).sum,
    2 + V[:2],
)
call(
    "optimize.elementwise.find_root",
    lambda c: scipy.optimize.elementwise.find_root(lambda x, c: x * x * x - c, (0.0 * c, 1 + c), args=(c,)).x,
    V[:3],
)
call(
    "optimize.elementwise.bracket_root",
    lambda c: scipy.optimize.elementwise.bracket_root(lambda x, c: x * x * x - c, 0.1 * c, args=(c,)).bracket,
    V[:3],
)
call(
    "optimize.elementwise.find_minimum",
    lambda c: (
        scipy.optimize.elementwise.find_minimum(
            lambda x, c: (x - c) ** 2, (c - 1.0, c + 0.1, c + 1.0), args=(c,)
        ).f_x
    ),
    V[:3],
)
for _name in ("rosen", "rosen_der", "rosen_hess"):
    call(f"optimize.{_name}", getattr(scipy.optimize, _name), V)
call("optimize.rosen_hess_prod", scipy.optimize.rosen_hess_prod, V, W)
call("differentiate.derivative", lambda x: scipy.differentiate.derivative(_exponential, x).df, V[:3])
call("differentiate.jacobian", lambda x: scipy.differentiate.jacobian(lambda z: z * z * z, x).df, V[:3])
call(
    "differentiate.hessian",
    lambda x: scipy.differentiate.hessian(lambda z: scipy.special.xlogy(z[0], z[1]), x).ddf,
    V[:2],
)

# scipy.fft, signal, ndimage

_TRANSFORMS = """
    fft fft2 fftn ifft ifft2 ifftn rfft rfft2 rfftn irfft irfft2 irfftn hfft hfft2 hfftn ihfft ihfft2 ihfftn dct
    dctn dst dstn idct idctn idst idstn fftshift ifftshift
"""
for _name in _TRANSFORMS.split():
    call(f"fft.{_name}", getattr(scipy.fft, _name), M)
call("fft.fht", lambda a: scipy.fft.fht(a, 0.1, 0.5), V)
call("fft.ifht", lambda a: scipy.fft.ifht(a, 0.1, 0.5), V)
for _name in (
    "hilbert",
    "hilbert2",
    "detrend",
    "envelope",
    "medfilt",
    "wiener",
    "resample",
    "cspline1d",
    "qspline1d",
):
    _array = M if _name == "hilbert2" else V
    call(
        f"signal.{_name}",
        lambda x, n=_name: getattr(scipy.signal, n)(x, *((6,) if n == "resample" else ())),
        _array,
    )
for _name in ("convolve", "correlate", "fftconvolve", "oaconvolve", "convolve2d", "correlate2d", "upfirdn"):
    _pair = (M, SQUARE[:2, :2]) if _name.endswith("2d") else (V, W[:3])
    call(f"signal.{_name}", lambda x, y, n=_name: getattr(scipy.signal, n)(x, y), *_pair)
call("signal.lfilter", lambda b, a, x: scipy.signal.lfilter(b, a, x), V[:2], np.array([1.0, 0.4]), W)
call(
    "signal.filtfilt",
    lambda b, a, x: scipy.signal.filtfilt(b, a, x),
    V[:2],
    np.array([1.0, 0.4]),
    np.tile(W, 3),
)
call("signal.deconvolve", lambda x, y: scipy.signal.deconvolve(x, y)[0], V, 1 + W[:2])
call("signal.savgol_filter", lambda x: scipy.signal.savgol_filter(x, 5, 2), V)
call("signal.freqz", lambda b: scipy.signal.freqz(b, worN=4)[1], V[:3])
call("signal.vectorstrength", lambda x: scipy.signal.vectorstrength(x, 0.7), V)
call("signal.zpk2tf", lambda z, p: scipy.signal.zpk2tf(z, p, 1.5), V[:2], W[:2])
call("signal.normalize", lambda b, a: scipy.signal.normalize(b, a), V[:2], 1 + W[:2])
call("signal.bilinear", lambda b, a: scipy.signal.bilinear(b, a), V[:2], 1 + W[:3])
call("signal.lp2lp", lambda b, a: scipy.signal.lp2lp(b, a, 2.0), V[:2], 1 + W[:3])
_FILTERS = """
    gaussian_filter1d gaussian_filter uniform_filter correlate1d convolve convolve1d laplace sobel maximum_filter
    median_filter shift zoom
"""
for _name in _FILTERS.split():
    _rest = {"gaussian_filter1d": (1.0,), "gaussian_filter": (1.0,), "maximum_filter": (3,), "median_filter": (3,),
             "shift": (0.5,), "zoom": (1.5,)}.get(_name, ())  # fmt: skip
    if _name in ("convolve", "convolve1d", "correlate1d"):
        call(f"ndimage.{_name}", lambda x, y, n=_name: getattr(scipy.ndimage, n)(x, y), V, W[:3])
    else:
        call(f"ndimage.{_name}", lambda x, n=_name, r=_rest: getattr(scipy.ndimage, n)(x, *r), M)
for _name in ("mean", "sum", "variance", "standard_deviation", "center_of_mass", "maximum"):
    call(f"ndimage.{_name}", lambda x, n=_name: getattr(scipy.ndimage, n)(x), M)

# scipy.linalg, interpolate, spatial, cluster, constants

call("linalg.block_diag", scipy.linalg.block_diag, M, SQUARE)
call("linalg.fiedler", scipy.linalg.fiedler, V[:4])
call(
    "linalg.orthogonal_procrustes", lambda a, b: scipy.linalg.orthogonal_procrustes(a, b)[1], SQUARE, SQUARE.T
)
for _name in (
    "CubicSpline",
    "PchipInterpolator",
    "Akima1DInterpolator",
    "make_interp_spline",
    "BarycentricInterpolator",
):
    call(
        f"interpolate.{_name}",
        lambda x, y, t, n=_name: getattr(scipy.interpolate, n)(x, y)(t),
        *(TIMES, V, np.array([0.2, 1.3])),
    )
call(
    "interpolate.RegularGridInterpolator",
    lambda x, y, t: scipy.interpolate.RegularGridInterpolator((x,), y)(t),
    *(TIMES, V, np.array([[0.2], [1.3]])),
)
call(
    "interpolate.RBFInterpolator",
    lambda x, y, t: scipy.interpolate.RBFInterpolator(x, y)(t),
    *(M, V[:5], M[:2] * 1.1),
)
_Rotation = scipy.spatial.transform.Rotation
for _name in ("as_matrix", "as_rotvec", "as_mrp", "as_quat", "magnitude", "inv"):

    def _turned(q, n=_name):
        found = getattr(_Rotation.from_quat(q), n)()
        return found.as_matrix() if n == "inv" else found

    call(f"spatial.transform.Rotation.{_name}", _turned, QUATERNION)
call("spatial.transform.Rotation.as_euler", lambda q: _Rotation.from_quat(q).as_euler("xyz"), QUATERNION)
call("spatial.transform.Rotation.apply", lambda q, x: _Rotation.from_quat(q).apply(x), QUATERNION, POINTS)
call("spatial.transform.Rotation.from_rotvec", lambda v: _Rotation.from_rotvec(v).as_matrix(), VECTOR)
call("spatial.transform.Rotation.from_euler", lambda v: _Rotation.from_euler("xyz", v).as_matrix(), VECTOR)
call("spatial.transform.Rotation.from_matrix", lambda m: _Rotation.from_matrix(m).as_matrix(), SQUARE[:3, :3])
call("spatial.transform.Rotation.from_mrp", lambda v: _Rotation.from_mrp(v).as_matrix(), VECTOR)
call(
    "spatial.transform.Rotation.__mul__",
    lambda p, q: (_Rotation.from_quat(p) * _Rotation.from_quat(q)).as_matrix(),
    *(QUATERNION, QUATERNION[::-1]),
)
call("spatial.transform.Rotation.__pow__", lambda q: (_Rotation.from_quat(q) ** 0.3).as_matrix(), QUATERNION)
call("spatial.transform.Rotation.mean", lambda q: _Rotation.from_quat(q).mean().as_matrix(), M[:, :4])
_Rigid = getattr(scipy.spatial.transform, "RigidTransform", None)
if _Rigid is not None:
    call(
        "spatial.transform.RigidTransform.apply",
        lambda t, x: _Rigid.from_translation(t).apply(x),
        VECTOR,
        POINTS,
    )
    call(
        "spatial.transform.RigidTransform.from_exp_coords",
        lambda c: _Rigid.from_exp_coords(c).as_matrix(),
        V[:6],
    )
call("cluster.vq.whiten", scipy.cluster.vq.whiten, M)
call("cluster.vq.vq", lambda x, c: scipy.cluster.vq.vq(x, c)[1], M, SQUARE[:2])
call("constants.convert_temperature", lambda x: scipy.constants.convert_temperature(x, "C", "K"), V)
call("constants.lambda2nu", scipy.constants.lambda2nu, V)


# what comes of a call


def leaves(result):
    """The numbers of a result: arrays, tuples of them, objects of results."""
    if isinstance(result, (list, tuple)):
        return [leaf for part in result for leaf in leaves(part)]
    if isinstance(result, dict):
        return [leaf for key in sorted(result) for leaf in leaves(result[key])]
    if isinstance(result, (gt.Tensor, np.ndarray, np.generic, int, float, complex)):
        return [result]
    names = ("statistic", "pvalue", "correlation")
    found = [getattr(result, name) for name in names if hasattr(result, name)]
    if not found:
        raise TypeError(f"a {type(result).__name__} holds no numbers that this looks for")
    return leaves(found)


def weighed(result, np_like):
    """One number that depends on every floating number of a result."""
    total = 0.0
    for leaf in leaves(result):
        if not hasattr(leaf, "dtype") or leaf.dtype.kind not in "fc":
            continue
        flat = np_like.reshape(leaf, (-1,))
        weights = np.cos(1.0 + np.arange(flat.shape[0]))
        for part in (flat.real, flat.imag) if leaf.dtype.kind == "c" else (flat,):
            total = total + np_like.sum(part * weights)
    return total


def directions(arrays):
    """A direction for each array, always the same."""
    generator = np.random.default_rng(1)
    return [generator.uniform(0.5, 1.5, x.shape) * generator.choice([-1.0, 1.0], x.shape) for x in arrays]


def differences(function, arrays):
    """The derivative along the direction of each array by differences of fourth order."""
    found = []
    for place, direction in enumerate(directions(arrays)):

        def at(step, place=place, direction=direction):
            given = [x + step * direction if k == place else x for k, x in enumerate(arrays)]
            return float(weighed(function(*given), np))

        h = 1e-3
        found.append((8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h))
    return found


# Their second derivative is zero, save where the pieces meet, which differences step over.
PIECES_OF_LINES = {"stats.false_discovery_control"}


def bend(function, arrays):
    """The second derivative along all directions together, by differences of fourth order."""

    def at(step):
        given = [x + step * direction for x, direction in zip(arrays, directions(arrays), strict=True)]
        return float(weighed(function(*given), np))

    h = 3e-3
    return (16 * (at(h) + at(-h)) - at(2 * h) - at(-2 * h) - 30 * at(0.0)) / (12 * h * h)


def curvature(function, arrays):
    """The same by a tape around a tape."""
    step = gt.constant(np.float64(0.0))
    with gt.GradientTape() as outer:
        outer.watch(step)
        with gt.GradientTape() as inner:
            inner.watch(step)
            given = [x + step * direction for x, direction in zip(arrays, directions(arrays), strict=True)]
            target = weighed(function(*given), gt.array_api)
        slope = inner.gradient(target, step)
    second = outer.gradient(slope, step)
    return 0.0 if second is None else float(second)


def first_line(error):
    text = " ".join(str(error).split()) or "no message"
    return f"{type(error).__name__}: {text if len(text) < 100 else text[:97] + '...'}"


def listened(function, tensors):
    """What a function returns, and whether it was warned that a tensor leaves the tape."""
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        result = function(*tensors)
    return result, any(issubclass(one.category, gt.DetachedTensorWarning) for one in given)


def found(name):
    """What comes of a call, and a detail."""
    function, arrays = CALLS[name]
    wanted = function(*arrays)
    tensors = [gt.constant(x) for x in arrays]
    with gt.GradientTape() as tape:
        tape.watch(tensors)
        try:
            result, warned = listened(function, tensors)
        except Exception as error:
            return "raises", first_line(error)
        both = list(zip(leaves(result), leaves(wanted), strict=True))
        target = weighed(result, gt.array_api)
    for one, other in both:
        if not np.allclose(np.asarray(one), np.asarray(other), rtol=1e-9, atol=1e-10, equal_nan=True):
            return "differs", f"{np.asarray(one)!r} instead of {np.asarray(other)!r}"
    silent = "" if warned else ", and nothing warns of it"
    slopes = differences(function, arrays)
    if not isinstance(target, gt.Tensor):
        moves = any(abs(slope) > 1e-7 for slope in slopes)
        return ("leaves", f"plain numbers{silent}") if moves else ("constant", "")
    gradients = tape.gradient(target, tensors)
    worst = 0.0
    for gradient, slope, direction in zip(gradients, slopes, directions(arrays), strict=True):
        if gradient is None:
            if abs(slope) > 1e-7:
                return "leaves", f"a gradient is None{silent}"
            continue
        worst = max(worst, abs(np.sum(np.asarray(gradient) * direction) - slope) / (1 + abs(slope)))
    if not worst < 1e-5:
        return "wrong", f"a gradient differs by {worst:.1e}{silent}"
    if all(gradient is None for gradient in gradients):
        return "constant", ""
    second, slope = curvature(function, arrays), bend(function, arrays)
    if (
        name not in PIECES_OF_LINES
        and np.isfinite(slope)
        and not abs(second - slope) < 2e-3 * (1 + abs(slope))
    ):
        return "wrong", f"a second derivative is {second} and not {slope}"
    return "recorded", ""


def findings(names):
    """What comes of each call, by name."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return {name: found(name) for name in names}


if __name__ == "__main__":
    asked = sys.argv[1:] or list(CALLS)
    sys.stdout.write(json.dumps(findings(asked), indent=1))
