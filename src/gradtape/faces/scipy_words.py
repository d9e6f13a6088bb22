"""What SciPy's special ufuncs do here that do not differentiate: data alone, as `numpy_words.py` is for NumPy's.

They raise an error on a tensor that is recorded, with what to write instead, and compute on any other. A ufunc of
SciPy's that is not here and has no function fails a test.
"""

from __future__ import annotations

from .numpy_words import spread

_SOLVED = (
    "it solves an equation for an argument of a distribution function; gt.implicit.root(lambda z: F(z) - p, start) "
    "does so differentiably, with that function F"
)
_OWN = "there is no rule for it; its derivative is {}, with which gt.register_primitive makes one"

LACKING = spread(
    {
        _SOLVED: """
            _cosine_invcdf bdtri bdtrik bdtrin btdtria btdtrib chdtriv chndtridf chndtrinc chndtrix fdtridfd gdtria
            gdtrib kolmogi nbdtri nbdtrik nbdtrin ncfdtri ncfdtridfd ncfdtridfn ncfdtrinc nctdtridf nctdtrinc nctdtrit
            nrdtrimn nrdtrisd pdtrik smirnovi stdtridf
        """,
        "its values are complex; its real and imaginary part are scipy.special.jv(v, x) and yv(v, x), with a minus "
        "sign before the latter for the second kind": "hankel1 hankel1e hankel2 hankel2e",
        "its values are complex, and later SciPy lacks it": "sph_harm",
        "its values are complex; scipy.special.dawsn, erfcx and erfi are its parts on the axes": "wofz",
        "its values are complex; scipy.special.fresnel gives such integrals on the real line": """
            modfresnelm modfresnelp
        """,
        "there is no rule for it; it is the mean of a normal density over a Cauchy distribution, which "
        "gt.implicit.quad integrates differentiably": "voigt_profile",
        "use scipy.special.airy and multiply by exp(2/3 x**1.5), or exp(-2/3 x**1.5) for Bi, yourself": "airye",
        "use scipy.special.ellipkinc, whose inverse gt.implicit.root finds; in u, sn' = cn dn, cn' = -sn dn, "
        "dn' = -m sn cn": "ellipj",
        "scipy.special.elliprf, elliprd, elliprc and elliprg are differentiated": "elliprj",
        "integrate scipy.special.j0, y0, i0, k0 or struve with gt.implicit.quad": """
            it2i0k0 it2j0y0 it2struve0 iti0k0 itj0y0 itmodstruve0 itstruve0
        """,
        "for x above 1 it is scipy.special.zeta(x, 2), which is differentiated": "zetac",
        "integrate scipy.special.airy with gt.implicit.quad": "itairy",
        _OWN.format("the function of the same name with a p behind it"): "bei ber kei ker",
        _OWN.format("given by Kelvin's equation x**2 w'' + x w' = i x**2 w"): "beip berp keip kelvin kerp",
        _OWN.format("the derivative that it gives as its second result"): """
            mathieu_cem mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2 mathieu_sem obl_ang1
            obl_ang1_cv obl_rad1 obl_rad1_cv obl_rad2 obl_rad2_cv pbdv pbvv pbwa pro_ang1 pro_ang1_cv pro_rad1
            pro_rad1_cv pro_rad2 pro_rad2_cv
        """,
        "a characteristic value has no derivative in closed form; gt.register_primitive takes one of your own": """
            mathieu_a mathieu_b obl_cv pro_cv
        """,
        _OWN.format("x**lambda J(nu)(2 a x) in the upper limit"): "besselpoly",
        _OWN.format("((n x) P(n) - (n + m) P(n-1)) / (x**2 - 1)"): "lpmv",
        _OWN.format("wright_bessel(a, a + b, x), divided by the function itself for the logarithm"): """
            log_wright_bessel wright_bessel
        """,
        _OWN.format("the density of the distribution"): """
            _landau_cdf _landau_pdf _landau_ppf _landau_sf _nct_cdf _nct_pdf _nct_sf _ncf_cdf _ncf_pdf _ncf_sf
            _smirnovc _smirnovci _smirnovp _kolmogci ncfdtr nctdtr smirnov
        """,
    }
)
"""For each name what is in the way and what to write."""
