"""Calls of `tf.nn` and of the random functions whose result varies with their parameters."""

from .sampling import V, X, call

WIDE = ("float64", "float32")
A, LOGITS, LABELS = X((2, 3)), X((2, 3)), V([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
LINE, LINE_KERNEL = X((1, 6, 2)), X((3, 2, 2))
PLANE, PLANE_KERNEL = X((1, 4, 4, 2)), X((2, 2, 2, 2))
SPACE, SPACE_KERNEL = X((1, 3, 3, 3, 1)), X((2, 2, 2, 1, 2))

ACTIVATIONS = [
    *(
        call(f"nn.{n}", features=A, dtypes=WIDE)
        for n in ("relu", "relu6", "elu", "selu", "gelu", "silu", "swish", "softplus", "softsign", "crelu")
    ),
    call("nn.gelu", features=A, approximate=True),
    call("nn.leaky_relu", features=A, alpha=0.25),
    call("nn.leaky_relu", features=A, dtypes=("float32",)),
    call("nn.silu", features=A, beta=1.75),
    call("nn.sigmoid", x=A),
    call("nn.tanh", x=A),
    call("nn.softmax", logits=A),
    call("nn.log_softmax", logits=A),
    call("nn.l2_loss", t=A, dtypes=WIDE),
    call("nn.l2_normalize", x=A, axis=1),
    call("nn.zero_fraction", value=V([0.0, 1.0])),
    call("nn.top_k", input=X((2, 5)), k=2),
    call(
        "nn.in_top_k",
        X((2, 5)),
        run=lambda tf, x: tf.nn.in_top_k(targets=[1, 4], predictions=tf.cast(x, "float32"), k=3),
    ),
    call("nn.isotonic_regression", inputs=X((2, 5)), decreasing=False),
    call("nn.bias_add", value=X((2, 2, 3)), bias=X((3,))),
]
LOSSES = [
    call("nn.softmax_cross_entropy_with_logits", labels=LABELS, logits=LOGITS, dtypes=WIDE),
    call(
        "nn.softmax_cross_entropy_with_logits",
        labels=V([[0.2, 0.9, 0.3], [0.8, 0.1, 0.7]]),
        logits=LOGITS,
        axis=0,
    ),
    call("nn.sparse_softmax_cross_entropy_with_logits", labels=[2, 0], logits=LOGITS, dtypes=WIDE),
    call("nn.sigmoid_cross_entropy_with_logits", labels=LABELS, logits=LOGITS, dtypes=WIDE),
    call("nn.weighted_cross_entropy_with_logits", labels=LABELS, logits=LOGITS, pos_weight=1.75),
    call("nn.log_poisson_loss", targets=X((2, 3), 1.5, 4.0), log_input=LOGITS),
    call("nn.log_poisson_loss", targets=X((2, 3), 1.5, 4.0), log_input=LOGITS, compute_full_loss=True),
    call("nn.compute_average_loss", per_example_loss=X((3,)), sample_weight=X((3,)), global_batch_size=4),
    call("nn.scale_regularization_loss", regularization_loss=X((3,))),
]
NORMALISING = [
    call("nn.moments", x=X((2, 3, 2)), axes=[0, 1]),
    call("nn.moments", x=X((2, 3)), axes=[1], keepdims=True),
    call("nn.weighted_moments", x=X((2, 3)), axes=[1], frequency_weights=X((2, 3), 0.5, 2.0)),
    call("nn.sufficient_statistics", x=X((2, 3)), axes=[1]),
    call("nn.normalize_moments", counts=V(4.0), mean_ss=X((3,)), variance_ss=X((3,), 3.0, 5.0), shift=None),
    call(
        "nn.batch_normalization",
        x=A,
        mean=X((3,)),
        variance=X((3,), 0.5, 2.0),
        offset=X((3,)),
        scale=X((3,)),
        variance_epsilon=1e-3,
    ),
    call(
        "nn.batch_norm_with_global_normalization",
        input=X((1, 2, 2, 3)),
        mean=X((3,)),
        variance=X((3,), 0.5, 2.0),
        beta=X((3,)),
        gamma=X((3,)),
        variance_epsilon=1e-3,
        scale_after_normalization=True,
    ),
    *(
        call(
            f"nn.{n}",
            input=X((1, 2, 2, 5)),
            depth_radius=1,
            bias=1.0,
            alpha=0.2,
            beta=0.5,
            dtypes=("float32",),
        )
        for n in ("lrn", "local_response_normalization")
    ),
    call("nn.embedding_lookup", params=X((4, 2)), ids=[[3, 0], [3, 1]]),
]
CONVOLUTIONS = [
    call("nn.conv1d", input=LINE, filters=LINE_KERNEL, stride=1, padding="SAME", dtypes=WIDE),
    call("nn.conv1d", input=LINE, filters=LINE_KERNEL, stride=2, padding="VALID"),
    call("nn.conv2d", input=PLANE, filters=PLANE_KERNEL, strides=1, padding="SAME", dtypes=WIDE),
    call("nn.conv2d", input=PLANE, filters=PLANE_KERNEL, strides=[1, 2, 2, 1], padding="VALID"),
    call("nn.conv2d", input=PLANE, filters=PLANE_KERNEL, strides=1, padding=[[0, 0], [1, 0], [0, 1], [0, 0]]),
    call("nn.conv2d", input=PLANE, filters=PLANE_KERNEL, strides=1, padding="VALID", dilations=2),
    call("nn.conv3d", input=SPACE, filters=SPACE_KERNEL, strides=[1, 1, 1, 1, 1], padding="SAME"),
    call(
        "nn.convolution",
        input=PLANE,
        filters=PLANE_KERNEL,
        strides=[1, 1],
        padding="SAME",
        data_format="NHWC",
    ),
    call("nn.conv1d_transpose", input=X((1, 3, 2)), filters=X((3, 2, 2)), output_shape=[1, 6, 2], strides=2),
    call(
        "nn.conv2d_transpose",
        input=X((1, 2, 2, 2)),
        filters=X((3, 3, 2, 2)),
        output_shape=[1, 4, 4, 2],
        strides=2,
    ),
    call(
        "nn.conv2d_transpose",
        input=X((1, 2, 2, 2)),
        filters=X((2, 2, 2, 2)),
        output_shape=[1, 3, 3, 2],
        strides=1,
        padding="VALID",
    ),
    call(
        "nn.conv3d_transpose",
        input=X((1, 2, 2, 2, 1)),
        filters=X((2, 2, 2, 1, 1)),
        output_shape=[1, 4, 4, 4, 1],
        strides=2,
    ),
    call(
        "nn.conv_transpose",
        input=X((1, 2, 2, 2)),
        filters=X((3, 3, 2, 2)),
        output_shape=[1, 4, 4, 2],
        strides=2,
    ),
    call("nn.depthwise_conv2d", input=PLANE, filter=PLANE_KERNEL, strides=[1, 1, 1, 1], padding="SAME"),
    call("nn.depthwise_conv2d", input=PLANE, filter=PLANE_KERNEL, strides=[1, 2, 2, 1], padding="VALID"),
    call(
        "nn.separable_conv2d",
        input=PLANE,
        depthwise_filter=PLANE_KERNEL,
        pointwise_filter=X((1, 1, 4, 2)),
        strides=[1, 1, 1, 1],
        padding="SAME",
    ),
    call("nn.atrous_conv2d", value=PLANE, filters=PLANE_KERNEL, rate=2, padding="SAME"),
    call(
        "nn.dilation2d",
        PLANE,
        X((2, 2, 2)),
        run=lambda tf, x, k: tf.nn.dilation2d(
            input=x,
            filters=k,
            strides=[1, 1, 1, 1],
            padding="SAME",
            data_format="NHWC",
            dilations=[1, 1, 1, 1],
        ),
    ),
    call(
        "nn.erosion2d",
        PLANE,
        X((2, 2, 2)),
        run=lambda tf, x, k: tf.nn.erosion2d(
            value=x,
            filters=k,
            strides=[1, 1, 1, 1],
            padding="SAME",
            data_format="NHWC",
            dilations=[1, 1, 1, 1],
        ),
    ),
    call("nn.depth_to_space", input=X((1, 2, 2, 4)), block_size=2),
    call("nn.space_to_depth", input=X((1, 4, 4, 1)), block_size=2),
    call("nn.space_to_batch", input=X((1, 2, 4, 1)), block_shape=[2, 2], paddings=[[0, 0], [0, 0]]),
]
POOLS = [
    *(
        call(f"nn.{n}_pool1d", input=LINE, ksize=2, strides=2, padding=p)
        for n in ("avg", "max")
        for p in ("SAME", "VALID")
    ),
    *(
        call(f"nn.{n}_pool2d", input=PLANE, ksize=3, strides=2, padding=p)
        for n in ("avg", "max")
        for p in ("SAME", "VALID")
    ),
    *(
        call(f"nn.{n}_pool3d", input=SPACE, ksize=2, strides=1, padding=p, dtypes=("float32",))
        for n in ("avg", "max")
        for p in ("SAME", "VALID")
    ),
    *(call(f"nn.{n}_pool", input=PLANE, ksize=2, strides=1, padding="SAME") for n in ("avg", "max")),
    *(
        call("nn.pool", input=PLANE, window_shape=[2, 2], pooling_type=t, padding="VALID")
        for t in ("AVG", "MAX")
    ),
    call("nn.max_pool_with_argmax", input=PLANE, ksize=2, strides=2, padding="SAME"),
]
CALLS = [*ACTIVATIONS, *LOSSES, *NORMALISING, *CONVOLUTIONS, *POOLS]
