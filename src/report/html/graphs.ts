import { counted } from '../figures.js';
import { type Drawn, type DrawnNet, drawnNets } from '../drawing/blocks.js';
import { type Placed, place } from '../drawing/layout.js';
import { shorten, visible } from '../../diag/escape.js';
import type { Dim, Graphs, ModelReport, NetNode } from '../types.js';
import { h, join, type Markup } from './markup.js';
import type { Section } from './section.js';

/**
 * The source and what it became, side by side. What belongs together bears the same numbers (`data-o`, places of ONNX nodes
 * in the file), and lights up together.
 */
export const graphs: Section = {
  title: 'Graphs',
  body({ model, id, graphNodes }) {
    const nets = model.graphs;
    if (nets === undefined || nets.source.nodes.length === 0) return undefined;
    const needed = Math.max(nets.source.nodes.length, nets.written?.nodes.length ?? 0);
    if (graphNodes < Math.min(needed, LEAST))
      return h`<p class="hint">Left out, so that the page stays small; report.json has them.</p>`;
    const drawn = drawnNets(nets.source, nets.written, graphNodes, markedPlaces(model));
    const source = pane('Source (ONNX)', drawn.source);
    if (source === undefined) return h`<p class="hint">Too large to be drawn; report.json has them.</p>`;
    const written = drawn.written && pane(`Written (${model.format ?? ''})`, drawn.written);
    return h`<div class="nets" id="${id}g"><p class="tools"><button type="button" data-zoom="out">Zoom out</button> <button type="button" data-zoom="in">Zoom in</button> <button type="button" data-zoom="fit">Fit</button> <output class="hint">${hint(nets, drawn)}</output></p>
<div class="panes">${source}${written}</div>
${legend(nets, model)}</div>`;
  },
};

/** Fewer nodes than this for both graphs say nothing. */
const LEAST = 12;

/** The diverging node, and those that were refused. */
function markedPlaces({ graphs: nets, divergence, diagnostics, status }: ModelReport): Set<number> {
  const marked = new Set<number>();
  if (divergence?.index !== undefined)
    for (const at of [divergence.index, ...(divergence.group ?? []).map((g) => g.index)]) marked.add(at);
  else if (divergence !== undefined)
    for (const { onnx, number, name } of nets?.source.nodes ?? []) {
      const isIt = divergence.source === undefined ? name === divergence.node : number === divergence.source;
      if (isIt && onnx[0] !== undefined) marked.add(onnx[0]);
    }
  if (status === 'unsupported' || status === 'error')
    for (const { place, severity } of diagnostics)
      if (place.index !== undefined && (severity === 'unsupported' || severity === 'error')) marked.add(place.index);
  return marked;
}

function hint(nets: Graphs, drawn: { source: DrawnNet }): string {
  const collapsed = drawn.source.nodes.length < nets.source.nodes.length;
  return `${collapsed ? 'Nodes that follow each other are drawn as one block. ' : ''}Point at a node to see what belongs to it; with the keyboard, n and p go from node to node, + and − zoom.`;
}

function legend({ source, written }: Graphs, model: ModelReport): Markup {
  const fates = new Set(source.nodes.map((node) => node.became));
  const words = [
    fates.has('fused') && h`<span class="key fused">fused into another</span>`,
    (fates.has('folded') || fates.has('unused')) &&
      h`<span class="key folded">computed beforehand, or not needed</span>`,
    markedPlaces(model).size > 0 &&
      h`<span class="key marked">${written === undefined ? 'not supported' : 'the first that differs'}</span>`,
  ];
  return h`<p class="hint keys">${join(words, ' ')}</p>`;
}

function pane(title: string, net: DrawnNet): Markup | undefined {
  const boxes = net.nodes.map(box);
  const placed = place({ sizes: boxes.map(({ width, height }) => ({ width, height })), edges: net.edges });
  if (placed === undefined) return undefined;
  const nodes = net.nodes.map((node, i) =>
    drawNode(node, boxes[i] as Box, placed.corners[i] as { x: number; y: number }),
  );
  const { width, height } = placed;
  const count = net.nodes.reduce((sum, { members }) => sum + members.filter((m) => m.kind === 'node').length, 0);
  return h`<figure><figcaption>${title}: ${counted(count, 'node')}</figcaption>
<div class="pane" role="group" tabindex="0" aria-label="${title}"><svg class="net" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title} as a graph of ${counted(net.nodes.length, 'box', 'boxes')}; the same is below as a table"><g class="e" marker-end="url(#arrow)">${edges(placed)}</g>${join(nodes, '\n')}</svg></div></figure>`;
}

/** The head of an arrow, once on the page. */
export const ARROW = h`<svg width="0" height="0" aria-hidden="true" class="defs"><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0l8 4l-8 4z"/></marker></defs></svg>`;

/** Straight where it can be, else rounded at its bends. */
function edges({ ways }: Placed): Markup {
  const way = (points: { x: number; y: number }[]): Markup[] =>
    points.map(({ x, y }, i) => {
      const next = points[i + 1];
      if (i === 0) return h`M${x} ${y}`;
      if (next === undefined) return h`L${x} ${y}`;
      const [mx, my] = [Math.round((x + next.x) / 2), Math.round((y + next.y) / 2)];
      return h`Q${x} ${y} ${mx} ${my}`;
    });
  return join(ways.map((points) => h`<path d="${way(points)}"/>`));
}

