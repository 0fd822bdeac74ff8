import { schemaFor, versionsOf, type OpSchema, type ParameterSchema } from '../../onnx/schema.js';
import { DTYPES, isBig, isFloat, isInteger, rangeOf, type DType } from '../../tensor/dtype.js';
import { rangeOfFloat, isNarrowFloat, roundTo } from '../../tensor/floats.js';
import { tensorOf, type Tensor } from '../../tensor/tensor.js';
import { feedsOf, modelOf, type Given, type OracleCase } from './case.js';
import { FAMILIES } from './families.js';
import { runOnnxruntime } from './onnxruntime.js';
import { Random } from './random.js';
import { judgeCase, type Outcome, type RunOptions } from './run.js';

/** One operator in one version for one element type of one of its type parameters. */
export interface SweepRow extends Outcome {
  readonly op: string;
  readonly domain: string;
  readonly since: number;
  readonly parameter: string;
  readonly dtype: DType;
  /** What the expected values were computed in, where onnxruntime has no kernel for the type itself. */
  readonly by?: DType;
}

/** The types by their names in ONNX's schemas. */
const SCHEMA_TYPES: Readonly<Record<string, DType>> = Object.fromEntries(
  DTYPES.map((d) => [`tensor(${d === 'float32' ? 'float' : d === 'float64' ? 'double' : d})`, d]),
);

/** How many cases a generator may make until one of a version that is looked for has come. */
const DRAWS = 60;

/**
 * Every version of every operator that has a generator of single nodes, for every type that its schema allows: the
 * generated case with the inputs of one type parameter at a time in another type. The newest case not above a version
 * stands for versions that the generator doesn't draw, where both take the same inputs and attributes.
 */
export async function* sweep(
  seed: string,
  wanted: RegExp,
  wantedTypes: RegExp,
  options: RunOptions,
): AsyncGenerator<SweepRow> {
  for (const [family, generators] of Object.entries(FAMILIES))
    for (const [shown, generate] of Object.entries(generators)) {
      if (shown.includes(' ') || !wanted.test(shown)) continue;
      const byVersion = new Map<number, OracleCase>();
      let domain = '';
      let op = shown;
      for (let i = 0; i < DRAWS; i++) {
        const c = generate(new Random(`${seed} sweep ${family} ${shown} ${i}`));
        // A graph that the node runs would have to be of the type too.
        if (c.nodes.length !== 1 || Object.values(c.nodes[0].attributes ?? {}).some(holdsGraph)) continue;
        domain = c.nodes[0].domain ?? '';
        op = c.nodes[0].op;
        const schema = schemaFor(domain, op, c.opsets[domain]);
        if (schema && !byVersion.has(schema.since)) byVersion.set(schema.since, c);
      }
      for (const since of versionsOf(domain, op)) {
        const schema = schemaFor(domain, op, since);
        const c = schema && caseOf(schema, byVersion);
        if (!schema || !c || schema.deprecated) continue;
        for (const [parameter, types] of schema.types) {
          if (!indicesOf(schema.inputs, parameter, c.nodes[0].inputs.length).length) continue;
          for (const type of types) {
            const dtype = SCHEMA_TYPES[type];
            if (!dtype || dtype.startsWith('complex') || !wantedTypes.test(dtype)) continue;
            yield {
              op,
              domain,
              since,
              parameter,
              dtype,
              ...(await runTyped(c, schema, parameter, dtype, options)),
            };
          }
        }
      }
    }
}

const holdsGraph = (value: unknown): boolean => typeof value === 'object' && value !== null && 'graph' in value;

