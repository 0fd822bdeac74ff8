import { refuse } from '../../diag/diagnostic.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import { DOMAIN } from './domain.js';

const LOOP = [
  'it generates text token by token, in a loop that holds whole models',
  'export the encoder and the decoder as models of their own, and write the loop around them',
] as const;
const CACHE = [
  'it works on a cache that is laid out for one kind of graphics card',
  'export for the CPU, or with MultiHeadAttention or GroupQueryAttention',
] as const;
const PACKED = [
  'its sequences are packed without padding, so that sizes depend on the data',
  'export before the optimization that removes padding',
] as const;
const BLOB = [
  'it holds a program for one device, which nothing else can run',
  'convert the model from before it was compiled for that device',
] as const;
const ORDER = [
  'its matrices are laid out for one kind of graphics card',
  'quantize with QLinearMatMul or MatMulNBits instead',
] as const;
const EXPERTS = ['it sends each token to experts chosen by the data', 'export the experts as MatMul and TopK'] as const;
const TEXT = ['TensorFlow.js cannot cut text into pieces', 'do it before the model, in JavaScript'] as const;

/** What can't be said in TensorFlow.js, or only as something else, and what to do instead. */
const REASONS: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  BeamSearch: LOOP,
  GreedySearch: LOOP,
  Sampling: LOOP,
  WhisperBeamSearch: LOOP,
  NGramRepeatBlock: ['it looks for repeated runs of tokens, step by step', 'do it in the loop that generates the text'],
  BifurcationDetector: [
    'it compares lists of tokens whose lengths depend on the data',
    'do it in the loop that generates the text',
  ],
  DecoderAttention: ['which of its caches are used is decided by inputs', 'export with MultiHeadAttention'],
  DecoderMaskedMultiHeadAttention: CACHE,
  DecoderMaskedSelfAttention: CACHE,
  PagedAttention: CACHE,
  SparseAttention: ['its blocks are listed by inputs', 'export with dense attention and a mask'],
  LongformerAttention: [
    'its window and its global tokens are chosen by inputs',
    'export with dense attention and a mask',
  ],
  PackedAttention: PACKED,
  PackedMultiHeadAttention: PACKED,
  RemovePadding: PACKED,
  RestorePadding: PACKED,
  EPContext: BLOB,
  Snpe: BLOB,
  QOrderedAttention: ORDER,
  QOrderedGelu: ORDER,
  QOrderedLayerNormalization: ORDER,
  QOrderedLongformerAttention: ORDER,
  QOrderedMatMul: ORDER,
  QuantizeWithOrder: ORDER,
  DequantizeWithOrder: ORDER,
  QuantizeBFP: ORDER,
  DequantizeBFP: ORDER,
  MoE: EXPERTS,
  QMoE: EXPERTS,
  Tokenizer: TEXT,
  WordConvEmbedding: [
    'it takes words as lists of characters whose lengths depend on the data',
    'compute the embeddings before the model',
  ],
  MurmurHash3: ['its products wrap at 32 bits, which TensorFlow.js computes wrongly', 'hash before the model'],
  DynamicTimeWarping: [
    'its path is found step by step, and its length depends on the data',
    'compute it after the model',
  ],
  DynamicQuantizeLSTM: ['each of its steps is quantized anew by the data', 'export an LSTM with float weights'],
  AttnLSTM: ['it is an LSTM that attends to a memory in each step', 'export it as a Scan or Loop'],
  SparseToDenseMatMul: ['its operand is sparse, and TensorFlow.js has dense tensors only', 'export with dense weights'],
  MatMulBnb4: ['its weights are in a code of bitsandbytes', 'quantize with MatMulNBits instead'],
  MatMulFpQ4: ['its weights are packed for one kind of processor', 'quantize with MatMulNBits instead'],
};

export default Object.entries(REASONS).map(([name, [reason, remedy]]) =>
  defineOp({
    name,
    domain: DOMAIN,
    summary: 'refused',
    limits: reason,
    read: { 1: noAttributes },
    infer: () => refuse(`${name}: ${reason}`, remedy),
  }),
);
