"""Why a public name of TensorFlow is not covered: each reason with the names that it holds for."""

GRAPH = "graphs, sessions and devices; here everything is eager"
WHOLE = "a whole module beside differentiation; not followed"
SPARSE = "sparse, ragged and other composite tensors; here tensors are dense"
STRING = "strings and bytes; here tensors are numbers"
SAMPLER = "sampling of classes; draws integers, nothing to differentiate"
OPERATORS = "linear operators as objects; the functions of `tf.linalg` on their matrices are covered"
KERNEL = "a kernel that serves TensorFlow's own gradients; gradtape derives them, so take the tape's gradient"
CTC = "speech recognition by connectionist temporal classification, a speciality"

REASONS = {
    GRAPH: """
        AggregationMethod CriticalSection DeviceSpec Graph Operation VariableAggregation VariableSynchronization
        check_pinned control_dependencies device get_current_name_scope get_static_value group guarantee_const
        import_graph_def init_scope inside_function is_symbolic_tensor load_library load_op_library name_scope no_op
        nondifferentiable_batch_function tuple variable_creator_scope RegisterGradient no_gradient
        TensorArray TensorArraySpec
    """.split(),
    WHOLE: """
        audio autograph bitwise compat config data debugging distribute dtensor dtypes experimental feature_column
        graph_util image initializers io lite lookup losses metrics mlir profiler quantization queue
        ragged raw_ops saved_model security sets strings summary sysconfig tools tpu train types version xla
        linalg.experimental
        nn.RNNCellDeviceWrapper nn.RNNCellDropoutWrapper nn.RNNCellResidualWrapper
    """.split(),
    SPARSE: """
        IndexedSlicesSpec NoneTensorSpec OptionalSpec RaggedTensor RaggedTensorSpec SparseTensor SparseTensorSpec
        TensorSpec TypeSpec type_spec_from_value ragged_fill_empty_rows ragged_fill_empty_rows_grad edit_distance
        nn.embedding_lookup_sparse nn.safe_embedding_lookup_sparse nn.collapse_repeated
    """.split(),
    STRING: "as_string fingerprint string resource variant make_ndarray make_tensor_proto get_logger timestamp".split(),
    "a format that NumPy lacks": "bfloat16 qint16 qint32 qint8 quint16 quint8 bitcast".split(),
    "a spelling that TensorFlow keeps beside another": """
        conv approx_top_k random_index_shuffle register_tensor_conversion_function
    """.split(),
    "a second spelling without the defaults of `tf.signal`": "fftnd ifftnd irfftnd rfftnd".split(),
    "patches are slices; `tf.signal.frame` and strided slices are covered": ["extract_volume_patches"],
    "quasi-random points, which depend on nothing": ["math.sobol_sample"],
    "pools of random sizes": "nn.fractional_avg_pool nn.fractional_max_pool".split(),
    "a projection that finds its blocks by comparing values": ["nn.isotonic_regression"],
    "what `tf.nn.convolution` does with `dilations`": ["nn.with_space_to_batch"],
    "Python functions run as they are here": "numpy_function py_function".split(),
    "initial values are drawn by `tf.random`": """
        constant_initializer ones_initializer random_normal_initializer random_uniform_initializer zeros_initializer
    """.split(),
    KERNEL: """
        conv2d_backprop_filter_v2 conv2d_backprop_input_v2 
        
    """.split(),
    OPERATORS: [
        "linalg.LinearOperator" + kind
        for kind in (
            "",
            *"Adjoint BlockDiag BlockLowerTriangular Circulant Circulant2D Circulant3D Composition Diag".split(),
            *"FullMatrix Householder Identity Inversion Kronecker LowRankUpdate LowerTriangular".split(),
            *"Permutation ScaledIdentity Toeplitz Tridiag Zeros".split(),
        )
    ],
    CTC: "nn.ctc_beam_search_decoder nn.ctc_greedy_decoder nn.ctc_loss nn.ctc_unique_labels".split(),
    SAMPLER: """
        nn.all_candidate_sampler nn.compute_accidental_hits nn.fixed_unigram_candidate_sampler
        nn.learned_unigram_candidate_sampler nn.nce_loss nn.sampled_softmax_loss random.all_candidate_sampler
        random.fixed_unigram_candidate_sampler random.learned_unigram_candidate_sampler
        random.log_uniform_candidate_sampler random.uniform_candidate_sampler
    """.split(),
}
