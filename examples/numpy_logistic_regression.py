"""Logistic regression: the loss of weights on data, in NumPy alone."""

import numpy as np


def loss(weights, features, labels, decay=0.1):
    """The mean negative log-likelihood of labels 0 and 1, with decay of the weights; the last weight is the offset."""
    scores = features @ weights[:-1] + weights[-1]
    return np.mean(np.logaddexp(0.0, scores) - labels * scores) + 0.5 * decay * np.dot(
        weights[:-1], weights[:-1]
    )


if __name__ == "__main__":
    features = np.array([[0.5, 1.0], [-1.2, 0.3], [0.8, -0.6], [-0.4, -1.1]])
    print(f"{loss(np.array([0.7, -0.3, 0.1]), features, np.array([1.0, 0.0, 1.0, 0.0])):.4f}")

# Prints:
# 0.5572
