// docs/performance.md from what bench/run.mjs measured.

const KINDS = {
  image: 'Convolutional networks',
  transformer: 'Transformers',
  recurrent: 'Recurrent networks',
  small: 'Small and stored models',
};

/** The ratio of tfjs-wasm to onnxruntime-web that a network is to stay below; no bound for what the executor decides. */
export function goalOf({ kind, model, ort }) {
  if (kind === 'image') return ort >= 10 ? 1.1 : Infinity;
  if (kind === 'transformer') return 1.2;
  if (kind === 'recurrent') return model.includes('t20') ? 2 : 5;
  return Infinity;
}

const ms = (x) => (x < 10 ? x.toFixed(2) : x < 100 ? x.toFixed(1) : x.toFixed(0));
const mb = (x) => (x / 2 ** 20).toFixed(x < 2 ** 23 ? 2 : 0);
/** Of the time computed in the quicker runs, and of medians. */
const both = (r) => `**${r.cpu === null ? '–' : r.cpu.toFixed(2)}** (${(r.tfjs / r.ort).toFixed(2)})`;
const table = (head, rows) =>
  [`| ${head.join(' | ')} |`, `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`]
    .concat(rows.map((r) => `| ${r.join(' | ')} |`))
    .join('\n');
const mean = (list) => Math.exp(list.reduce((n, x) => n + Math.log(x), 0) / list.length);

export function page(r) {
  const out = [
    '# How fast, and how large',
    '',
    '<!-- Written by `npm run bench`. -->',
    '',
    `Measured on ${r.date}, ${r.machine.cores} cores of ${r.machine.cpu}, Node ${r.machine.node}, by \`npm run bench\` ` +
      `(bench/run.mjs), load average up to ${r.machine.load}. Read the ratios: both sides run in turn in one process and share what ` +
      'other work there is; on a busy machine milliseconds are longer than they need be. TensorFlow.js 4.22 and onnxruntime-web ' +
      '1.30, both WASM with SIMD on one thread. Of two measurements of one graph the quieter one stands. How the written graph comes ' +
      'to be, and what was tried: [fast-forms.md](fast-forms.md).',
  ];
  const part = (title, ...text) => out.push('', `## ${title}`, '', ...text);
  if (r.networks) networks(r.networks, part);
  if (r.profiles) profiles(r, part);
  if (r.networks && r.bytes) fetched(r, part);
  converter(r, part);
  if (r.bytes) sizes(r.bytes, part);
  if (r.node) native(r.node, part);
  return `${out.join('\n')}\n`;
}

function networks(all, part) {
  const graph = all.filter((r) => r.format === 'graph-model');
  for (const [kind, title] of Object.entries(KINDS)) {
    const names = [...new Set(graph.filter((r) => r.kind === kind).map((r) => r.model))];
    if (names.length === 0) continue;
    const row = (model) => {
      const of = (format, target) =>
        all.find((r) => r.model === model && r.format === format && r.target === target && !r.refused);
      const [any, wasm, layers] = [of('graph-model', 'any'), of('graph-model', 'wasm'), of('layers-model', 'any')];
      if (!any || !wasm) return undefined;
      return [
        model,
        ms(wasm.ort),
        `${ms(wasm.tfjs)} (${ms(wasm.tfjsSpread[0])}–${ms(wasm.tfjsSpread[1])})`,
        both(any),
        both(wasm),
        layers ? both(layers) : '–',
        `${any.ops}, ${wasm.ops} of ${wasm.nodes ?? '–'}`,
        `${ms(any.loadTf)} / ${ms(any.loadOrt)}`,
        `${ms(any.firstTf)} / ${ms(any.firstOrt)}`,
      ];
    };
    const rows = names.map(row).filter((x) => x !== undefined);
    const judged = graph.filter((r) => r.kind === kind && !r.refused && (kind !== 'image' || r.ort >= 10));
    const means = ['any', 'wasm'].map((t) => {
      const list = judged.filter((r) => r.target === t);
      return list.length > 0
        ? `${t} **${mean(list.filter((r) => r.cpu !== null).map((r) => r.cpu)).toFixed(2)}** (${mean(list.map((r) => r.tfjs / r.ort)).toFixed(2)})`
        : '';
    });
    part(
      title,
      'Milliseconds a run: medians, with the middle half. Ratios to onnxruntime-web: of the time that each computed in the ' +
        'quickest tenth of its runs, which other work on the machine touches least, and in parentheses of the medians; for the graph-model of target `any` and ' +
        '`wasm`, and the layers-model (`–`: not possible, or too short for the system to count). Ops written for `any` and `wasm`, of nodes in the ' +
        'source. Load and first inference: TensorFlow.js / onnxruntime-web.',
      '',
      table(['', 'ORT', 'tfjs, wasm', 'any', 'wasm', 'layers-model', 'ops', 'load', 'first'], rows),
      '',
      `Geometric mean${kind === 'image' ? ' of those that take onnxruntime-web 10 ms or more' : ''}: ${means.join(', ')}.`,
    );
  }
}

