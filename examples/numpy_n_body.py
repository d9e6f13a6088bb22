"""Bodies that attract each other, by the leapfrog method of Verlet: NumPy alone."""

import numpy as np


def accelerations(places, masses, softening=0.05):
    """What each body feels of the others (gravitational constant 1)."""
    apart = places[None, :, :] - places[:, None, :]
    squared = np.sum(apart**2, axis=-1) + softening**2
    return np.einsum("j,ijk->ik", masses, apart / squared[..., None] ** 1.5)


def final_places(places, speeds, masses, step=0.05, steps=5):
    """Where the bodies are after so many steps."""
    for _ in range(steps):
        speeds = speeds + 0.5 * step * accelerations(places, masses)
        places = places + step * speeds
        speeds = speeds + 0.5 * step * accelerations(places, masses)
    return places


if __name__ == "__main__":
    places = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    speeds = np.array([[0.0, -0.2], [0.0, 1.0], [-0.7, 0.0]])
    print(np.round(final_places(places, speeds, np.array([1.0, 0.1, 0.2])), 4))

# Prints:
# [[ 0.003  -0.0482]
#  [ 0.9686  0.2482]
#  [-0.1745  1.9917]]
