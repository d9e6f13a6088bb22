"""A robot arm in the plane: where the hand is, and what a posture costs, in NumPy alone."""

import numpy as np


def joints(angles, lengths):
    """The places of the joints; each angle is relative to the link before it."""
    direction = np.cumsum(angles)
    links = lengths[:, None] * np.stack([np.cos(direction), np.sin(direction)], axis=1)
    return np.cumsum(links, axis=0)


def cost(angles, lengths, target):
    """The squared distance of the hand from a target, with a little for bent joints."""
    hand = joints(angles, lengths)[-1]
    return np.sum((hand - target) ** 2) + 0.01 * np.sum(angles[1:] ** 2)


if __name__ == "__main__":
    angles, lengths = np.array([0.3, 0.5, -0.4]), np.array([1.0, 0.8, 0.5])
    print(f"{cost(angles, lengths, np.array([1.2, 1.1])):.4f}")

# Prints:
# 0.6033
