"""What windows and convolutions should be: the definition, entry by entry, and SciPy's correlation."""

import numpy as np
import scipy.signal


def windows(x, *, size, strides, dilations):
    """Entry by entry, from the definition."""
    space = x.shape[1 : len(size) + 1]
    found = [
        (n - (k - 1) * d - 1) // s + 1 for n, k, s, d in zip(space, size, strides, dilations, strict=True)
    ]
    y = np.zeros((x.shape[0], *found, *size, *x.shape[len(size) + 1 :]), x.dtype)
    for place in np.ndindex(*found, *size):
        i, k = place[: len(size)], place[len(size) :]
        y[(slice(None), *place)] = x[(slice(None), *(np.multiply(i, strides) + np.multiply(k, dilations)))]
    return y


def overlap_add(g, *, space, strides, dilations):
    rank = len(space)
    y = np.zeros((g.shape[0], *space, *g.shape[2 * rank + 1 :]), g.dtype)
    for place in np.ndindex(*g.shape[1 : 2 * rank + 1]):
        i, k = place[:rank], place[rank:]
        y[(slice(None), *(np.multiply(i, strides) + np.multiply(k, dilations)))] += g[(slice(None), *place)]
    return y


def convolve(x, w, *, strides, padding, stretch, dilations, groups):
    """SciPy's correlation of each channel with each kernel on axes that are stretched and padded by hand."""
    rank, x = len(strides), x.astype(np.result_type(x, np.float64))
    w = w.astype(x.dtype)
    lengths = [(n - 1) * a + 1 for n, a in zip(x.shape[1:-1], stretch, strict=True)]
    wide = np.zeros((x.shape[0], *lengths, x.shape[-1]), x.dtype)
    wide[(slice(None), *(slice(None, None, a) for a in stretch))] = x
    wide = np.pad(wide, [(0, 0), *((max(p, 0), max(q, 0)) for p, q in padding), (0, 0)])
    wide = wide[(slice(None), *(slice(max(-p, 0), q if q < 0 else None) for p, q in padding))]
    kernel = np.zeros(
        (*((k - 1) * d + 1 for k, d in zip(w.shape, dilations, strict=False)), *w.shape[-2:]), w.dtype
    )
    kernel[tuple(slice(None, None, d) for d in dilations)] = w
    inner, outputs = w.shape[-2], w.shape[-1] // groups
    rows = []
    for sample in wide:
        columns = []
        for output in range(w.shape[-1]):
            first = output // outputs * inner
            total = sum(
                scipy.signal.correlate(
                    sample[..., first + c], kernel[..., c, output].conj(), "valid", "direct"
                )
                for c in range(inner)
            )
            columns.append(total[tuple(slice(None, None, s) for s in strides[:rank])])
        rows.append(np.stack(columns, -1))
    return np.stack(rows)


WINDOWS = {"windows": windows, "overlap_add": overlap_add, "convolve": convolve}
