"""Why a public name of TensorFlow is not covered: each reason with the names that it holds for."""

NAMES = {
    "graphs, sessions and devices; here everything is eager": """
        AggregationMethod CriticalSection DeviceSpec Graph Operation RegisterGradient TensorArraySpec
        VariableAggregation VariableSynchronization check_pinned
        get_current_name_scope guarantee_const import_graph_def inside_function
        is_symbolic_tensor load_library load_op_library no_gradient
        nondifferentiable_batch_function variable_creator_scope debugging.disable_check_numerics
        debugging.disable_traceback_filtering debugging.enable_check_numerics debugging.enable_traceback_filtering
        debugging.experimental debugging.get_log_device_placement debugging.is_traceback_filtering_enabled
        debugging.set_log_device_placement
    """,
    "a whole module beside differentiation; not followed": """
        audio autograph bitwise compat data distribute dtensor experimental feature_column
        graph_util image io lite lookup metrics mlir profiler quantization queue ragged raw_ops
        saved_model security sets strings summary sysconfig tools tpu types version xla linalg.experimental
        nn.RNNCellDeviceWrapper nn.RNNCellDropoutWrapper nn.RNNCellResidualWrapper
    """,
    "sparse, ragged and other composite tensors; here tensors are dense": """
        sparse IndexedSlicesSpec NoneTensorSpec OptionalSpec RaggedTensor RaggedTensorSpec SparseTensor SparseTensorSpec
        TypeSpec type_spec_from_value ragged_fill_empty_rows ragged_fill_empty_rows_grad edit_distance
        nn.collapse_repeated nn.embedding_lookup_sparse nn.safe_embedding_lookup_sparse
    """,
    "text, bytes and handles; here tensors are numbers": """
        as_string fingerprint get_logger make_ndarray make_tensor_proto resource string timestamp variant
    """,
    "a format that NumPy lacks": "bfloat16 bitcast qint16 qint32 qint8 quint16 quint8",
    "a spelling that TensorFlow keeps beside another": """
        approx_top_k conv random_index_shuffle register_tensor_conversion_function
    """,
    "a second spelling without the defaults of `tf.signal`": "fftnd ifftnd irfftnd rfftnd",
    "patches are slices; `tf.signal.frame` and strided slices are covered": "extract_volume_patches",
    "quasi-random points, which depend on nothing": "math.sobol_sample",
    "pools of random sizes": "nn.fractional_avg_pool nn.fractional_max_pool",
    "a projection that finds its blocks by comparing values": "nn.isotonic_regression",
    "what `tf.nn.convolution` does with `dilations`": "nn.with_space_to_batch",
    "a kernel of TensorFlow's own gradients; the tape derives them": """
        conv2d_backprop_filter_v2 conv2d_backprop_input_v2
    """,
    "linear operators as objects; `tf.linalg` on their matrices is covered": """
        linalg.LinearOperator linalg.LinearOperatorAdjoint linalg.LinearOperatorBlockDiag
        linalg.LinearOperatorBlockLowerTriangular linalg.LinearOperatorCirculant linalg.LinearOperatorCirculant2D
        linalg.LinearOperatorCirculant3D linalg.LinearOperatorComposition linalg.LinearOperatorDiag
        linalg.LinearOperatorFullMatrix linalg.LinearOperatorHouseholder linalg.LinearOperatorIdentity
        linalg.LinearOperatorInversion linalg.LinearOperatorKronecker linalg.LinearOperatorLowRankUpdate
        linalg.LinearOperatorLowerTriangular linalg.LinearOperatorPermutation linalg.LinearOperatorScaledIdentity
        linalg.LinearOperatorToeplitz linalg.LinearOperatorTridiag linalg.LinearOperatorZeros
    """,
    "speech recognition by connectionist temporal classification, a speciality": """
        nn.ctc_beam_search_decoder nn.ctc_greedy_decoder nn.ctc_loss nn.ctc_unique_labels
    """,
    "sampling of classes; draws integers, nothing to differentiate": """
        nn.all_candidate_sampler nn.compute_accidental_hits nn.fixed_unigram_candidate_sampler
        nn.learned_unigram_candidate_sampler nn.nce_loss nn.sampled_softmax_loss random.all_candidate_sampler
        random.fixed_unigram_candidate_sampler random.learned_unigram_candidate_sampler
        random.log_uniform_candidate_sampler random.uniform_candidate_sampler
    """,
}
REASONS = {reason: tuple(names.split()) for reason, names in NAMES.items()}
