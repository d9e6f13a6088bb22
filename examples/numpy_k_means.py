"""The cost of k-means, hard and soft, as functions of the centres: NumPy alone."""

import numpy as np


def squared_distances(points, centres):
    """The squared distance of each point from each centre."""
    return np.sum((points[:, None, :] - centres[None, :, :]) ** 2, axis=-1)


def cost(centres, points):
    """The mean squared distance of points from their nearest centre."""
    return np.mean(np.min(squared_distances(points, centres), axis=1))


def soft_cost(centres, points, sharpness=4.0):
    """The cost with a smooth minimum, -log(sum(exp(-sharpness d))) / sharpness."""
    distances = squared_distances(points, centres)
    return -np.mean(np.logaddexp.reduce(-sharpness * distances, axis=1)) / sharpness


if __name__ == "__main__":
    points = np.array([[0.0, 0.1], [0.2, -0.1], [2.0, 1.0], [2.2, 1.3], [1.9, 0.8]])
    centres = np.array([[0.0, 0.5], [1.5, 1.0]])
    print(f"{cost(centres, points):.4f} {soft_cost(centres, points):.4f}")

# Prints:
# 0.3180 0.3180
