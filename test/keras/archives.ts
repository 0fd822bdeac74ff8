import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertModel } from '../../src/convert/convert.js';
import { permuted } from '../../src/ir/weights.js';
import { readTensorFile } from '../../src/onnx/tensorfile.js';
import { writeNpy } from '../../src/tensor/npy.js';
import { weightOf } from '../../src/tensor/tensor.js';

/** A case of ONNX's form: a folder with model.onnx and test_data_set_N/. */
export interface Case {
  readonly id: string;
  readonly folder: string;
}

/** What became of a case: refused while converting, or what Keras said. */
export interface Verdict {
  readonly id: string;
  readonly status: 'pass' | 'refused' | 'mismatch' | 'error';
  readonly reason: string;
}

const JUDGE = join(import.meta.dirname, '..', 'python', 'judge.py');

/** Archives on disk at once: whole networks are large. */
const AT_ONCE = 24;

/**
 * Converts cases to Keras archives and has Keras load each and compare what it predicts with what is stored.
 * @param home an empty folder for the archives, which are removed when they have been judged
 */
export async function judgeArchives(
  python: string,
  cases: readonly Case[],
  changeOrdering: boolean,
  home: string,
): Promise<{ keras: string; verdicts: Verdict[] }> {
  const keras = keeper(python);
  const verdicts: Verdict[] = [];
  try {
    for (let from = 0; from < cases.length; from += AT_ONCE) {
      const rows: object[] = [];
      const folders: string[] = [];
      for (const [i, c] of cases.slice(from, from + AT_ONCE).entries()) {
        const folder = join(home, `${changeOrdering}-${from + i}`);
        mkdirSync(folder);
        folders.push(folder);
        const row = archive(c, changeOrdering, folder);
        if ('status' in row) verdicts.push(row);
        else rows.push(...row.rows);
      }
      const answers = rows.length > 0 ? await keras.judge(join(home, 'list.json'), rows) : [];
      // A case may have several sets of data: the worst counts.
      for (const id of new Set(answers.map((a) => a.id))) {
        const own = answers.filter((a) => a.id === id);
        verdicts.push(own.find((a) => a.status !== 'pass') ?? own[0]);
      }
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    }
    return { keras: keras.version(), verdicts };
  } finally {
    keras.end();
  }
}

function archive({ id, folder: source }: Case, changeOrdering: boolean, folder: string): Verdict | { rows: object[] } {
  const converted = convertModel({
    path: join(source, 'model.onnx'),
    relativePath: id,
    formats: ['keras'],
    changeOrdering,
    namePolicy: 'keep',
    outputFolder: folder,
    limits: { maxModelBytes: 2 ** 31 },
  });
  if (converted.status !== 'converted') {
    const first = converted.diagnostics.find((d) => d.severity === 'error' || d.severity === 'unsupported');
    return {
      id,
      status: first?.code === 'internal-error' ? 'error' : 'refused',
      reason: `${first?.place.op ?? ''}: ${first?.message ?? ''}`,
    };
  }
  const record = JSON.parse(readFileSync(join(folder, 'conversion.json'), 'utf8')) as Record<
    'inputs' | 'outputs',
    { order: number[] }[]
  >;
  const sets = readdirSync(source).filter((name) => name.startsWith('test_data_set_'));
  const rows = sets.map((set) => {
    const stored = (kind: 'input' | 'output') =>
      record[`${kind}s`].map(({ order }, i) => {
        const path = join(folder, `${set}.${kind}_${i}.npy`);
        const { tensor } = readTensorFile(join(source, set, `${kind}_${i}.pb`));
        writeFileSync(path, writeNpy(permuted(weightOf(tensor), order).load()));
        return path;
      });
    return {
      id,
      model: join(folder, 'model.keras'),
      inputs: stored('input'),
      outputs: stored('output'),
      layers: layerNames(join(folder, 'model.keras')),
      rtol: 1e-3,
      atol: 1e-5,
      rangeTol: 1e-5,
      predict: true,
    };
  });
  return { rows };
}

/** One Python for all lists, since TensorFlow takes seconds to be imported. */
function keeper(python: string): {
  judge(file: string, rows: readonly object[]): Promise<Verdict[]>;
  version(): string;
  end(): void;
} {
  const child = spawn(python, [JUDGE, '-'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // TensorFlow's own kernels for a CPU know the channels last alone; oneDNN's, which are on by themselves on some
    // processors only, know both orders.
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '-1', TF_ENABLE_ONEDNN_OPTS: '1' },
  });
  let text = '';
  let version = '';
  let taken: (v: Verdict[]) => void = () => {};
  let lost: (e: Error) => void = () => {};
  let answers: Verdict[] = [];
  child.once('exit', (code, signal) => lost(new Error(`Python ended with ${signal ?? code}`)));
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString('utf8');
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = JSON.parse(text.slice(0, end)) as Verdict & { keras?: string; done?: true };
      text = text.slice(end + 1);
      if (line.keras) version = line.keras;
      else if (line.done) {
        taken(answers);
        answers = [];
      } else answers.push(line);
    }
  });
  return {
    judge: (file, rows) =>
      new Promise((resolve, reject) => {
        [taken, lost] = [resolve, reject];
        writeFileSync(file, JSON.stringify(rows));
        child.stdin.write(`${file}\n`);
      }),
    version: () => version,
    end: () => void child.kill('SIGKILL'),
  };
}

/** Names of the layers, in the order of config.json: the second entry of the archive, which isn't compressed. */
function layerNames(path: string): string[] {
  const bytes = readFileSync(path);
  const name = bytes.indexOf('config.json');
  const from = name + 'config.json'.length;
  const size = bytes.readUInt32LE(name - 30 + 18);
  const config = JSON.parse(bytes.toString('utf8', from, from + size)) as { config: { layers: { name: string }[] } };
  return config.config.layers.map((l) => l.name);
}