/** The case as a node of this version: its own, or that of a near version that takes the same. */
function caseOf(schema: OpSchema, byVersion: ReadonlyMap<number, OracleCase>): OracleCase | undefined {
  const { domain, name, since } = schema;
  const near = [...byVersion.keys()].sort((a, b) => Math.abs(a - since) - Math.abs(b - since));
  for (const version of near) {
    const c = byVersion.get(version) as OracleCase;
    const attributes = Object.entries(c.nodes[0].attributes ?? {}).filter(([, v]) => v !== undefined);
    const required = schema.attributes.filter((a) => a.required);
    const fits =
      c.nodes[0].inputs.length >= schema.minInputs &&
      c.nodes[0].inputs.length <= schema.maxInputs &&
      c.nodes[0].outputs.length <= schema.maxOutputs &&
      attributes.every(([key]) => schema.attributes.some((a) => a.name === key)) &&
      required.every((a) => attributes.some(([key]) => key === a.name)) &&
      schemaFor(domain, name, version)?.inputs.every((p, i) => (schema.inputs[i] ?? p).name === p.name);
    if (fits) return { ...c, opsets: { ...c.opsets, [domain]: since } };
  }
  return undefined;
}

/** Which of a node's inputs (or outputs) are of a type parameter. */
function indicesOf(formals: readonly ParameterSchema[], parameter: string, count: number): number[] {
  return Array.from({ length: count }, (_, i) => i).filter((i) => {
    const formal = formals[Math.min(i, formals.length - 1)];
    return formal?.type === parameter && (i < formals.length || formal.option === 'variadic');
  });
}

function retyped(c: OracleCase, at: readonly number[], dtype: DType): OracleCase {
  const node = c.nodes[0];
  const names = new Set(at.map((i) => node.inputs[i]));
  const convert = (name: string, t: Tensor): Tensor => toType(t, dtype, divides(c, name));
  return {
    ...c,
    inputs: Object.fromEntries(
      Object.entries(c.inputs).map(([name, g]): [string, Given] =>
        names.has(name)
          ? [
              name,
              {
                ...g,
                tensor: convert(name, g.tensor),
                ...(g.others ? { others: g.others.map((t) => convert(name, t)) } : {}),
              },
            ]
          : [name, g],
      ),
    ),
  };
}

/** Division by zero is nobody's business. */
const divides = (c: OracleCase, input: string): boolean =>
  /^(Div|Mod|QuantizeLinear)$/.test(c.nodes[0].op) && c.nodes[0].inputs[1] === input;

/** Operators whose steps are rounded to the type, so that another type's result, rounded at the end, isn't theirs. */
const ROUNDS_WITHIN = /^QuantizeLinear$/;

/** The values as near as another type can have them: integers are cut to the type's range. */
function toType(t: Tensor, dtype: DType, nonzero: boolean): Tensor {
  const given = Array.from(t.data as ArrayLike<number | bigint | string>);
  // Products of large numbers are infinite in narrow floats, and the written model computes in float32.
  const large = isNarrowFloat(dtype) && given.some((v) => Math.abs(Number(v)) > 64 && Number.isFinite(Number(v)));
  const values = given.map((v) => {
    if (dtype === 'string') return String(v);
    const n = large ? Number(v) / 4096 : Number(v);
    const x = Number.isNaN(n) && !isFloat(dtype) ? 1 : n;
    if (dtype === 'bool') return x === 0 ? 0 : 1;
    if (isFloat(dtype)) {
      const most = isNarrowFloat(dtype) && dtype !== 'float8e8m0' ? rangeOfFloat(dtype).max : Number.MAX_VALUE;
      return roundTo(dtype, Number.isFinite(x) ? Math.min(most, Math.max(-most, x)) : x);
    }
    const { min, max } = rangeOf(dtype);
    const whole = Math.min(Number(max), Math.max(Number(min), Math.trunc(x)));
    return nonzero && whole === 0 ? 1 : whole;
  });
  return tensorOf(dtype, t.dims, values as number[]);
}

/** Types that can hold the values of another, for the oracle: the likeliest to have a kernel first. */
function standIns(dtype: DType): DType[] {
  if (dtype === 'string') return [];
  if (dtype === 'bool') return ['uint8', 'int32', 'float32'];
  if (isFloat(dtype)) return ['float32', 'float64'].filter((d) => d !== dtype) as DType[];
  return (['int64', 'int32', 'float64', 'float32'] as const).filter((d) => d !== dtype);
}

