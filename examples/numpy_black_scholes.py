"""The price of a European call by Black and Scholes, in NumPy alone: its derivatives are the Greeks.

NumPy has no error function, so the normal distribution is integrated by Gauss and Legendre's rule.
"""

import numpy as np


def normal_distribution(x):
    """The normal distribution function at one number, by Gauss and Legendre's rule from 0 to x."""
    nodes, weights = np.polynomial.legendre.leggauss(30)
    places = x * (nodes + 1) / 2
    return 0.5 + x / 2 * np.sum(weights * np.exp(-(places**2) / 2)) / np.sqrt(2 * np.pi)


def call_price(spot, volatility, rate, time, strike=100.0):
    """What the right to buy at the strike is worth."""
    width = volatility * np.sqrt(time)
    upper = (np.log(spot / strike) + (rate + volatility**2 / 2) * time) / width
    discounted = strike * np.exp(-rate * time)
    return spot * normal_distribution(upper) - discounted * normal_distribution(upper - width)


if __name__ == "__main__":
    print(f"{call_price(105.0, 0.25, 0.03, 0.5):.4f}")

# Prints:
# 10.8715
