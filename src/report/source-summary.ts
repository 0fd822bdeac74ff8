import { shorten, visible } from '../diag/escape.js';
import { count, fixed2 } from './figures.js';
import type { Dim, SourceRow, SourceSummary } from './types.js';

/**
 * The source's layers as torchsummary prints them, so that who exported the model from torch knows it again: torch's names
 * for ONNX's operators where they have one, numbered in file order.
 */

/** torch.nn's class for an operator; `d` stands for the number of spatial axes and `d`. */
const TORCH: Record<string, string> = {
  Conv: 'Conv_d',
  ConvTranspose: 'ConvTranspose_d',
  BatchNormalization: 'BatchNorm_d',
  InstanceNormalization: 'InstanceNorm_d',
  LayerNormalization: 'LayerNorm',
  GroupNormalization: 'GroupNorm',
  MaxPool: 'MaxPool_d',
  AveragePool: 'AvgPool_d',
  LpPool: 'LPPool_d',
  GlobalAveragePool: 'AdaptiveAvgPool_d',
  GlobalMaxPool: 'AdaptiveMaxPool_d',
  Gemm: 'Linear',
  Relu: 'ReLU',
  LeakyRelu: 'LeakyReLU',
  PRelu: 'PReLU',
  Elu: 'ELU',
  Selu: 'SELU',
  Celu: 'CELU',
  Gelu: 'GELU',
  HardSigmoid: 'Hardsigmoid',
  HardSwish: 'Hardswish',
  LRN: 'LocalResponseNorm',
};

const NARROWEST = { layer: 20, shape: 25, params: 15 };
/** Longer names and shapes are shortened in the middle. */
const WIDEST = 60;

/** Widths of the three columns. */
export interface SourceColumns {
  layer: number;
  shape: number;
  params: number;
  lineLength: number;
}

/** The whole text, without a line end at the end. */
export function sourceSummary(summary: SourceSummary): string {
  const columns = sourceColumns(summary);
  return [
    '-'.repeat(columns.lineLength),
    sourceHeader(columns),
    '='.repeat(columns.lineLength),
    ...summary.rows.map((row) => sourceRow(row, columns)),
    '='.repeat(columns.lineLength),
    ...sourceTotals(summary, columns),
  ].join('\n');
}

/** torchsummary's widths, wider where a field needs it. */
export function sourceColumns(summary: SourceSummary): SourceColumns {
  const widest = (least: number, texts: string[]) => texts.reduce((most, text) => Math.max(most, text.length), least);
  const layer = widest(NARROWEST.layer, summary.rows.map(layerText));
  const shape = widest(NARROWEST.shape, summary.rows.map(shapeText));
  const params = widest(
    NARROWEST.params,
    summary.rows.map((row) => count(row.params)),
  );
  return { layer, shape, params, lineLength: layer + shape + params + 4 };
}

/** The line with the titles. */
export function sourceHeader(columns: SourceColumns): string {
  return line('Layer (type)', 'Output Shape', 'Param #', columns);
}

/** The line of one layer. */
export function sourceRow(row: SourceRow, columns: SourceColumns): string {
  return line(layerText(row), shapeText(row), count(row.params), columns);
}

/** What stands below the rows: parameters, and megabytes by torchsummary's formulas (four bytes a number). */
export function sourceTotals(summary: SourceSummary, columns: SourceColumns): string[] {
  const params = summary.rows.reduce((sum, row) => sum + row.params, 0);
  const rule = '-'.repeat(columns.lineLength);
  return [
    `Total params: ${count(params)}`,
    `Trainable params: ${count(params)}`,
    'Non-trainable params: 0',
    rule,
    ...memory(summary, params),
    rule,
  ];
}

/** As torchsummary names a layer: `Conv2d-1`. The number of spatial axes is that of the output. */
export function layerText(row: SourceRow): string {
  return `${shorten(visible(torchName(row)), WIDEST - 12)}-${row.number}`;
}

function torchName(row: SourceRow): string {
  if (!Object.hasOwn(TORCH, row.op)) return row.op;
  const spatial = (row.outputShape?.length ?? 2) - 2;
  // A BatchNorm1d takes (N, C) as well as (N, C, L).
  const axes = spatial > 0 ? `${spatial}d` : row.op === 'BatchNormalization' ? '1d' : '';
  return (TORCH[row.op] as string).replace('_d', axes);
}

/** The output's shape with -1 for the batch: axis 0 where it is -1, 1, a symbol or unknown, and not the only one. */
export function shapeText(row: SourceRow): string {
  if (row.outputShape === undefined) return '?';
  const batch = row.outputShape.length > 1 && isBatch(row.outputShape[0] as Dim);
  const dims = row.outputShape.map((d, i) => (i === 0 && batch ? -1 : (d ?? '?')));
  return shorten(visible(`[${dims.join(', ')}]`), WIDEST);
}

function isBatch(d: Dim): boolean {
  return typeof d !== 'number' || d === 1;
}

function line(layer: string, shape: string, params: string, columns: SourceColumns): string {
  return `${layer.padStart(columns.layer)}  ${shape.padStart(columns.shape)} ${params.padStart(columns.params)}`;
}

/** Four lines of megabytes. Where a size isn't known, what depends on it says so instead of a number that looks exact. */
function memory(summary: SourceSummary, params: number): string[] {
  const megabytes = (numbers: number) => (numbers * 4) / 1024 ** 2;
  const input = summary.inputElements?.reduce((sum, n) => sum + n, 0);
  const outputs = summary.rows.map(elements);
  const known = outputs.every((n) => n !== undefined);
  // Twice: torchsummary counts the gradients, too.
  const passes = known ? 2 * outputs.reduce<number>((sum, n) => sum + (n as number), 0) : undefined;
  const total = input !== undefined && passes !== undefined ? input + passes + params : undefined;
  const text = (numbers: number | undefined) =>
    numbers === undefined ? 'depends on the input' : fixed2(megabytes(numbers));
  return [
    `Input size (MB): ${text(input)}`,
    `Forward/backward pass size (MB): ${text(passes)}`,
    `Params size (MB): ${text(params)}`,
    `Estimated Total Size (MB): ${text(total)}`,
  ];
}

/** Elements of a row's output for a batch of one; undefined where a size isn't known. */
function elements(row: SourceRow): number | undefined {
  if (row.outputShape === undefined) return undefined;
  let n = 1;
  for (const [i, d] of row.outputShape.entries()) {
    if (typeof d === 'number' && d >= 0) n *= d;
    else if (i > 0) return undefined;
  }
  return n;
}
