"""Calls of TensorFlow's top level: shapes, selection, placing, control; and of `tf.signal`."""

from .sampling import NOWHERE, V, X, Z, call

A, B = X((2, 3)), X((3,))
PERMUTED = [[0, 1], [2, 0], [1, 1]]  # places in a matrix of 3 x 2

SHAPES = [
    call("reshape", tensor=A, shape=[3, 2]),
    call("transpose", a=X((2, 3, 2)), perm=[2, 0, 1]),
    call("transpose", a=Z((2, 3)), conjugate=True),
    call("expand_dims", input=A, axis=1),
    call("squeeze", input=X((1, 3, 1)), axis=[0]),
    call("broadcast_to", input=B, shape=[2, 3]),
    call("tile", input=A, multiples=[2, 1]),
    call("repeat", input=A, repeats=[1, 2, 1], axis=1),
    call("repeat", input=A, repeats=2),
    call("reverse", tensor=A, axis=[1]),
    call("roll", input=A, shift=[1, 2], axis=[0, 1]),
    call("concat", values=[A, A], axis=1),
    call("stack", values=[B, B], axis=1),
    call("unstack", value=A, axis=1),
    call("split", value=X((4, 2)), num_or_size_splits=[1, 3], axis=0),
    call("split", value=X((4, 2)), num_or_size_splits=2),
    *(call("pad", tensor=A, paddings=[[1, 1], [0, 2]], mode=m) for m in ("CONSTANT", "REFLECT", "SYMMETRIC")),
    call("pad", tensor=A, paddings=[[1, 1], [0, 2]], constant_values=0.5),
    call("meshgrid", B, X((2,)), run=lambda tf, x, y: tf.meshgrid(x, y, indexing="ij")),
    call("meshgrid", B, X((2,)), run=lambda tf, x, y: tf.meshgrid(x, y)),
    call("cast", x=A, dtype="float32"),
    call("cast", x=A, dtype="complex128"),
    call("saturate_cast", value=A, dtype="float32"),
    call("identity", input=A),
    call("identity_n", input=[A, B]),
    call("stop_gradient", input=A),
    call("ensure_shape", x=A, shape=[None, 3]),
    call("convert_to_tensor", value=[X(()), X(())]),
    call("zeros_like", input=A),
    call("ones_like", input=A),
    call("fill", dims=[2, 3], value=X(())),
    call("linspace", start=X(()), stop=X((), 2.0, 3.0), num=4),
    call("range", start=0.0, limit=2.0, delta=0.5),
    call("eye", num_rows=2, num_columns=3, batch_shape=[2]),
    call("zeros", shape=[2, 3]),
    call("ones", shape=[2, 3]),
    call("rank", input=A),
    call("shape", input=A),
    call("shape_n", input=[A, B]),
    call("size", input=A),
    call("batch_to_space", input=X((4, 1, 2, 1)), block_shape=[2, 2], crops=[[0, 0], [0, 1]]),
    call("space_to_batch", input=X((1, 2, 4, 1)), block_shape=[2, 2], paddings=[[0, 0], [0, 0]]),
    call("space_to_batch_nd", input=X((1, 2, 4, 1)), block_shape=[2, 2], paddings=[[0, 0], [0, 0]]),
    call("clip_by_value", t=A, clip_value_min=-0.5, clip_value_max=0.7),
    call("clip_by_value", t=A, clip_value_min=X((3,), -1.0, -0.5), clip_value_max=X((3,), 0.2, 0.7)),
    call("clip_by_norm", t=A, clip_norm=1.3),
    call("clip_by_norm", t=A, clip_norm=1.3, axes=[1]),
    call("clip_by_global_norm", t_list=[A, B], clip_norm=1.3),
]
SELECTION = [
    call("gather", params=X((4, 2)), indices=[3, 0, 3]),
    call("gather", params=X((2, 4)), indices=[[3, 0], [1, 1]], axis=1),
    call("gather", params=X((2, 4)), indices=[[3, 0], [1, 1]], axis=1, batch_dims=1),
    call("gather_nd", params=X((3, 2)), indices=PERMUTED),
    call("gather_nd", params=X((2, 3, 2)), indices=[[[1], [2]], [[0], [0]]], batch_dims=1),
    call("boolean_mask", tensor=A, mask=[True, False]),
    call("boolean_mask", tensor=A, mask=[True, False, True], axis=1),
    call("where", condition=[True, False, True], x=A, y=B),
    call("where", condition=[[True, False], [True, True]]),
    call("one_hot", indices=[1, 0, 5], depth=3, on_value=2.0, off_value=-1.0),
    call("slice", input_=A, begin=[0, 1], size=[2, -1]),
    call("strided_slice", input_=X((4, 4)), begin=[0, 3], end=[4, 0], strides=[2, -1]),
    call("strided_slice", input_=X((4, 4)), begin=[1, 0], end=[3, 2], shrink_axis_mask=1, end_mask=2),
    call("reverse_sequence", input=X((3, 2)), seq_lengths=[2, 3], seq_axis=0, batch_axis=1),
    call("dynamic_partition", data=X((4, 2)), partitions=[1, 0, 1, 2], num_partitions=3),
    call("dynamic_stitch", indices=[[0, 2], [1, 2]], data=[X((2, 2)), X((2, 2))]),
    call("scatter_nd", indices=[[0], [2], [0]], updates=X((3, 2)), shape=[4, 2]),
    *(
        call(f"tensor_scatter_nd_{n}", tensor=X((4, 2)), indices=[[0], [2], [1]], updates=X((3, 2)))
        for n in ("add", "sub", "update", "max", "min")
    ),
    call("tensor_scatter_nd_add", tensor=X((3, 2)), indices=[[0, 1], [0, 1]], updates=X((2,))),
    call("sort", values=X((2, 4)), axis=1, direction="DESCENDING"),
    call("sort", values=X((4,))),
    call("argsort", values=X((2, 4)), axis=0),
    call("searchsorted", sorted_sequence=V([1.0, 2.0, 3.0]), values=V([0.5, 2.0, 2.5]), side="right"),
    call("sequence_mask", lengths=[1, 3, 0], maxlen=4),
    call("unique", x=V([1.0, 2.0, 1.0])),
    call("unique_with_counts", x=V([1.0, 2.0, 1.0])),
    call("unravel_index", indices=[3, 5], dims=[2, 3]),
    call("histogram_fixed_width", values=V([0.1, 0.5, 2.0]), value_range=[0.0, 1.0], nbins=4),
    call(
        "histogram_fixed_width_bins",
        V([0.1, 0.5, 2.0]),
        run=lambda tf, x: tf.histogram_fixed_width_bins(
            values=x, value_range=tf.constant([0.0, 1.0], x.dtype), nbins=4
        ),
    ),
    call(
        "extract_volume_patches",
        input=X((1, 2, 2, 2, 1)),
        ksizes=[1, 1, 2, 1, 1],
        strides=[1, 1, 1, 1, 1],
        padding="VALID",
    ),
    call("truncatediv", x=[7, -7], y=[2, 2]),
    call("truncatemod", x=A, y=X((3,), 0.4, 2.0)),
    call("realdiv", x=A, y=X((3,), 0.4, 2.0)),
]
CONTROL = [
    call("cond", X(()), run=lambda tf, x: tf.cond(pred=x > -9.0, true_fn=lambda: x * x, false_fn=lambda: x)),
    call(
        "case",
        X(()),
        run=lambda tf, x: tf.case(
            pred_fn_pairs=[(x > 9.0, lambda: x), (x < 9.0, lambda: x**3.0)], default=lambda: x
        ),
    ),
    call(
        "switch_case",
        X(()),
        run=lambda tf, x: tf.switch_case(
            branch_index=tf.constant(1), branch_fns=[lambda: x, lambda: tf.sin(x)]
        ),
    ),
    call(
        "while_loop",
        X(()),
        run=lambda tf, x: tf.while_loop(
            cond=lambda i, y: i < 3, body=lambda i, y: (i + 1, y * tf.cos(x)), loop_vars=(0, x)
        )[1],
    ),
    call("map_fn", A, run=lambda tf, x: tf.map_fn(fn=lambda t: tf.sin(t) * t, elems=x)),
    call("vectorized_map", A, run=lambda tf, x: tf.vectorized_map(fn=lambda t: tf.sin(t) * t, elems=x)),
    call("foldl", A, run=lambda tf, x: tf.foldl(fn=lambda a, t: a * tf.cos(t), elems=x)),
    call("foldr", A, run=lambda tf, x: tf.foldr(fn=lambda a, t: a * tf.cos(t), elems=x)),
    call("scan", A, run=lambda tf, x: tf.scan(fn=lambda a, t: a * tf.cos(t), elems=x)),
    call(
        "scan",
        A,
        run=lambda tf, x: tf.scan(
            fn=lambda a, t: a * tf.cos(t), elems=x, initializer=x[0] * 2.0, reverse=True
        ),
    ),
    call(
        "TensorArray",
        X((4, 2)),
        run=lambda tf, x: (
            tf.TensorArray(dtype=x.dtype, size=4).unstack(value=x * x).gather(indices=[3, 0, 3])
        ),
    ),
    call(
        "TensorArray",
        X((3, 2)),
        run=lambda tf, x: (
            tf.TensorArray(dtype=x.dtype, size=4, element_shape=[2])
            .scatter(indices=[2, 0, 1], value=x * x)
            .write(index=1, value=x[0] * x[1])
            .stack()
        ),
    ),
    call(
        "TensorArray",
        X((3, 2)),
        run=lambda tf, x: (
            tf.TensorArray(dtype=x.dtype, size=2, infer_shape=False)
            .split(value=x * x, lengths=[1, 2])
            .concat()
        ),
    ),
    call("recompute_grad", A, run=lambda tf, x: tf.recompute_grad(lambda t: tf.sin(t) * t)(x)),
    call("grad_pass_through", A, run=lambda tf, x: tf.grad_pass_through(tf.sin)(x) * x),
]
CUBE, SIGNAL_IN = Z((2, 2, 3)), X((16,))
SIGNAL = [
    *(call(f"signal.{n}", input=Z((2, 4))) for n in ("fft", "ifft")),
    *(call(f"signal.{n}", input=CUBE) for n in ("fft2d", "ifft2d", "fft3d", "ifft3d")),
    *(call(f"signal.rfft{d}", input_tensor=X((2, 2, 4))) for d in ("", "2d", "3d")),
    *(call(f"signal.irfft{d}", input_tensor=CUBE) for d in ("", "2d", "3d")),
    call("signal.rfft", input_tensor=X((2, 5)), fft_length=[4]),
    call("signal.rfft", input_tensor=X((2, 5)), fft_length=[7]),
    call("signal.irfft", input_tensor=Z((2, 4)), fft_length=[5]),
    *(
        call(f"signal.{n}", input_tensor=CUBE, fft_length=[2, 3], axes=[0, 2], dtypes=NOWHERE)
        for n in ("fftnd", "ifftnd")
    ),
    call("signal.rfftnd", input_tensor=X((2, 2, 4)), fft_length=[2, 4], axes=[0, 2], dtypes=NOWHERE),
    call("signal.irfftnd", input_tensor=CUBE, fft_length=[2, 4], axes=[0, 2], dtypes=NOWHERE),
    call("signal.fftshift", x=X((2, 5)), axes=[1]),
    call("signal.ifftshift", x=X((2, 5))),
    *(call(f"signal.{n}", input=X((2, 5)), type=t) for n in ("dct", "idct") for t in (1, 2, 3, 4)),
    *(call(f"signal.{n}", input=X((2, 5)), type=t, norm="ortho") for n in ("dct", "idct") for t in (2, 3, 4)),
    call("signal.dct", input=X((2, 5)), n=3),
    call("signal.frame", signal=SIGNAL_IN, frame_length=5, frame_step=3, pad_end=True, pad_value=0.5),
    call("signal.frame", signal=SIGNAL_IN, frame_length=5, frame_step=3),
    call("signal.overlap_and_add", signal=X((3, 4)), frame_step=2),
    call("signal.stft", signals=SIGNAL_IN, frame_length=8, frame_step=4),
    call("signal.stft", signals=SIGNAL_IN, frame_length=6, frame_step=4, fft_length=8, pad_end=True),
    call("signal.inverse_stft", stfts=Z((3, 5)), frame_length=8, frame_step=4),
    call(
        "signal.inverse_stft_window_fn",
        Z((3, 5)),
        run=lambda tf, x: tf.signal.inverse_stft(
            x, 8, 4, window_fn=tf.signal.inverse_stft_window_fn(frame_step=4)
        ),
    ),
    call("signal.mdct", signals=SIGNAL_IN, frame_length=8, norm="ortho"),
    call("signal.inverse_mdct", mdcts=X((3, 4)), norm="ortho"),
    call("signal.mfccs_from_log_mel_spectrograms", log_mel_spectrograms=X((2, 4))),
    call("signal.linear_to_mel_weight_matrix", num_mel_bins=4, num_spectrogram_bins=9),
    *(
        call(f"signal.{n}_window", window_length=6)
        for n in ("hann", "hamming", "kaiser", "vorbis", "kaiser_bessel_derived")
    ),
    *(call(f"signal.{n}_window", window_length=7, periodic=False) for n in ("hann", "hamming")),
]
CALLS = [*SHAPES, *SELECTION, *CONTROL, *SIGNAL]
