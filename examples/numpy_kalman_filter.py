"""A Kalman filter for position and velocity: the log-likelihood of measurements, in NumPy alone."""

import numpy as np


def log_likelihood(parameters, measured, step=0.5):
    """How likely measured positions are, given the logarithms of the variances of acceleration and measurement."""
    drive, noise = np.exp(parameters)
    move = np.array([[1.0, step], [0.0, 1.0]])
    push = np.array([[step**2 / 2], [step]])
    look = np.array([[1.0, 0.0]])
    mean, covariance = np.zeros(2), 10.0 * np.eye(2)
    total = 0.0
    for position in measured:
        mean, covariance = move @ mean, move @ covariance @ move.T + drive * (push @ push.T)
        surprise, spread = position - look @ mean, look @ covariance @ look.T + noise
        gain = covariance @ look.T @ np.linalg.inv(spread)
        mean, covariance = mean + gain @ surprise, covariance - gain @ look @ covariance
        total = total - 0.5 * (
            surprise @ np.linalg.solve(spread, surprise) + np.log(2 * np.pi * np.linalg.det(spread))
        )
    return total


if __name__ == "__main__":
    positions = np.array([0.1, 0.4, 1.2, 1.9, 3.1, 4.4])
    print(f"{log_likelihood(np.log([0.5, 0.1]), positions):.4f}")

# Prints:
# -6.9269
