"""A training loop: two Variables follow the negative gradient to the line 2x + 1.

Trainable Variables are watched as soon as the tape sees them read, so there is no call of `watch`.
"""

import tensorflow as tf

x = tf.constant([-1.0, 0.0, 1.0, 2.0])
y = 2.0 * x + 1.0

slope = tf.Variable(0.0, name="slope")
offset = tf.Variable(0.0, name="offset")

for step in range(41):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(slope * x + offset - y))
    slope_gradient, offset_gradient = tape.gradient(loss, [slope, offset])
    if step % 10 == 0:
        print(f"step {step:2d}  loss {float(loss):.4f}  slope {float(slope):.4f}  offset {float(offset):.4f}")
    slope.assign_sub(0.1 * slope_gradient)
    offset.assign_sub(0.1 * offset_gradient)

# Prints:
# step  0  loss 9.0000  slope 0.0000  offset 0.0000
# step 10  loss 0.0026  slope 1.9549  offset 1.0255
# step 20  loss 0.0001  slope 1.9944  offset 1.0086
# step 30  loss 0.0000  slope 1.9988  offset 1.0020
# step 40  loss 0.0000  slope 1.9997  offset 1.0004
