/**
 * Which names of PyTorch's eager quantization docs/names.md lists. `entries` are files of src/entry/ that may export ours, the first that does counts; `core`, `more` and `rare` are names within
 * `python`, "name=ours" where ours does not follow from it, "module:name" where it lies in a module below. Rare ones are listed where they are here.
 */
export const GROUPS = [
  {
    title: 'Flows and helpers', python: 'torch.ao.quantization', entries: ['torch/quantization', 'quantize'],
    core: `quantize quantize_dynamic quantize_qat prepare prepare_qat convert fuse_modules fuse_modules_qat QuantStub DeQuantStub enable_fake_quant disable_fake_quant enable_observer disable_observer`,
    more: `QuantWrapper add_quant_dequant propagate_qconfig_ quantize:_add_observer_ swap_module get_observer_state_dict load_observer_state_dict quantize:_get_observer_dict
      get_default_static_quant_module_mappings get_default_qat_module_mappings get_default_dynamic_quant_module_mappings get_embedding_static_quant_module_mappings get_embedding_qat_module_mappings
      get_default_qconfig_propagation_list get_default_compare_output_module_list get_static_quant_module_class get_dynamic_quant_module_class
      get_fuser_method fuse_conv_bn fuse_conv_bn_relu=fuseConvBnReLU fuse_linear_bn fuse_convtranspose_bn=fuseConvTransposeBn fuser_method_mappings:_DEFAULT_OP_LIST_TO_FUSER_METHOD=DEFAULT_FUSER_METHODS`,
    rare: `get_quantized_operator get_default_float_to_quantized_operator_mappings get_default_static_quant_reference_module_mappings get_default_dynamic_sparse_quant_module_mappings
      get_default_static_sparse_quant_module_mappings DEFAULT_STATIC_QUANT_MODULE_MAPPINGS DEFAULT_QAT_MODULE_MAPPINGS DEFAULT_DYNAMIC_QUANT_MODULE_MAPPINGS quantize:_register_activation_post_process_hook
      quantize:is_activation_post_process quantize:_get_unique_devices_ no_observer_set qconfig_equals qconfig:_activation_is_memoryless qconfig:_add_module_to_qconfig_obs_ctr qconfig:_assert_valid_qconfig
      qconfig:_is_reuse_input_qconfig default_eval_fn QuantType script_qconfig script_qconfig_dict`,
  },
  {
    title: 'QConfigs', python: 'torch.ao.quantization', entries: ['torch/quantization', 'quantize'],
    core: `QConfig get_default_qconfig get_default_qat_qconfig default_qconfig default_dynamic_qconfig default_per_channel_qconfig per_channel_dynamic_qconfig default_qat_qconfig default_qat_qconfig_v2`,
    more: `QConfigMapping get_default_qconfig_mapping get_default_qat_qconfig_mapping float16_dynamic_qconfig float16_static_qconfig float_qparams_weight_only_qconfig float_qparams_weight_only_qconfig_4bit
      default_weight_only_qconfig default_activation_only_qconfig default_dynamic_qat_qconfig default_debug_qconfig default_embedding_qat_qconfig default_embedding_qat_qconfig_4bit default_symmetric_qnnpack_qconfig
      default_symmetric_qnnpack_qat_qconfig default_per_channel_symmetric_qnnpack_qconfig default_per_channel_symmetric_qnnpack_qat_qconfig default_reuse_input_qconfig`,
    rare: `QConfigDynamic get_default_qconfig_dict get_default_qat_qconfig_dict default_quint8_weight_qconfig`,
  },
  {
    title: 'Observers', python: 'torch.ao.quantization', entries: ['torch/quantization', 'quantize'],
    core: `MinMaxObserver MovingAverageMinMaxObserver PerChannelMinMaxObserver MovingAveragePerChannelMinMaxObserver HistogramObserver`,
    more: `PlaceholderObserver NoopObserver RecordingObserver FixedQParamsObserver default_observer default_placeholder_observer default_debug_observer default_weight_observer
      weight_observer_range_neg_127_to_127 default_histogram_observer default_per_channel_weight_observer per_channel_weight_observer_range_neg_127_to_127 default_dynamic_quant_observer default_float_qparams_observer
      default_float_qparams_observer_4bit default_fixed_qparams_range_neg1to1_observer=defaultFixedQParamsRangeNeg1to1Observer default_fixed_qparams_range_0to1_observer=defaultFixedQParamsRange0to1Observer
      default_symmetric_fixed_qparams_observer default_affine_fixed_qparams_observer default_reuse_input_observer`,
    rare: `ReuseInputObserver ObserverBase UniformQuantizationObserverBase AffineQuantizedObserverBase`,
  },
  {
    title: 'Fake-quantizes', python: 'torch.ao.quantization', entries: ['torch/quantization'],
    core: `FakeQuantize FusedMovingAvgObsFakeQuantize FakeQuantizeBase`,
    more: `FixedQParamsFakeQuantize default_fake_quant default_weight_fake_quant default_per_channel_weight_fake_quant default_histogram_fake_quant default_fused_act_fake_quant default_fused_wt_fake_quant
      default_fused_per_channel_wt_fake_quant fused_wt_fake_quant_range_neg_127_to_127 fused_per_channel_wt_fake_quant_range_neg_127_to_127 default_dynamic_fake_quant default_embedding_fake_quant
      default_embedding_fake_quant_4bit default_fixed_qparams_range_neg1to1_fake_quant=defaultFixedQParamsRangeNeg1to1FakeQuant default_fixed_qparams_range_0to1_fake_quant=defaultFixedQParamsRange0to1FakeQuant
      default_symmetric_fixed_qparams_fake_quant default_affine_fixed_qparams_fake_quant`,
  },
  {
    title: 'int8 modules', python: 'torch.ao.nn.quantized', entries: ['torch/nn/quantized'],
    core: `Linear Conv1d Conv2d Quantize DeQuantize FloatFunctional QFunctional`,
    more: `Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d BatchNorm2d BatchNorm3d ReLU6 Hardswish LeakyReLU ELU Sigmoid Softmax Embedding EmbeddingBag MaxPool2d Dropout`,
    rare: `GroupNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d LayerNorm PReLU LSTM MultiheadAttention FXFloatFunctional`,
  },
  {
    title: 'int8 functions', python: 'torch.ao.nn.quantized.functional', entries: ['torch/nn/quantized/functional'],
    more: `conv1d conv2d conv3d linear adaptive_avg_pool2d adaptive_avg_pool3d avg_pool2d avg_pool3d max_pool1d max_pool2d interpolate upsample upsample_bilinear upsample_nearest celu clamp elu hardsigmoid hardswish
      hardtanh leaky_relu threshold`,
  },
  {
    title: 'Dynamic modules', python: 'torch.ao.nn.quantized.dynamic', entries: ['torch/nn/quantized/dynamic'],
    core: `Linear LSTM`, more: `GRU LSTMCell GRUCell RNNCell`, rare: `Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d`,
  },
  { title: 'QAT modules', python: 'torch.ao.nn.qat', entries: ['torch/nn/qat'], core: `Linear Conv2d`, more: `Conv1d Conv3d Embedding EmbeddingBag` },
  { title: 'QAT modules, dynamic', python: 'torch.ao.nn.qat.dynamic', entries: ['torch/nn/qat/dynamic'], rare: `Linear` },
  {
    title: 'Fused float modules', python: 'torch.ao.nn.intrinsic', entries: ['torch/nn/intrinsic'],
    core: `ConvReLU2d LinearReLU ConvBn2d ConvBnReLU2d`,
    more: `ConvReLU1d ConvReLU3d ConvBn1d ConvBn3d ConvBnReLU1d ConvBnReLU3d BNReLU2d BNReLU3d LinearBn1d`, rare: `ConvAdd2d ConvAddReLU2d LinearLeakyReLU LinearTanh`,
  },
  {
    title: 'Fused modules in training', python: 'torch.ao.nn.intrinsic.qat', entries: ['torch/nn/intrinsic/qat'],
    core: `ConvBn2d ConvBnReLU2d ConvReLU2d LinearReLU`,
    more: `ConvBn1d ConvBn3d ConvBnReLU1d ConvBnReLU3d ConvReLU1d ConvReLU3d LinearBn1d freeze_bn_stats update_bn_stats`,
  },
  {
    title: 'Fused int8 modules', python: 'torch.ao.nn.intrinsic.quantized', entries: ['torch/nn/intrinsic/quantized'],
    core: `ConvReLU2d LinearReLU`, more: `ConvReLU1d ConvReLU3d BNReLU2d BNReLU3d`, rare: `ConvAdd2d ConvAddReLU2d LinearLeakyReLU LinearTanh`,
  },
  { title: 'Fused dynamic modules', python: 'torch.ao.nn.intrinsic.quantized.dynamic', entries: ['torch/nn/intrinsic/quantized/dynamic'], more: `LinearReLU` },
  { title: 'Modules for custom static quantization', python: 'torch.ao.nn.quantizable', entries: ['torch/nn/quantizable'], rare: `LSTM LSTMCell MultiheadAttention` },
  { title: 'Engines', python: 'torch.backends.quantized', entries: ['torch#backends.quantized'], core: `engine supported_engines` },
  {
    title: 'Codes and what they mean', python: 'torch', entries: ['torch'],
    core: `quantize_per_tensor quantize_per_channel quantize_per_tensor_dynamic dequantize int_repr q_scale q_zero_point q_per_channel_scales q_per_channel_zero_points q_per_channel_axis
      fake_quantize_per_tensor_affine fake_quantize_per_channel_affine _choose_qparams_per_tensor`,
    more: `_make_per_tensor_quantized_tensor _make_per_channel_quantized_tensor load save`,
  },
  { title: 'Methods of tensors', python: 'torch.Tensor', entries: ['torch#Tensor.prototype'], core: `int_repr q_scale q_zero_point q_per_channel_scales q_per_channel_zero_points q_per_channel_axis qscheme dequantize is_quantized` },
  {
    title: 'Numeric Suite', python: 'torch.ao.ns._numeric_suite', entries: ['torch/ns'],
    more: `compare_weights compare_model_outputs compare_model_stub Logger ShadowLogger OutputLogger Shadow prepare_model_with_stubs prepare_model_outputs get_logger_dict get_matching_activations`,
  },
  { title: 'Folding', python: 'torch.nn.utils.fusion', entries: ['torch/quantization'], more: `fuse_conv_bn_weights`, rare: `fuse_conv_bn_eval fuse_linear_bn_eval fuse_linear_bn_weights` },
]

/** Why a name is not here, by its full name. */
export const REASONS = {
  'torch.ao.nn.quantized.ConvTranspose3d': 'there is no ConvTranspose3d in float either',
  ...Object.fromEntries(['int_repr', 'q_scale', 'q_zero_point', 'q_per_channel_scales', 'q_per_channel_zero_points', 'q_per_channel_axis'].map((name) =>
    [`torch.Tensor.${name}`, `a function of \`octavo/torch\`, as \`torch.${name}\``])),
  'torch.Tensor.qscheme': '`qScheme(x)` of `octavo/torch`',
}