const TOLERANCES: Partial<Record<DType, { rtol: number; atol: number }>> = {
  float16: { rtol: 4e-3, atol: 4e-3 },
  bfloat16: { rtol: 3e-2, atol: 3e-2 },
  float8e4m3fn: { rtol: 0.13, atol: 0.1 },
  float8e4m3fnuz: { rtol: 0.13, atol: 0.1 },
  float8e5m2: { rtol: 0.26, atol: 0.2 },
  float8e5m2fnuz: { rtol: 0.26, atol: 0.2 },
};

async function runTyped(
  c: OracleCase,
  schema: OpSchema,
  parameter: string,
  dtype: DType,
  options: RunOptions,
): Promise<Outcome & { by?: DType }> {
  const ins = indicesOf(schema.inputs, parameter, c.nodes[0].inputs.length);
  const outs = indicesOf(schema.outputs, parameter, c.nodes[0].outputs.length).map((i) => c.nodes[0].outputs[i]);
  const own = retyped(c, ins, dtype);
  const tolerance = { ...c.tolerance, ...TOLERANCES[dtype] };
  let failure = '';
  const others = ROUNDS_WITHIN.test(schema.name) ? [] : standIns(dtype);
  for (const by of [undefined, ...others]) {
    // Versions of the same face that differ in types compute the same; onnxruntime has one of them.
    for (const opset of [undefined, ...likeOf(schema)]) {
      const asked = by === undefined ? own : retyped(own, ins, by);
      const there = opset === undefined ? asked : { ...asked, opsets: { ...asked.opsets, [schema.domain]: opset } };
      let expected: Record<string, Tensor>[];
      try {
        expected = await runOnnxruntime(modelOf(there), feedsOf(there));
      } catch (error) {
        failure ||= String(error instanceof Error ? error.message : error).slice(0, 200);
        continue;
      }
      const back = expected.map((set) =>
        Object.fromEntries(Object.entries(set).map(([name, t]) => [name, outs.includes(name) ? wrapTo(t, dtype) : t])),
      );
      const outcome = await judgeCase({ ...own, tolerance }, modelOf(own), back, options);
      return by === undefined ? outcome : { ...outcome, by };
    }
  }
  const converted = await judgeCase({ ...own, tolerance }, modelOf(own), undefined, options);
  return converted.status === 'agreed' ? { status: 'no-oracle', reason: failure } : converted;
}

/** Opsets of other versions with the same inputs and attributes, the nearest first. */
function likeOf(schema: OpSchema): number[] {
  const face = (s: OpSchema | undefined) =>
    JSON.stringify([
      s?.inputs.map((p) => p.name),
      s?.attributes.flatMap((a) => (a.name === 'consumed_inputs' ? [] : [a.name])).sort(),
    ]);
  return versionsOf(schema.domain, schema.name)
    .filter((v) => v !== schema.since && face(schemaFor(schema.domain, schema.name, v)) === face(schema))
    .sort((a, b) => Math.abs(a - schema.since) - Math.abs(b - schema.since));
}

/** What was computed in a wider type as the narrow type's arithmetic gives it. */
function wrapTo(t: Tensor, dtype: DType): Tensor {
  if (t.dtype === dtype) return t;
  const values = Array.from(t.data as ArrayLike<number | bigint>, (v) => {
    if (isFloat(dtype)) return roundTo(dtype, Number(v));
    if (dtype === 'bool') return Number(v) === 0 ? 0 : 1;
    const whole = BigInt(typeof v === 'bigint' ? v : Math.trunc(v));
    const { min, max } = rangeOf(dtype);
    const span = max - min + 1n;
    const wrapped = isInteger(dtype) ? ((((whole - min) % span) + span) % span) + min : whole;
    return isBig(dtype) ? wrapped : Number(wrapped);
  });
  return tensorOf(dtype, t.dims, values as number[]);
}
