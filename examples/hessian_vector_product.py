"""A Hessian-vector product without the Hessian: a forward accumulator around a tape.

The accumulator carries the tangent of `point` along `direction`. The tape inside it takes a gradient,
and the tangent of that gradient is the Hessian times the direction, at the price of a few evaluations in
any dimension.
"""

import tensorflow as tf

point = tf.constant([1.0, 2.0, 3.0])
direction = tf.constant([1.0, 0.0, -1.0])

with tf.autodiff.ForwardAccumulator(primals=point, tangents=direction) as accumulator:
    with tf.GradientTape() as tape:
        tape.watch(point)
        value = tf.reduce_prod(point) + tf.reduce_sum(point**3)
    gradient = tape.gradient(value, point)

print(gradient.numpy())
print(accumulator.jvp(gradient).numpy())

# Prints:
# [ 9. 15. 29.]
# [  4.   2. -16.]
