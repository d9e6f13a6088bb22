"""The Hessian of the Rosenbrock function, from a tape inside a tape.

The inner tape gives the gradient, the outer tape the Jacobian of that gradient. Both watch the point:
what one tape watches the other does not know of.
"""

import tensorflow as tf


def rosenbrock(point):
    return (1.0 - point[0]) ** 2 + 100.0 * (point[1] - point[0] ** 2) ** 2


point = tf.constant([1.0, 2.0])

with tf.GradientTape() as outer:
    outer.watch(point)
    with tf.GradientTape() as inner:
        inner.watch(point)
        value = rosenbrock(point)
    gradient = inner.gradient(value, point)
hessian = outer.jacobian(gradient, point)

print(value.numpy())
print(gradient.numpy())
print(hessian.numpy())

# Prints:
# 100.0
# [-400.  200.]
# [[ 402. -400.]
#  [-400.  200.]]
