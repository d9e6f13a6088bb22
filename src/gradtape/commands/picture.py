"""Pictures of a function and its partial derivatives: lines over an interval, filled contours over a plane.

matplotlib is loaded when the first picture is drawn.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..core.further_errors import MissingPackageError
from .output import CommandError
from .sampling import Samples, Surface

FORMATS = ("png", "svg", "pdf")
WINDOWLESS = {
    "agg",
    "cairo",
    "pdf",
    "pgf",
    "ps",
    "svg",
    "template",
}  # matplotlib's backends that only write files
LINE = "#1f4e79"
PARTIAL = "#b5462a"
MISSING = "#d9d9d9"
LEVELS = 21
LONGEST = 90  # letters of a formula in a title
LOOKS = {
    "font.size": 9.5,
    "mathtext.fontset": "dejavusans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "axes.labelcolor": "#222222",
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.formatter.limits": (-4, 5),
    "axes.formatter.use_mathtext": True,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "svg.hashsalt": "gradtape",  # the same picture is the same file
}


def draw(
    samples: Samples,
    output: str | None = None,
    log: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    title: str | None = None,
    dpi: int = 150,
) -> None:
    """Draw samples into a file, or into a window where there is no file's name.

    Args:
        samples: what to draw.
        output: the file; its ending says which of png, svg and pdf.
        log: names of variables whose axes are logarithmic, and "value" for the values, which are symmetric about zero
            where they have both signs.
        labels: texts for variables and for "value", such as units.
        title: in place of the formula.
        dpi: dots per inch of a png.

    Raises:
        ValueError: for another ending, or where there is no screen for a window.
        ImportError: if matplotlib is not installed.
    """
    ending = None if output is None else os.path.splitext(output)[1].removeprefix(".").lower()
    if ending is not None and ending not in FORMATS:
        raise CommandError(f"-o {output}: the ending says what is written, one of {', '.join(FORMATS)}")
    if output is not None and not os.path.isdir(os.path.dirname(os.path.abspath(output))):
        raise CommandError(f"-o {output}: there is no such folder")
    library = _library()
    with library.rc_context(LOOKS):
        figure = _new_figure(library, output)
        _fill(figure, samples, set(log), dict(labels or {}), title)
        if output is None:
            import matplotlib.pyplot

            matplotlib.pyplot.show()
            matplotlib.pyplot.close(figure)
        else:
            nothing = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(str(ending))
            figure.savefig(output, dpi=dpi, metadata=nothing)


def _library() -> Any:
    """matplotlib; ImportError that says what to install."""
    try:
        import matplotlib
        import matplotlib.figure
    except ImportError:
        raise MissingPackageError('pictures need matplotlib: pip install "gradtape[plots]"') from None
    return matplotlib


def _new_figure(library: Any, output: str | None) -> Any:
    if output is not None:
        return library.figure.Figure(layout="constrained")
    import matplotlib.pyplot

    if library.get_backend().lower() in WINDOWLESS:
        raise CommandError("there is no screen to open a window on; write a file with -o picture.png")
    return matplotlib.pyplot.figure(layout="constrained")


def _fill(figure: Any, samples: Samples, log: set[str], labels: dict[str, str], title: str | None) -> None:
    plane = len(samples.axes) == 2
    count = len(samples.surfaces)
    columns = min(count, 3) if plane else 1 if count <= 4 else 2
    rows = -(-count // columns)
    figure.set_size_inches(*((4.1 * columns, 3.3 * rows) if plane else (6.4 * columns, 1.0 + 1.9 * rows)))
    panels = figure.subplots(rows, columns, sharex=True, sharey=plane, squeeze=False).ravel()
    for place, (panel, surface) in enumerate(zip(panels, samples.surfaces, strict=False)):
        panel.set_title(heading(surface, tuple(samples.axes)), pad=7)
        if plane:
            _contours(figure, panel, samples, surface, log)
        else:
            _line(panel, samples, surface, LINE if not place else PARTIAL, log)
        _label(panel, samples, labels, bottom=place + columns >= count, left=place % columns == 0)
    for panel in panels[count:]:
        panel.remove()
    point = ", ".join(f"{name} = {value:.6g}" for name, value in samples.at.items())
    whole = title if title is not None else f"{samples.what}   at {point}" if point else samples.what
    figure.suptitle(whole if len(whole) <= 2 * LONGEST else whole[: 2 * LONGEST] + " ...", x=0.02, ha="left")


def _label(panel: Any, samples: Samples, labels: dict[str, str], bottom: bool, left: bool) -> None:
    names = list(samples.axes)
    if bottom:
        panel.set_xlabel(labels.get(names[0], names[0]))
        panel.tick_params(labelbottom=True)
    if left and len(names) == 2:
        panel.set_ylabel(labels.get(names[1], names[1]))
    elif len(names) == 1 and "value" in labels and panel.get_subplotspec().is_first_row():
        panel.set_ylabel(labels["value"])


def heading(surface: Surface, names: tuple[str, ...]) -> str:
    """A derivative in the usual writing, and its formula where that is known, short, and can be drawn."""
    left = _symbol(surface.name, names)
    if surface.latex is None or len(surface.latex) > LONGEST:
        return f"${left}$"
    whole = f"${left} = {surface.latex}$"
    from matplotlib.mathtext import MathTextParser

    try:
        MathTextParser("path").parse(whole)
    except ValueError:  # it draws a part of LaTeX alone
        return f"${left}$"
    return whole


def _symbol(name: str, names: tuple[str, ...]) -> str:
    """The partial y_xxt as mathematics."""
    letter = "f" if "y" in names else "y"
    if name == "y":
        return letter
    body = name.removeprefix("y_")
    parts = body.split(",") if "," in body or body in names else list(body)
    below = [(n, parts.count(n)) for n in names if n in parts]
    bottom = r"\,".join(rf"\partial {_upright(n)}" + (f"^{k}" if k > 1 else "") for n, k in below)
    order = "" if len(parts) == 1 else f"^{len(parts)}"
    return rf"\partial{order} {letter}/\partial{bottom.removeprefix(chr(92) + 'partial')}"


def _upright(name: str) -> str:
    return name if len(name) == 1 else rf"\mathrm{{{name}}}".replace("_", r"\_")


# a line


def _line(panel: Any, samples: Samples, surface: Surface, color: str, log: set[str]) -> None:
    ((name, x),) = samples.axes.items()
    y = surface.values
    known = y[np.isfinite(y)]
    low, high = _limits(known)
    panel.plot(x, _cut(y, low, high), color=color, linewidth=1.8)
    panel.grid(True, color="#e6e6e6", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.set_xlim(x[0], x[-1])
    if name in log:
        panel.set_xscale("log")
    if "value" in log and known.size:
        _log_values(panel, known)
    elif low < high:
        margin = 0.06 * (high - low)
        panel.set_ylim(low - margin, high + margin)
        if low < 0 < high:
            panel.axhline(0.0, color="#999999", linewidth=0.8, zorder=1)
    _shade(panel, x, ~np.isfinite(y))


def _limits(known: Any) -> tuple[float, float]:
    """The range to show: all of it, unless a pole would flatten everything else."""
    if not known.size:
        return 0.0, 0.0
    low, high = float(known.min()), float(known.max())
    inner, outer = np.percentile(known, [5, 95])
    spread = max(outer - inner, 1e-300)
    return (
        max(low, float(inner) - 3 * spread) if low < inner - 20 * spread else low,
        min(high, float(outer) + 3 * spread) if high > outer + 20 * spread else high,
    )


def _cut(y: Any, low: float, high: float) -> Any:
    """The values with a gap where the line would jump across the picture, as at a pole."""
    y = y.copy()
    a, b = y[:-1], y[1:]
    with np.errstate(invalid="ignore"):
        jumps = ((a > high) & (b < low)) | ((a < low) & (b > high))
    y[:-1][jumps] = np.nan
    return y


def _shade(panel: Any, x: Any, missing: Any) -> None:
    """A grey band where there is no number."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], missing.astype(int), [0]])))
    for first, last in zip(edges[::2], edges[1::2] - 1, strict=True):
        if last > first:
            panel.axvspan(x[first], x[last], color=MISSING, alpha=0.5, linewidth=0)


