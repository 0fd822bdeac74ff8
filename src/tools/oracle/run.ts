import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConvertResult } from '../../convert/convert-types.js';
import { convertModel } from '../../convert/convert.js';
import type { Diagnostic } from '../../diag/diagnostic.js';
import type { Tensor } from '../../tensor/tensor.js';
import { verifyModel } from '../../verify/verify.js';
import { openModel } from '../../verify/written.js';
import { feedsOf, modelOf, type OracleCase } from './case.js';
import { runOnnxruntime } from './onnxruntime.js';
import type { Random } from './random.js';

/** agreed: the written model computes what onnxruntime does. no-oracle: onnxruntime itself won't run the case. */
export type Status = 'agreed' | 'mismatch' | 'refused' | 'bug' | 'no-oracle';

export interface Outcome {
  readonly status: Status;
  readonly reason: string;
}

export interface RunOptions {
  readonly engines: readonly string[];
  /** Draws the orders of axes in which inputs are fed; without it ONNX's, or channels last for images. */
  readonly shuffle?: Random;
  /** Keeps what was written in this folder. */
  readonly keep?: string;
  /** How it is converted; a graph-model with channels last where nothing is said. */
  readonly as?: ConvertAs;
}

/** What a user chooses. */
export interface ConvertAs {
  readonly format: 'graph-model' | 'layers-model';
  readonly changeOrdering: boolean;
  readonly namePolicy: 'keep' | 'short' | 'renumerate';
}

const AS_GRAPH: ConvertAs = { format: 'graph-model', changeOrdering: true, namePolicy: 'keep' };

/** Tighter than the action's own: single operators lose little. */
const TOLERANCE = { rtol: 1e-4, atol: 1e-6, rangeTol: 2e-6 };

/** Converts the case and compares, on each engine, with what onnxruntime-web computes for the same model and feeds. */
export async function runCase(c: OracleCase, options: RunOptions): Promise<Outcome> {
  const bytes = modelOf(c);
  let expected: Awaited<ReturnType<typeof runOnnxruntime>>;
  try {
    expected = await runOnnxruntime(c.instead ? modelOf(c, c.instead) : bytes, feedsOf(c));
  } catch (error) {
    return { status: 'no-oracle', reason: oneLine(error instanceof Error ? error.message : String(error)) };
  }
  try {
    return await judgeCase(c, bytes, expected, options);
  } catch (error) {
    // What was written can't even be opened.
    return { status: 'bug', reason: oneLine(error instanceof Error ? error.message : String(error)) };
  }
}

/** Converts a model into a folder. */
export function convertCase(
  bytes: Uint8Array,
  folder: string,
  inputOrders?: Readonly<Record<string, number[]>>,
  { format, changeOrdering, namePolicy }: ConvertAs = AS_GRAPH,
): ConvertResult {
  const path = join(folder, 'model.onnx');
  writeFileSync(path, bytes);
  return convertModel({
    path,
    relativePath: 'model.onnx',
    formats: [format],
    changeOrdering,
    namePolicy,
    outputFolder: folder,
    limits: { maxModelBytes: 2 ** 31 },
    ...(inputOrders ? { inputOrders } : {}),
  });
}

/**
 * Converts the case's model and compares, on each engine.
 * @param expected outputs for each feed; without them it is only converted
 */
export async function judgeCase(
  c: OracleCase,
  bytes: Uint8Array,
  expected: readonly Readonly<Record<string, Tensor>>[] | undefined,
  options: RunOptions,
): Promise<Outcome> {
  const folder = options.keep ?? mkdtempSync(join(tmpdir(), 'oracle-'));
  try {
    const converted = convertCase(bytes, folder, options.shuffle && ordersOf(c, options.shuffle), options.as);
    if (converted.status !== 'converted') {
      const bug = converted.diagnostics.find((d) => d.code === 'internal-error');
      return { status: bug ? 'bug' : 'refused', reason: reasonOf(bug ? [bug] : converted.diagnostics) };
    }
    if (!expected) return { status: 'agreed', reason: '' };
    const sets = feedsOf(c).map((feed, i) => ({
      kind: 'onnxruntime' as const,
      name: `run ${i}`,
      load: () => ({
        set: { inputs: new Map(Object.entries(feed)), outputs: new Map(Object.entries(expected[i])) },
        diagnostics: [],
      }),
    }));
    const judgement = await verifyModel(openModel(folder, 'model.onnx'), sets, {
      engines: options.engines,
      tolerance: { ...TOLERANCE, ...c.tolerance },
      explain: false,
    });
    const status = judgement.verdict === 'pass' ? 'agreed' : 'mismatch';
    return { status, reason: status === 'agreed' ? '' : reasonOf(judgement.diagnostics) };
  } finally {
    if (!options.keep) rmSync(folder, { recursive: true, force: true });
  }
}

/** Text stays: TensorFlow.js has no Transpose for it. */
function ordersOf(c: OracleCase, r: Random): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(c.inputs).flatMap(([name, g]) =>
      g.constant || g.tensor.dims.length < 2 || g.tensor.dtype === 'string'
        ? []
        : [[name, r.shuffle(g.tensor.dims.map((_, i) => i))]],
    ),
  );
}

function reasonOf(diagnostics: readonly Diagnostic[]): string {
  const d = diagnostics.find((x) => x.severity !== 'note' && x.severity !== 'warning') ?? diagnostics[0];
  return d ? oneLine(`${d.place.op ? `${d.place.op}: ` : ''}${d.message}`) : '';
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 600);