function profiles(r, part) {
  const entries = Object.entries(r.profiles);
  if (entries.length === 0) return;
  part(
    'Where the time goes',
    'Of those above their goal (1.1 for convolutional networks from 10 ms on, 1.2 for transformers, 2 for the LSTM of 20 steps, ' +
      '5 for those of 50): milliseconds in each kernel of tfjs-wasm, target `wasm`, the quickest of 15 runs. To that comes the executor: 3 to 11 ' +
      'microseconds an op, which no graph can change but by having fewer.',
    '',
    table(
      ['', 'in kernels', 'of these, calls × and milliseconds'],
      entries.map(([name, { rows }]) => {
        const within = rows.reduce((n, k) => n + k.ms, 0);
        const most = rows.slice(0, 6).map((k) => `${k.kernel} ${Math.round(k.calls)}× ${ms(k.ms)}`);
        return [name, ms(within), most.join(', ')];
      }),
    ),
  );
}

function fetched(r, part) {
  const { runtimes } = r.bytes;
  const rows = r.networks.filter((x) => x.gzip !== undefined && x.target === 'any' && x.bytes < 5 * 2 ** 20);
  part(
    'Bytes before the first inference',
    'Megabytes that a browser fetches: the runtime (for TensorFlow.js the core, the WASM backend with its SIMD binary, and the ' +
      'reader of the format; for onnxruntime-web its WASM-only build) and the model. `gzip`: all of it at level 6, as a CDN sends it.',
    '',
    table(
      ['runtime', 'as it is', 'gzip'],
      Object.entries(runtimes).map(([name, { bytes, gzip }]) => [
        name === 'onnxruntime' ? 'onnxruntime-web' : `TensorFlow.js for a ${name}`,
        mb(bytes),
        mb(gzip),
      ]),
    ),
    '',
    table(
      [
        'model below 5 MB',
        'format',
        'model',
        'with runtime',
        'ORT, with runtime',
        'ratio',
        'gzip',
        'ORT, gzip',
        'ratio',
      ],
      rows.map((x) => {
        const [own, other] = [runtimes[x.format], runtimes.onnxruntime];
        const [a, b] = [x.bytes + own.bytes, x.sourceBytes + other.bytes];
        const [c, d] = [x.gzip + own.gzip, x.sourceGzip + other.gzip];
        return [x.model, x.format, mb(x.bytes), mb(a), mb(b), (a / b).toFixed(2), mb(c), mb(d), (c / d).toFixed(2)];
      }),
    ),
    '',
    'Weights weigh the same on both sides and gzip hardly shrinks them, so that the ratio of larger models is that of the ' +
      'weights: below a quarter are those up to about 3 MB, and up to 0.8 MB gzipped. Weights in half precision halve that share.',
  );
}

function converter(r, part) {
  if (r.conversions)
    part(
      'Converting',
      'Models of large MatMuls, without verifying, from start to exit of the command; peak memory of all its processes ' +
        '(resident, ten times a second), and what of it the processes take before any model.',
      '',
      table(
        [
          'model',
          'tensors',
          'seconds',
          'copying alone',
          'bound: 3 × copying + 0.5 s',
          'peak MB',
          'bound: 250 MB + largest',
        ],
        r.conversions.map((x) => [
          `${mb(x.bytes)} MB`,
          x.tensors,
          (x.took / 1000).toFixed(2),
          (x.copy / 1000).toFixed(2),
          ((3 * x.copy) / 1000 + 0.5).toFixed(2),
          mb(x.peak),
          `${mb(250 * 2 ** 20 + x.largest)}`,
        ]),
      ),
      ...(r.manyNodes
        ? ['', `A chain of ${r.manyNodes.nodes} nodes: ${(r.manyNodes.took / 1000).toFixed(2)} s from start to exit.`]
        : []),
    );
  if (r.startUp)
    part(
      'Start-up',
      'Milliseconds from start to exit, and those beyond what Node takes to run nothing.',
      '',
      table(
        ['', 'ms', 'beyond Node'],
        Object.entries(r.startUp).map(([name, x]) => [
          name === 'node' ? 'Node alone' : name,
          ms(x),
          name === 'node' ? '' : ms(x - r.startUp.node),
        ]),
      ),
    );
  if (r.tenModels)
    part(
      'The whole run',
      `Ten models of ResNet-18's size (${mb(r.tenModels.bytes)} MB), converted and verified on WASM against stored references, ` +
        `after a first run: ${(r.tenModels.all / 1000).toFixed(1)} s. One load and one first inference of each in tfjs-wasm, one ` +
        `after another: ${(r.tenModels.sum / 1000).toFixed(1)} s. The same run over one model of one node, which is start-up: ` +
        `${(r.tenModels.startUp / 1000).toFixed(1)} s. Ratio without start-up: ` +
        `${((r.tenModels.all - r.tenModels.startUp) / r.tenModels.sum).toFixed(2)}; with it: ${(r.tenModels.all / r.tenModels.sum).toFixed(2)}.`,
    );
}

function sizes({ parts }, part) {
  const total = parts.reduce((n, p) => n + p.bytes, 0);
  part(
    'What dist/ is made of',
    table(
      ['', 'files', 'kB', 'share'],
      [...parts, { part: 'all', files: parts.reduce((n, p) => n + p.files, 0), bytes: total }].map((p) => [
        p.part,
        p.files,
        (p.bytes / 1000).toFixed(0),
        `${((100 * p.bytes) / total).toFixed(1)} %`,
      ]),
    ),
  );
}

function native(node, part) {
  const missing = Object.entries(node)
    .filter(([, there]) => !there)
    .map(([name]) => name);
  part(
    'Native runtimes',
    missing.length > 0
      ? `Not measured: ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not installed here (their installers download binaries).`
      : 'Both are installed here, and are not part of this page yet.',
  );
}