interface Box {
  width: number;
  height: number;
  /** From top to bottom; the first is the title. */
  lines: string[];
}

/** Pixels of a letter, of a line, and around the text. */
const LETTER = 6.4;
const LINE = 14;
const PADDING = { x: 9, y: 6 };
/** Longer lines are shortened in the middle; the tooltip has them whole. */
const LONGEST = 30;

function box({ members }: Drawn): Box {
  const [first] = members;
  const lines = members.length === 1 ? nodeLines(first as NetNode) : blockLines(members);
  const short = lines.filter((line) => line !== '').map((line) => shorten(visible(line), LONGEST));
  const longest = short.reduce((most, line) => Math.max(most, line.length), 4);
  return {
    lines: short,
    width: Math.round(longest * LETTER) + 2 * PADDING.x,
    height: short.length * LINE + 2 * PADDING.y,
  };
}

function nodeLines({ kind, op, name, shape, weights = [] }: NetNode): string[] {
  const [first] = weights;
  const more = weights.length > 1 ? ` +${weights.length - 1}` : '';
  return [
    kind === 'node' ? op : name,
    first === undefined ? '' : `⟨${sizes(first.shape)}⟩${more}`,
    shape === undefined ? '' : sizes(shape),
  ];
}

function blockLines(members: readonly NetNode[]): string[] {
  return [
    scopeOf(members) || counted(members.length, 'node'),
    ...operators(members).slice(0, 3),
    sizes(members.at(-1)?.shape ?? []),
  ];
}

/** `Conv ×4`, the most frequent first. */
function operators(members: readonly NetNode[]): string[] {
  const counts = new Map<string, number>();
  for (const { op } of members) counts.set(op, (counts.get(op) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([op, n]) => (n === 1 ? op : `${op} ×${n}`));
}

/** What the names of a block's nodes begin with, by whole steps: `/layer1/layer1.0`. */
function scopeOf(members: readonly NetNode[]): string {
  const [first = [], ...rest] = members.map(({ name }) => name.split('/').slice(0, -1));
  let n = first.length;
  for (const steps of rest) while (n > 0 && steps[n - 1] !== first[n - 1]) n--;
  return first.slice(0, n).join('/');
}

const sizes = (shape: readonly Dim[]): string => (shape.length === 0 ? '' : shape.map((d) => d ?? '?').join('×'));

function drawNode(node: Drawn, { width, height, lines }: Box, { x, y }: { x: number; y: number }): Markup {
  const texts = lines.map(
    (line, i) => h`<text x="${width / 2}" y="${PADDING.y + LINE * i + 11}"${i > 0 && h` class="s"`}>${line}</text>`,
  );
  return h`<g class="${classes(node)}"${node.onnx.length > 0 && h` data-o="${ranges(node.onnx)}"`} transform="translate(${x},${y})"><title>${tooltip(node)}</title><rect width="${width}" height="${height}" rx="4"/>${texts}</g>`;
}

function classes({ members, marked }: Drawn): string {
  const [first] = members as [NetNode];
  const alone = members.length === 1;
  const all = (fates: readonly (string | undefined)[]) => members.every(({ became }) => fates.includes(became));
  return [
    first.kind !== 'node' ? 'io' : alone ? categoryOf(first.op) : 'block',
    all(['fused']) ? 'fused' : all(['folded', 'unused']) ? 'folded' : '',
    marked ? 'marked' : '',
  ]
    .filter((name) => name !== '')
    .join(' ');
}

/** What kind of work an operator or layer does, by its name in ONNX, Keras or TensorFlow: for its colour alone. */
const CATEGORIES: readonly [RegExp, string][] = [
  [/conv|gemm|matmul|dense|lstm|gru|rnn|einsum|attention/i, 'weighty'],
  [/norm|^lrn$/i, 'norm'],
  [/pool|reduce|^mean$|^sum$|^max$|^min$|argm/i, 'pool'],
  [/relu|sigmoid|tanh|softmax|softplus|swish|gelu|elu|activation|clip|erf/i, 'act'],
  [
    /reshape|transpose|permute|flatten|squeeze|expanddims|concat|slice|pad|split|unpack|gather|crop|resize|upsampl|cast|shape|tile|expand/i,
    'shape',
  ],
];

function categoryOf(op: string): string {
  return CATEGORIES.find(([pattern]) => pattern.test(op))?.[1] ?? 'other';
}

/** `3-7 9`: places in order, runs of them short. */
function ranges(places: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < places.length; ) {
    let j = i;
    while (places[j + 1] === (places[j] as number) + 1) j++;
    parts.push(i === j ? `${places[i]}` : `${places[i]}-${places[j]}`);
    i = j + 1;
  }
  return parts.join(' ');
}

function tooltip({ members }: Drawn): string {
  const [first] = members as [NetNode];
  if (members.length > 1) {
    const last = members.at(-1) as NetNode;
    return `${counted(members.length, 'node')}, ${first.name} to ${last.name}: ${operators(members).join(', ')}`;
  }
  const { kind, op, name, number, became, shape, weights = [] } = first;
  return [
    kind === 'node' ? `${op} ${name}` : `${kind} ${name}`,
    number === undefined ? '' : `, number ${number}`,
    became === undefined ? '' : `: ${became}`,
    shape === undefined ? '' : `; [${shape.map((d) => d ?? '?').join(', ')}]`,
    ...weights.map((w) => `; ${w.name} [${w.shape.join(', ')}]`),
  ].join('');
}
