"""A gradient of one's own: log(1 + exp(x)) stays exact where exp(x) overflows.

The rule that follows from the operations meets infinity over infinity in float32 at x = 100 and answers
nan. The rule written beside the function, 1 - 1 / (1 + exp(x)), has the right limit. It is made of
operations, so it can be differentiated again.
"""

import tensorflow as tf


def plain(x):
    return tf.math.log(1.0 + tf.exp(x))


@tf.custom_gradient
def log1pexp(x):
    e = tf.exp(x)

    def gradient(upstream):
        return upstream * (1.0 - 1.0 / (1.0 + e))

    return tf.math.log(1.0 + e), gradient


def derivative(function, at):
    x = tf.constant(at)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x).numpy()


print(derivative(plain, 0.0), derivative(plain, 100.0))
print(derivative(log1pexp, 0.0), derivative(log1pexp, 100.0))

# Prints:
# 0.5 nan
# 0.5 1.0
