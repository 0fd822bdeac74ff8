import type { ClassScore, MapPair, ResponseMaps } from '../report/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { FEWEST_CLASSES, isDistribution, softmax } from './classes.js';
import { type Pairs, rounded } from './pairs.js';
import { pictureOf } from './picture.js';

/** Rows and columns of a map at most. */
const LARGEST = 96;
/** A colour image's channels are no classes. */
const COLOURS = 3;

/** One side's maps, row by row. */
interface Side {
  response: Float64Array;
  best?: Float64Array;
  predicted?: ClassScore;
}

/**
 * The maps of an output of shape (N, C, H, W), the first of the batch. With classes: as one reads a fully convolutional
 * classifier, softmax over the channels, at each place the largest score, and the scores of the class whose score is the
 * largest anywhere (the expected one's on both sides).
 */
export function responseMaps(pairs: Pairs, inputs: ReadonlyMap<string, Tensor>): ResponseMaps | undefined {
  const [batch = 0, channels = 0, rows = 0, columns = 0] = pairs.dims;
  if (pairs.dims.length !== 4 || batch * channels === 0 || rows * columns <= 1) return undefined;
  const step = Math.ceil(Math.max(rows, columns) / LARGEST);
  const height = Math.ceil(rows / step);
  const width = Math.ceil(columns / step);
  const areClasses = channels >= FEWEST_CLASSES && channels !== COLOURS;

  const plane = rows * columns;
  const expectedAt = (c: number, y: number, x: number) => pairs.expected[c * plane + y * columns + x] as number;
  const [, ofChannel = 0, ofRow = 0, ofColumn = 0] = pairs.steps;
  const actualAt = (c: number, y: number, x: number) =>
    pairs.actual[c * ofChannel + y * ofRow + x * ofColumn] as number;
  const each = (see: (place: number, y: number, x: number) => void) => {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) see(y * width + x, y * step, x * step);
  };

  let sides: { expected: Side; actual: Side };
  if (areClasses) {
    const scores = (at: typeof expectedAt) => scoresOf(at, channels, each, width * height);
    const expected = bestOf(scores(expectedAt), channels);
    const ofActual = scores(actualAt);
    const actual = bestOf(ofActual, channels);
    const shown = expected.predicted?.class ?? 0;
    sides = { expected, actual: { ...actual, response: every(ofActual, channels, shown) } };
  } else {
    const mean = (at: typeof expectedAt): Side => {
      const response = new Float64Array(width * height);
      each((place, y, x) => {
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += at(c, y, x);
        response[place] = sum / channels;
      });
      return { response };
    };
    sides = { expected: mean(expectedAt), actual: mean(actualAt) };
  }

  const { expected, actual } = sides;
  const image = pictureOf(inputs);
  return {
    width,
    height,
    step,
    shows: areClasses ? 'class score' : 'value',
    ...(expected.predicted && actual.predicted
      ? { predicted: { expected: expected.predicted, actual: actual.predicted } }
      : {}),
    ...(expected.best && actual.best ? { best: pairOf(expected.best, actual.best) } : {}),
    response: pairOf(expected.response, actual.response),
    ...(image ? { image } : {}),
  };
}

/** Class scores, place by place: a row of `channels` for each. */
function scoresOf(
  at: (c: number, y: number, x: number) => number,
  channels: number,
  each: (see: (place: number, y: number, x: number) => void) => void,
  places: number,
): Float32Array {
  const scores = new Float32Array(places * channels);
  each((place, y, x) => {
    const row = scores.subarray(place * channels, (place + 1) * channels);
    for (let c = 0; c < channels; c++) row[c] = at(c, y, x);
  });
  if (!isDistribution(scores.subarray(0, channels)))
    for (let place = 0; place < places; place++) softmax(scores.subarray(place * channels, (place + 1) * channels));
  return scores;
}

function bestOf(scores: Float32Array, channels: number): Side {
  const best = new Float64Array(scores.length / channels);
  let [top, predicted] = [-Infinity, 0];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number;
    const place = Math.floor(i / channels);
    if (i % channels === 0 || score > (best[place] as number)) best[place] = score;
    if (score > top) [top, predicted] = [score, i % channels];
  }
  const response = every(scores, channels, predicted);
  return { best, response, predicted: { class: predicted, score: rounded(Number.isFinite(top) ? top : 0) } };
}

/** One class's score at each place. */
function every(scores: Float32Array, channels: number, c: number): Float64Array {
  return Float64Array.from({ length: scores.length / channels }, (_, place) => scores[place * channels + c] as number);
}

function pairOf(expected: Float64Array, actual: Float64Array): MapPair {
  let [min, max, maxDifference] = [Infinity, -Infinity, 0];
  const difference = new Float64Array(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const b = expected[i] as number;
    const a = actual[i] as number;
    if (Number.isFinite(a)) {
      min = Math.min(min, a);
      max = Math.max(max, a);
    }
    if (Number.isFinite(b)) {
      min = Math.min(min, b);
      max = Math.max(max, b);
    }
    difference[i] = Math.abs(a - b);
    if (Number.isFinite(a - b)) maxDifference = Math.max(maxDifference, difference[i] as number);
  }
  if (min > max) [min, max] = [0, 0];
  return {
    min: rounded(min),
    max: rounded(max),
    expected: bytes(expected, min, max),
    actual: bytes(actual, min, max),
    difference: bytes(difference, 0, maxDifference),
    maxDifference: rounded(maxDifference),
  };
}

/** Base64 of a byte per value; NaN as the smallest. */
function bytes(values: Float64Array, min: number, max: number): string {
  const scale = max > min ? 255 / (max - min) : 0;
  const to = Uint8Array.from(values, (x) => Math.min(255, Math.max(0, Math.round((x - min) * scale) || 0)));
  return Buffer.from(to).toString('base64');
}
