// The networks that bench/run.mjs generates: well-known architectures at full size, with random weights.
import { OnnxGraph } from './onnx-graph.mjs';

const image = (g, size = 224) => g.input('input', [1, 3, size, size]);

function classifier(g, x, from, classes = 1000) {
  return g.output(g.linear(g.op('Flatten', [g.averagePool(x)], { axis: 1 }), from, classes));
}

/** @param seed of the weights */
export function resnet18(seed = 18) {
  const g = new OnnxGraph(seed);
  let x = g.maxPool(g.relu(g.conv(image(g), 3, 64, { kernel: 7, stride: 2 })), 3, 2, 1);
  let from = 64;
  for (const [width, first] of [
    [64, 1],
    [128, 2],
    [256, 2],
    [512, 2],
  ])
    for (const stride of [first, 1]) {
      const short = stride > 1 || from !== width ? g.conv(x, from, width, { kernel: 1, stride, gain: 1 }) : x;
      x = g.relu(g.add(g.conv(g.relu(g.conv(x, from, width, { stride })), width, width, { gain: 0.7 }), short));
      from = width;
    }
  classifier(g, x, 512);
  return g;
}

/** ResNet-50, and ResNeXt where there are groups. */
function bottlenecks(groups, perGroup) {
  const g = new OnnxGraph(50 + groups);
  let x = g.maxPool(g.relu(g.conv(image(g), 3, 64, { kernel: 7, stride: 2 })), 3, 2, 1);
  let from = 64;
  for (const [width, blocks, first] of [
    [64, 3, 1],
    [128, 4, 2],
    [256, 6, 2],
    [512, 3, 2],
  ])
    for (let i = 0; i < blocks; i++) {
      const stride = i === 0 ? first : 1;
      const inner = Math.floor((width * perGroup) / 64) * groups;
      const short = i === 0 ? g.conv(x, from, 4 * width, { kernel: 1, stride, gain: 1 }) : x;
      const y = g.relu(g.conv(g.relu(g.conv(x, from, inner, { kernel: 1 })), inner, inner, { stride, group: groups }));
      x = g.relu(g.add(g.conv(y, inner, 4 * width, { kernel: 1, gain: 0.7 }), short));
      from = 4 * width;
    }
  classifier(g, x, 2048);
  return g;
}

const relu6 = (g, x) => g.op('Clip', [x, g.scalar(0), g.scalar(6)]);

function mobilenetV2() {
  const g = new OnnxGraph(2);
  let x = relu6(g, g.conv(image(g), 3, 32, { stride: 2 }));
  let from = 32;
  for (const [expand, to, blocks, first] of [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ])
    for (let i = 0; i < blocks; i++) {
      const inner = expand * from;
      let y = expand === 1 ? x : relu6(g, g.conv(x, from, inner, { kernel: 1 }));
      y = g.conv(relu6(g, g.conv(y, inner, inner, { stride: i === 0 ? first : 1, group: inner })), inner, to, {
        kernel: 1,
        gain: 1,
      });
      x = i > 0 ? g.add(x, y) : y;
      from = to;
    }
  classifier(g, relu6(g, g.conv(x, 320, 1280, { kernel: 1 })), 1280);
  return g;
}

const hardSwish = (g, x) => g.op('HardSwish', [x]);
const hardSigmoid = (g, x) => g.op('HardSigmoid', [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });

function squeezeExcite(g, x, width, inner, act, gate) {
  const pooled = g.averagePool(x);
  return g.mul(x, gate(g, g.conv(act(g, g.conv(pooled, width, inner, { kernel: 1 })), inner, width, { kernel: 1 })));
}

