"""Evidence that one share exceeds another, valid at whatever moment it is looked at.

Two revisions answer requests in the same minutes. A block holds, for the running revision a and the new one
b, how many requests were observed and of how many something holds. Against the hypothesis that b's share
exceeds a's by at most `margin`, in each block, whatever the shares are and however they change from block
to block,

    E = prod over blocks of  P(observed | a*, b*) / P(observed | a0, b0)

where (a*, b*) is a guess made before the block was seen, and (a0, b0) is the pair that the hypothesis
allows and that is nearest to it (Kullback-Leibler divergence weighted with the numbers of requests).

Why E stays small when the hypothesis holds. Of a request of revision i with true share t, the expected
factor is x_i = t i*/i0 + (1-t)(1-i*)/(1-i0). The requests are independent, so that the expectation over the
block is x_a^na x_b^nb, at most ((na x_a + nb x_b) / n)^n by the inequality of the means. na x_a + nb x_b is
linear in the true pair, is n at (a0, b0), and its gradient is minus that of the divergence there; the
divergence is convex and least at (a0, b0) among the allowed pairs, which are a convex set, so it is at most
n for all of them. Hence the expectation is at most 1, E is a supermartingale, and by Ville's inequality it
ever reaches 1/alpha with probability alpha at most: one may look after every block and stop whenever one
likes.

x_i is also what one expects of t i*/i0 + ... for an observation between 0 and 1 with mean t, and the
logarithm is concave: so sums of shares (of the rows of a request, say) may stand where counts of requests
do.

Sources: Turner, Ly, Grünwald, "Generic E-variables for exact sequential k-sample tests that allow for
optional stopping", J. Stat. Plan. Inference 230 (2024), arXiv 2106.02693; Turner, Grünwald, "Exact
anytime-valid confidence intervals for contingency tables and beyond", arXiv 2203.09785 (margins other than
0).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
LEAST: Final = 1e-6  # no guess is nearer to 0 or 1: an observation that it excludes would decide at once


def nearest(a: Numbers, b: Numbers, na: Numbers, nb: Numbers, margin: Numbers) -> tuple[Numbers, Numbers]:
    """The pair with b0 - a0 <= margin that is nearest to (a, b); all arguments broadcast.

    a, b: guessed shares. na, nb: numbers of requests. margin: greater than -1, less than 1.
    """
    a, b, margin = np.broadcast_arrays(a, b, margin)
    violates = b - a > margin
    # The nearest pair lies on the line b0 = a0 + margin, between where that meets a0 = a and b0 = b. There
    # the divergence's slope is 0 where this cubic is, which has one root below, one between and one above:
    #     wa (t - a)(t + margin)(t + margin - 1) + wb (t + margin - b) t (t - 1),   t = a0
    wa, m = na / np.maximum(na + nb, 1.0), margin
    wb = 1 - wa
    c2 = wa * (2 * m - 1 - a) + wb * (m - b - 1)
    c1 = wa * (m * (m - 1) - a * (2 * m - 1)) - wb * (m - b)
    c0 = -wa * a * m * (m - 1)
    q = np.maximum((c2**2 - 3 * c1) / 9, 0.0)
    r = (2 * c2**3 - 9 * c2 * c1 + 27 * c0) / 54
    root = np.sqrt(q)
    angle = np.arccos(np.clip(r / root**3, -1.0, 1.0))
    found = -2 * root * np.cos((angle - 2 * np.pi) / 3) - c2 / 3
    for _ in range(2):  # rounding is mended by Newton's method
        found = found - (((found + c2) * found + c1) * found + c0) / ((3 * found + 2 * c2) * found + c1)
    low, high = np.maximum(a, LEAST / 4 - m), np.minimum(b - m, 1.0 - LEAST / 4)
    found = np.clip(found, low, high)
    return np.where(violates, found, a), np.where(violates, found + margin, b)


def log_factor(
    over_a: Numbers, na: Numbers, over_b: Numbers, nb: Numbers, a: Numbers, b: Numbers, margin: Numbers
) -> Numbers:
    """The logarithm of one block's factor of E against b - a <= margin; all arguments broadcast.

    over_a, over_b: of how many of the na and nb requests it holds, or the sum of shares. a, b: the guess.
    """
    a, b = np.clip(a, LEAST, 1 - LEAST), np.clip(b, LEAST, 1 - LEAST)
    with np.errstate(divide="ignore", invalid="ignore"):
        a0, b0 = nearest(a, b, na, nb, margin)
        found = (
            over_a * np.log(a / a0)
            + (na - over_a) * np.log((1 - a) / (1 - a0))
            + over_b * np.log(b / b0)
            + (nb - over_b) * np.log((1 - b) / (1 - b0))
        )
    # A block that lacks one of the two says nothing.
    return np.where((na > 0) & (nb > 0) & (b - a > margin), found, 0.0)


def log_mean(values: Numbers, axes: Any) -> Numbers:
    """The logarithm of the mean of E over some axes: the mean of such processes is one, too."""
    greatest = values.max(axis=axes, keepdims=True)
    total = np.log(np.exp(values - greatest).mean(axis=axes, keepdims=True)) + greatest
    return total.squeeze(axis=axes)
