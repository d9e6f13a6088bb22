"""First and second partial derivatives from one persistent tape.

y = x^3 + 2t at x = t = 1, so y_x = 3x^2 = 3, y_xx = 6x = 6 and y_t = 2.

The program is written for TensorFlow 2. `gradtape run` lets `tensorflow` mean gradtape and runs it as it is.
"""

import tensorflow as tf

x = tf.constant(1.0)
t = tf.constant(1.0)

with tf.GradientTape(persistent=True) as tape:
    tape.watch(x)
    tape.watch(t)
    y = x * x * x + 2 * t
    # Taken while the tape records, so the tape can differentiate it again.
    y_x = tape.gradient(y, x)

y_xx = tape.gradient(y_x, x)
y_t = tape.gradient(y, t)
del tape

print(y_x)
print(y_xx)
print(y_t)

# Prints:
# Tensor(3.0, shape=(), dtype=float32)
# Tensor(6.0, shape=(), dtype=float32)
# Tensor(2.0, shape=(), dtype=float32)