function mobilenetV3() {
  const g = new OnnxGraph(3);
  let x = hardSwish(g, g.conv(image(g), 3, 16, { stride: 2 }));
  let from = 16;
  const relu = (_, y) => g.relu(y);
  for (const [kernel, inner, to, excite, act, stride] of [
    [3, 16, 16, 0, relu, 1],
    [3, 64, 24, 0, relu, 2],
    [3, 72, 24, 0, relu, 1],
    [5, 72, 40, 24, relu, 2],
    [5, 120, 40, 32, relu, 1],
    [5, 120, 40, 32, relu, 1],
    [3, 240, 80, 0, hardSwish, 2],
    [3, 200, 80, 0, hardSwish, 1],
    [3, 184, 80, 0, hardSwish, 1],
    [3, 184, 80, 0, hardSwish, 1],
    [3, 480, 112, 120, hardSwish, 1],
    [3, 672, 112, 168, hardSwish, 1],
    [5, 672, 160, 168, hardSwish, 2],
    [5, 960, 160, 240, hardSwish, 1],
    [5, 960, 160, 240, hardSwish, 1],
  ]) {
    let y = inner === from ? x : act(g, g.conv(x, from, inner, { kernel: 1 }));
    y = act(g, g.conv(y, inner, inner, { kernel, stride, group: inner }));
    if (excite > 0) y = squeezeExcite(g, y, inner, excite, relu, hardSigmoid);
    y = g.conv(y, inner, to, { kernel: 1, gain: 1 });
    x = stride === 1 && from === to ? g.add(x, y) : y;
    from = to;
  }
  x = g.averagePool(hardSwish(g, g.conv(x, 160, 960, { kernel: 1 })));
  g.output(g.linear(hardSwish(g, g.linear(g.op('Flatten', [x], { axis: 1 }), 960, 1280)), 1280, 1000));
  return g;
}

const silu = (g, x) => g.silu(x);

function efficientnetB0() {
  const g = new OnnxGraph(4);
  let x = silu(g, g.conv(image(g), 3, 32, { stride: 2 }));
  let from = 32;
  for (const [expand, kernel, to, blocks, first] of [
    [1, 3, 16, 1, 1],
    [6, 3, 24, 2, 2],
    [6, 5, 40, 2, 2],
    [6, 3, 80, 3, 2],
    [6, 5, 112, 3, 1],
    [6, 5, 192, 4, 2],
    [6, 3, 320, 1, 1],
  ])
    for (let i = 0; i < blocks; i++) {
      const inner = expand * from;
      let y = expand === 1 ? x : silu(g, g.conv(x, from, inner, { kernel: 1 }));
      y = silu(g, g.conv(y, inner, inner, { kernel, stride: i === 0 ? first : 1, group: inner }));
      y = squeezeExcite(g, y, inner, Math.max(1, from / 4), silu, (_, s) => g.op('Sigmoid', [s]));
      y = g.conv(y, inner, to, { kernel: 1, gain: 1 });
      x = i > 0 ? g.add(x, y) : y;
      from = to;
    }
  classifier(g, silu(g, g.conv(x, 320, 1280, { kernel: 1 })), 1280);
  return g;
}

function convnextTiny() {
  const g = new OnnxGraph(5);
  const norm = (x, width) => g.transpose(g.layerNorm(g.transpose(x, [0, 2, 3, 1]), width), [0, 3, 1, 2]);
  let x = norm(g.conv(image(g), 3, 96, { kernel: 4, stride: 4, pad: 0 }), 96);
  let from = 96;
  for (const [width, blocks] of [
    [96, 3],
    [192, 3],
    [384, 9],
    [768, 3],
  ]) {
    if (width !== from) x = g.conv(norm(x, from), from, width, { kernel: 2, stride: 2, pad: 0 });
    for (let i = 0; i < blocks; i++) {
      const rows = g.layerNorm(g.transpose(g.conv(x, width, width, { kernel: 7, group: width }), [0, 2, 3, 1]), width);
      const mixed = g.dense(g.gelu(g.dense(rows, width, 4 * width)), 4 * width, width);
      x = g.add(x, g.transpose(g.mul(g.between([width], 0.2, 0.3), mixed), [0, 3, 1, 2]));
    }
    from = width;
  }
  const pooled = g.op('Flatten', [g.averagePool(x)], { axis: 1 });
  g.output(g.linear(g.layerNorm(pooled, 768), 768, 1000));
  return g;
}

