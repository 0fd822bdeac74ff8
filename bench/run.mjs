// All measurements, and docs/performance.md from them: npm run bench [-- --data DIR] [--only PART,…] [--match NETWORKS]
//   [--formats graph-model,layers-model] [--json FILE] [--page FILE]
// Parts: networks, profiles, bytes, startUp, manyNodes, conversions, tenModels, node. With --json what other runs measured
// is kept there and shown along. Networks that lie in --data (stored models) are left out where they are not there; the
// generated ones are made anew each time. Takes about 20 minutes on two quiet cores; npm run build comes first.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parts, runtimes } from './bytes.mjs';
import { NETWORKS } from './networks.mjs';
import { goalOf, page } from './page.mjs';

const HERE = import.meta.dirname;

/** Stored models, by what kind of network they are. */
const STORED = {
  'fcn-resnet18/fcn_resnet18_128x160_bn': 'image',
  'torchvision-zoo/mobilenet_v3_small': 'image',
  'torchvision-zoo/shufflenet_v2_x0_5': 'image',
  'light-random/random_densenet121': 'image',
  'light-random/random_shufflenet': 'image',
  'light-random/random_squeezenet': 'image',
  'small-modules/transformer_encoder_pre_gelu': 'small',
  'small-modules/transformer_encoder_post': 'small',
  'small-modules/lstm_l1_bi0': 'small',
  'small-modules/gru_l2_bi0': 'small',
  'small-modules/unet_bilinear_ac': 'small',
  'small-modules/yolo_head_anchors_bn': 'small',
  'torch2-export/gpt_like': 'small',
  'torch2-export/convnext_micro': 'small',
  'wild/DTLN__pretrained_model_model_1': 'small',
  'wild/basic-pitch__pitch_saved_models_icassp_2022_nmp': 'image',
  'wild/Marabou__onnx_cifar10_cifar_wide_kw_simp': 'small',
};

const { values: o } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    only: { type: 'string' },
    match: { type: 'string' },
    formats: { type: 'string', default: 'graph-model,layers-model' },
    json: { type: 'string' },
    page: { type: 'string', default: join(HERE, '../docs/performance.md') },
  },
});
const results = o.json && existsSync(o.json) ? JSON.parse(readFileSync(o.json, 'utf8')) : {};
const wanted = (part) => !o.only || o.only.split(',').includes(part);
const home = mkdtempSync(join(tmpdir(), 'bench-'));

/** Another Node process's JSON; one that fails says why. */
function child(file, ...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(HERE, file), ...words], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr.slice(-2000)}`);
  return stdout;
}

function networks() {
  const all = [
    ...Object.entries(STORED)
      .map(([path, kind]) => ({ name: basename(path), kind, folder: join(o.data, path) }))
      .filter(({ folder }) => existsSync(join(folder, 'model.onnx'))),
    ...Object.entries(NETWORKS).map(([name, [kind, make]]) => ({ name, kind, make, folder: join(home, name) })),
  ];
  return all.filter(({ name }) => !o.match || new RegExp(o.match).test(name));
}

/** Writes a generated network where it is to lie. */
function ready({ folder, make }) {
  if (!make) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.onnx'), make().bytes());
}

/** Of two measurements of one graph that where onnxruntime-web, which computed the same both times, was faster. */
function quieter(row, before) {
  const other = before.find((r) => ['model', 'format', 'target', 'ops'].every((key) => r[key] === row[key]));
  return other && !row.refused && other.ort < row.ort ? { ...row, ...other, nodes: row.nodes } : row;
}

function keep(part, value) {
  results[part] = value;
  // This run's own work is one of it.
  const load = Math.max(results.machine?.load ?? 0, Math.round(loadavg()[0]));
  results.machine = { cpu: cpus()[0]?.model ?? '', cores: availableParallelism(), node: process.version, load };
  results.date = new Date().toISOString().slice(0, 10);
  if (o.json) writeFileSync(o.json, JSON.stringify(results, null, 1));
}

try {
  if (wanted('networks'))
    for (const network of networks()) {
      ready(network);
      const file = join(home, 'rows.json');
      child(
        'inference.mjs',
        ...['--models', network.folder, '--formats', o.formats, '--target', 'any,wasm', '--json', file],
      );
      const rows = JSON.parse(readFileSync(file, 'utf8')).map((r) => ({ ...r, kind: network.kind }));
      const before = results.networks ?? [];
      const others = before.filter((r) => r.model !== network.name);
      keep('networks', [...others, ...rows.map((r) => quieter(r, before))]);
      for (const r of rows)
        process.stdout.write(
          `${r.model} ${r.format} ${r.target}: ${r.refused ?? `${r.tfjs.toFixed(2)} / ${r.ort.toFixed(2)} = ${(r.tfjs / r.ort).toFixed(2)}`}\n`,
        );
      rmSync(network.make ? network.folder : join(home, 'none'), { recursive: true, force: true });
    }
  if (wanted('profiles')) {
    const short = new Set(
      (results.networks ?? [])
        .filter((r) => !r.refused && r.format === 'graph-model' && r.target === 'wasm' && r.cpu > goalOf(r))
        .map((r) => r.model),
    );
    const profiles = {};
    for (const network of networks().filter(({ name }) => short.has(name))) {
      ready(network);
      profiles[network.name] = JSON.parse(
        child('profile.mjs', join(network.folder, 'model.onnx'), '--target', 'wasm', '--json'),
      );
    }
    keep('profiles', profiles);
  }
  if (wanted('bytes')) keep('bytes', { runtimes: runtimes(), parts: parts() });
  for (const part of ['startUp', 'manyNodes', 'conversions', 'tenModels'])
    if (wanted(part)) keep(part, JSON.parse(child('converter.mjs', part))[part]);
  if (wanted('node')) keep('node', native());
  writeFileSync(o.page, page(results));
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** Which of the native runtimes are installed here. */
function native() {
  const require = createRequire(join(process.cwd(), 'package.json'));
  return Object.fromEntries(
    ['@tensorflow/tfjs-node', 'onnxruntime-node'].map((name) => {
      try {
        require.resolve(name);
        return [name, true];
      } catch {
        return [name, false];
      }
    }),
  );
}