def _log_values(panel: Any, known: Any) -> None:
    if (known > 0).all():
        panel.set_yscale("log")
        return
    panel.set_yscale("symlog", linthresh=_near_zero(known))
    ticks = _powers(_near_zero(known), float(known.min()), float(known.max()))
    panel.set_yticks(ticks, [_power(tick) for tick in ticks])


def _near_zero(known: Any) -> float:
    """Up to here an axis of both signs is linear: a power of ten among the smallest values."""
    sizes = np.abs(known[known != 0])
    return float(10 ** np.ceil(np.log10(np.percentile(sizes, 10)))) if sizes.size else 1.0


def _powers(least: float, low: float, high: float) -> list[float]:
    """Zero and a few powers of ten of both signs."""
    first = round(np.log10(least))
    last = max(int(np.floor(np.log10(max(-low, high)))), first)
    step = max(-(-(last - first + 1) // 4), 1)
    sizes = [10.0**k for k in range(first, last + 1, step)]
    return [
        *[-size for size in reversed(sizes) if -size >= low],
        0.0,
        *[size for size in sizes if size <= high],
    ]


def _power(tick: float) -> str:
    sign = "-" if tick < 0 else ""
    return f"${sign}10^{{{round(np.log10(abs(tick)))}}}$" if tick else "$0$"


# a plane


def _contours(figure: Any, panel: Any, samples: Samples, surface: Surface, log: set[str]) -> None:
    from matplotlib.colors import LogNorm, SymLogNorm, TwoSlopeNorm

    (one, x), (two, t) = samples.axes.items()
    z = np.ma.masked_invalid(surface.values.T)
    panel.set_facecolor(MISSING)
    panel.set_xlim(x[0], x[-1])
    panel.set_ylim(t[0], t[-1])
    for name, change in ((one, panel.set_xscale), (two, panel.set_yscale)):
        if name in log:
            change("log")
    if not z.count():
        return
    low, high = _limits(z.compressed())
    signs = low < 0 < high
    if low == high:
        low, high = low - 0.5, high + 0.5
    levels: Any = np.linspace(low, high, LEVELS)
    norm: Any = TwoSlopeNorm(0.0, low, high) if signs else None
    if "value" in log and low > 0:
        levels, norm = np.geomspace(low, high, LEVELS), LogNorm(low, high)
    elif "value" in log:
        size = max(-low, high)
        norm = SymLogNorm(
            max(float(np.percentile(abs(z.compressed()), 10)), 1e-12 * size), vmin=-size, vmax=size
        )
        levels = norm.inverse(np.linspace(norm(low), norm(high), LEVELS))
    outside = {(True, True): "both", (True, False): "min", (False, True): "max"}
    extend = outside.get((z.min() < low, z.max() > high), "neither")
    colors = "RdBu_r" if signs else "viridis"
    filled = panel.contourf(x, t, z, levels, cmap=colors, norm=norm, extend=extend)
    filled.set_edgecolor("face")  # no hairlines between the levels of a vector picture
    if signs:
        panel.contour(x, t, z, [0.0], colors="#333333", linewidths=0.9)
    bar = figure.colorbar(filled, ax=panel, pad=0.02, aspect=28)
    bar.outline.set_visible(False)
    if "value" not in log:
        bar.set_ticks(_ticks(low, high))
    elif low <= 0:
        ticks = _powers(_near_zero(z.compressed()), low, high)
        bar.set_ticks(ticks, labels=[_power(tick) for tick in ticks])


def _ticks(low: float, high: float) -> Any:
    from matplotlib.ticker import MaxNLocator

    return [tick for tick in MaxNLocator(6).tick_values(low, high) if low <= tick <= high]