/** The backbone and neck of a small detector: cuts, joints, upsampling, SiLU. */
function detector() {
  const g = new OnnxGraph(8);
  const cbs = (x, from, to, kernel = 1, stride = 1) => g.silu(g.conv(x, from, to, { kernel, stride }));
  const block = (x, from, to, repeats, short) => {
    const half = to / 2;
    const [a, b] = g.op('Split', [cbs(x, from, to), g.ints([half, half])], { axis: 1 }, 2);
    const all = [a, b];
    for (let i = 0; i < repeats; i++) {
      const last = all[all.length - 1];
      const y = cbs(cbs(last, half, half, 3), half, half, 3);
      all.push(short ? g.add(last, y) : y);
    }
    return cbs(g.concat(all), (2 + repeats) * half, to);
  };
  const up = (x) =>
    g.op('Resize', [x, '', g.tensor([4], Float32Array.of(1, 1, 2, 2))], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
  let x = cbs(cbs(image(g, 320), 3, 16, 3, 2), 16, 32, 3, 2);
  x = cbs(block(x, 32, 32, 1, true), 32, 64, 3, 2);
  const p3 = block(x, 64, 64, 2, true);
  const p4 = block(cbs(p3, 64, 128, 3, 2), 128, 128, 2, true);
  const p5 = block(cbs(p4, 128, 256, 3, 2), 256, 256, 1, true);
  let y = cbs(p5, 256, 128);
  const pools = [y];
  for (let i = 0; i < 3; i++) pools.push(g.maxPool(pools[i], 5, 1, 2));
  y = cbs(g.concat(pools), 512, 256);
  const n4 = block(g.concat([up(y), p4]), 384, 128, 1, false);
  const n3 = block(g.concat([up(n4), p3]), 192, 64, 1, false);
  const m4 = block(g.concat([cbs(n3, 64, 64, 3, 2), n4]), 192, 128, 1, false);
  const m5 = block(g.concat([cbs(m4, 128, 128, 3, 2), y]), 384, 256, 1, false);
  for (const [v, width] of [
    [n3, 64],
    [m4, 128],
    [m5, 256],
  ])
    g.output(g.conv(cbs(v, width, 64, 3), 64, 144, { kernel: 1 }));
  return g;
}

function unet() {
  const g = new OnnxGraph(9);
  const twice = (x, from, to) => g.relu(g.conv(g.relu(g.conv(x, from, to)), to, to));
  const levels = [];
  let x = image(g, 128);
  let from = 3;
  for (const width of [32, 64, 128, 256]) {
    x = twice(x, from, width);
    levels.push(x);
    x = g.maxPool(x, 2, 2);
    from = width;
  }
  x = twice(x, 256, 512);
  from = 512;
  for (const width of [256, 128, 64, 32]) {
    const up = g.op('ConvTranspose', [x, g.weight([from, width, 2, 2], from), g.between([width], -0.1, 0.1)], {
      kernel_shape: [2, 2],
      strides: [2, 2],
    });
    x = twice(g.concat([levels.pop(), up]), 2 * width, width);
    from = width;
  }
  g.output(g.conv(x, 32, 2, { kernel: 1 }));
  return g;
}

/** Self-attention with a product for each of q, k and v, as exporters of encoders write it. */
function attention(g, x, { batch, steps, width, heads }) {
  const dh = width / heads;
  const split = (y, perm) => g.transpose(g.reshape(y, [batch, steps, heads, dh]), perm);
  const q = split(g.dense(x, width, width), [0, 2, 1, 3]);
  const k = split(g.dense(x, width, width), [0, 2, 3, 1]);
  const v = split(g.dense(x, width, width), [0, 2, 1, 3]);
  const scores = g.op('Softmax', [g.op('Div', [g.op('MatMul', [q, k]), g.scalar(Math.sqrt(dh))])], { axis: -1 });
  const y = g.reshape(g.transpose(g.op('MatMul', [scores, v]), [0, 2, 1, 3]), [batch, steps, width]);
  return g.dense(y, width, width, 0.7);
}

/** Self-attention with one product for q, k and v together, as timm writes it. */
function attentionTogether(g, x, { batch, steps, width, heads }) {
  const dh = width / heads;
  const all = g.transpose(g.reshape(g.dense(x, width, 3 * width), [batch, steps, 3, heads, dh]), [2, 0, 3, 1, 4]);
  const [q, k, v] = [0, 1, 2].map((i) => g.op('Gather', [all, g.index(i)], { axis: 0 }));
  const scores = g.op('Softmax', [g.op('MatMul', [g.mul(q, g.scalar(dh ** -0.5)), g.transpose(k, [0, 1, 3, 2])])], {
    axis: -1,
  });
  const y = g.reshape(g.transpose(g.op('MatMul', [scores, v]), [0, 2, 1, 3]), [batch, steps, width]);
  return g.dense(y, width, width, 0.7);
}

function encoderBlock(g, x, shape, attend, before) {
  const { width } = shape;
  const feed = (y) => g.dense(g.gelu(g.dense(y, width, 4 * width)), 4 * width, width, 0.7);
  if (before) {
    const y = g.add(x, attend(g, g.layerNorm(x, width), shape));
    return g.add(y, feed(g.layerNorm(y, width)));
  }
  const y = g.layerNorm(g.add(x, attend(g, x, shape)), width);
  return g.layerNorm(g.add(y, feed(y)), width);
}

function transformer({
  steps = 128,
  width = 384,
  heads = 6,
  blocks = 4,
  before = true,
  opset = 17,
  attend = attention,
  batch = 1,
}) {
  const g = new OnnxGraph(steps + width + heads + blocks, opset);
  let x = g.input('input', [batch, steps, width]);
  for (let i = 0; i < blocks; i++) x = encoderBlock(g, x, { batch, steps, width, heads }, attend, before);
  g.output(x);
  return g;
}

function vit({ width = 384, heads = 6, blocks = 12 }) {
  const g = new OnnxGraph(width + heads + blocks);
  const patches = g.conv(image(g), 3, width, { kernel: 16, stride: 16, pad: 0, gain: 1 });
  const rows = g.transpose(g.reshape(patches, [1, width, 196]), [0, 2, 1]);
  let x = g.add(g.concat([g.between([1, 1, width], -1, 1), rows]), g.between([1, 197, width], -0.1, 0.1));
  for (let i = 0; i < blocks; i++)
    x = encoderBlock(g, x, { batch: 1, steps: 197, width, heads }, attentionTogether, true);
  g.output(g.linear(g.op('Gather', [g.layerNorm(x, width), g.index(0)], { axis: 1 }), width, 1000));
  return g;
}

function recurrent(opType, steps, hidden, gates) {
  const g = new OnnxGraph(steps + hidden);
  const x = g.input('input', [steps, 1, hidden]);
  const bound = 1 / Math.sqrt(hidden);
  const weights = [
    [1, gates * hidden, hidden],
    [1, gates * hidden, hidden],
    [1, 2 * gates * hidden],
  ].map((dims) => g.between(dims, -bound, bound));
  const [y] = g.op(
    opType,
    [x, ...weights],
    { hidden_size: hidden, ...(opType === 'GRU' ? { linear_before_reset: 1 } : {}) },
    2,
  );
  g.output(y);
  return g;
}

/** By name: what kind of network it is, and its model's bytes. */
export const NETWORKS = {
  resnet18: ['image', () => resnet18()],
  resnet50: ['image', () => bottlenecks(1, 64)],
  'resnext50-32x4d': ['image', () => bottlenecks(32, 4)],
  'mobilenet-v2': ['image', mobilenetV2],
  'mobilenet-v3-large': ['image', mobilenetV3],
  'efficientnet-b0': ['image', efficientnetB0],
  'convnext-tiny': ['image', convnextTiny],
  'detector-320': ['image', detector],
  'unet-128': ['image', unet],
  'vit-small-16': ['transformer', () => vit({})],
  'encoder-t128-d384': ['transformer', () => transformer({})],
  'encoder-t128-d384-h12-post': ['transformer', () => transformer({ heads: 12, before: false, opset: 13 })],
  'encoder-t197-d384': ['transformer', () => transformer({ steps: 197, attend: attentionTogether })],
  'encoder-t128-d768': ['transformer', () => transformer({ width: 768, heads: 12, blocks: 2 })],
  'lstm-t20-h512': ['recurrent', () => recurrent('LSTM', 20, 512, 4)],
  'lstm-t50-h256': ['recurrent', () => recurrent('LSTM', 50, 256, 4)],
  'gru-t50-h256': ['recurrent', () => recurrent('GRU', 50, 256, 3)],
};
