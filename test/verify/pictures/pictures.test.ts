/** Pictures as inputs of references, held against what Pillow, torchvision and torch make of the same files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, readSettings } from '../../../src/run/options.js';
import { parse } from '../../../src/run/config-file.js';
import { type Listener, run } from '../../../src/run/run.js';
import { readNpy } from '../../../src/tensor/npy.js';
import { readNpz } from '../../../src/tensor/npz.js';
import { decodePicture } from '../../../src/verify/pictures/decode.js';
import { PictureError } from '../../../src/verify/pictures/pixels.js';
import { inputOfPicture, type PictureSettings } from '../../../src/verify/pictures/preprocess.js';
import { resized } from '../../../src/verify/pictures/resize.js';
import type { ConversionRecord, RecordedTensor } from '../../../src/verify/record.js';
import { readReference } from '../../../src/verify/reference-set.js';
import { recordReference } from '../../../src/verify/source/recording.js';
import { folder, removeFolders } from '../../run/folders.js';
import { WORKER } from '../../run/program.js';
import { row } from '../written.js';

afterAll(removeFolders);
const file = (name: string) => join(import.meta.dirname, 'files', name);
const bytes = (name: string): Buffer => readFileSync(file(name));
const arrays = (name: string) => readNpz(bytes(name));

describe('decoding gives what Pillow reads', () => {
  const expected = arrays('pixels.npz');
  test('of all that it read', () => expect(expected.size).toBe(10));
  test.each([...expected.keys()])('%s: every value', (name) => {
    const picture = decodePicture(bytes(name));
    const want = expected.get(name);
    expect([picture.height, picture.width, picture.channels]).toEqual([
      want?.dims[0],
      want?.dims[1],
      want?.dims[2] ?? 1,
    ]);
    expect(Buffer.from(picture.data).equals(Buffer.from(want?.data as Uint8Array))).toBe(true);
  });

  test.each([
    ['cmyk.jpg', 'it has 4 components'],
    ['deep.png', 'it has 16 bits a channel'],
    ['turned.jpg', 'orientation 6'],
    ['y.npy', 'it begins neither as a PNG nor as a JPEG does'],
  ])('%s is refused: %s', (name, why) => {
    expect(() => decodePicture(bytes(name))).toThrow(PictureError);
    expect(() => decodePicture(bytes(name))).toThrow(why);
  });

  test.each(['colour.png', 'colour.jpg'])('%s cut off anywhere, or with a byte changed, does no harm', (name) => {
    const whole = bytes(name);
    for (const length of [0, 3, 24, 26, 30, 100, whole.length >> 1])
      expect(() => decodePicture(whole.subarray(0, length))).toThrow(PictureError);
    for (let at = 0; at < whole.length; at += 13) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ 0xff;
      try {
        decodePicture(changed);
      } catch (e) {
        expect(e).toBeInstanceOf(PictureError);
      }
    }
    // What was damaged leaves nothing behind.
    const again = decodePicture(whole);
    expect(Buffer.from(again.data).equals(Buffer.from(expected.get(name)?.data as Uint8Array))).toBe(true);
  });

  test('a JPEG that lacks its end is no picture, where others fill it up with gray', () => {
    const whole = bytes('halved-width.jpg');
    expect(() => decodePicture(whole.subarray(0, whole.length - 40))).toThrow('it is damaged, or cut off');
  });
});

describe('resizing', () => {
  const colour = decodePicture(bytes('colour.png'));
  test.each([...arrays('resized.npz')].filter(([name]) => /^\d/.test(name)))(
    "to %s is torchvision's, value by value",
    (_, want) => {
      const [height, width] = want.dims as [number, number];
      expect([...resized(colour, width, height).data]).toEqual([...(want.data as Uint8Array)]);
    },
  );
});

const face = (shape: (number | null)[], dtype = 'float32') => row('x', dtype, shape) as unknown as RecordedTensor;
const IMAGENET: PictureSettings = { size: [24, 32], mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const made = (of: RecordedTensor, settings: PictureSettings, name = 'colour.png') =>
  inputOfPicture(decodePicture(bytes(name)), of, settings, name);

describe('a picture as an input', () => {
  const want = readNpy(bytes('normalized.npy'));
  const channelsLast = (values: ArrayLike<number>, c: number, n: number) =>
    Array.from({ length: c * n }, (_, i) => values[(i % c) * n + Math.floor(i / c)] as number);

  test("is what torchvision's Resize, ToTensor and Normalize give, bit by bit", () => {
    const x = made(face([1, 3, 24, 32]), IMAGENET);
    expect([x.dtype, x.dims]).toEqual(['float32', want.dims]);
    expect([...(x.data as Float32Array)]).toEqual([...(want.data as Float32Array)]);
  });

  test.each([
    [[1, 3, 24, 32], [1, 3, 24, 32], false],
    [[null, 3, null, null], [1, 3, 24, 32], false],
    [[null, null, null, null], [1, 3, 24, 32], false],
    [[3, 24, 32], [3, 24, 32], false],
    [[1, 24, 32, 3], [1, 24, 32, 3], true],
    [[null, null, null, 3], [1, 24, 32, 3], true],
    [[24, 32, 3], [24, 32, 3], true],
  ])('for %j it is laid out as %j', (shape, dims, last) => {
    const x = made(face(shape), IMAGENET);
    expect(x.dims).toEqual(dims);
    const values = want.data as Float32Array;
    expect([...(x.data as Float32Array)]).toEqual(last ? channelsLast(values, 3, 24 * 32) : [...values]);
  });

  test('bgr, gray, and pixels as they are', () => {
    const all = arrays('resized.npz');
    const pixels = [...(all.get('20x30')?.data as Uint8Array)];
    const raw: PictureSettings = { size: [20, 30], scale: 1 };
    expect([...made(face([20, 30, 3], 'uint8'), raw).data]).toEqual(pixels);
    expect([...made(face([1, 20, 30, 3], 'float32'), { ...raw, order: 'bgr' }).data]).toEqual(
      pixels.map((_, i) => pixels[i - (i % 3) + 2 - (i % 3)]),
    );
    const gray = [...(all.get('gray 20x30')?.data as Uint8Array)];
    expect([...made(face([1, 1, 20, 30]), { ...raw, order: 'gray' }).data]).toEqual(gray);
    expect([...made(face([1, 1, 44, 61], 'int64'), { scale: 1, order: 'gray' }).data]).toEqual(
      [...(all.get('gray')?.data as Uint8Array)].map(BigInt),
    );
    // A gray picture as the three channels that the model takes.
    const tripled = made(face([44, 61, 3], 'uint8'), { scale: 1 }, 'gray.png').data as Uint8Array;
    expect(tripled.every((v, i) => v === tripled[i - (i % 3)])).toBe(true);
  });

  test.each([
    [[1, 3, 24, 33], IMAGENET, 'the picture becomes [1, 3, 24, 32] (f.yml:7)', 'size: [24, 33] (height, width)'],
    [[1, 3, 24, 32], {}, 'the picture becomes [1, 3, 44, 61], not being resized', 'size: [24, 32]'],
    [[1, 1, 24, 32], IMAGENET, 'it has no axis of the 3 channels (RGB)', 'order: gray'],
    [[1, 3, 24, 32], { ...IMAGENET, order: 'gray' }, 'it has no axis of the 1 channel (gray)', 'order: rgb or bgr'],
    [[2, 3, 24, 32], IMAGENET, 'the picture becomes [1, 3, 24, 32]', 'store several as .npy'],
    [[1, 5, 24, 32], IMAGENET, 'it has no axis of the 3 channels', '.npy'],
    [[1, 10], IMAGENET, 'it has rank 2', '.npy'],
  ] as [number[], PictureSettings, string, string][])('%j refuses it', (shape, settings, why, remedy) => {
    expect(() => made(face(shape), { ...settings, at: 'f.yml:7' })).toThrow(why);
    try {
      made(face(shape), settings);
    } catch (e) {
      expect((e as { diagnostics: { remedy: string }[] }).diagnostics[0]?.remedy).toContain(remedy);
    }
  });

  test('a type that has not these values', () => {
    expect(() => made(face([1, 3, 24, 32], 'uint8'), { ...IMAGENET, at: 'f.yml:7' })).toThrow(
      /gives values such as -?[\d.]+, which are no uint8 \(f.yml:7\)/,
    );
  });
});

describe('among references', () => {
  const record = {
    source: { path: 'model.onnx' },
    format: 'graph-model',
    async: false,
    inputs: [row('x', 'float32', [1, 3, 24, 32])],
    outputs: [row('y', 'float32', [1, 4, 10, 14])],
    nodes: [],
  } as unknown as ConversionRecord;
  const read = (names: Record<string, string>, pictures: Record<string, PictureSettings>) => {
    const home = folder(Object.fromEntries(Object.entries(names).map(([to, from]) => [to, bytes(from)])));
    const files = Object.keys(names).map((name) => join(home, name));
    return readReference({ name: 'set', shown: 'set', files }, record, home, pictures);
  };

  test('under its name or number, PNG and JPEG, which gets a note', () => {
    const x = { x: IMAGENET };
    expect(read({ 'x.png': 'colour.png', 'y.npy': 'y.npy' }, x)).toMatchObject({ diagnostics: [] });
    expect(read({ 'input_0.PNG': 'colour.png', 'y.npy': 'y.npy' }, x).set?.inputs.get('x')?.dims).toEqual(
      record.inputs[0]?.onnx.shape,
    );
    const lossy = read({ 'x.jpeg': 'colour.jpg', 'y.npy': 'y.npy' }, x);
    expect(lossy.diagnostics).toMatchObject([{ code: 'picture-jpeg', severity: 'note' }]);
    expect(lossy.set).toBeDefined();
  });

  test.each([
    [{ 'x.png': 'colour.png', 'y.npy': 'y.npy' }, {}, 'picture-without-preprocess', "the settings don't say how"],
    [{ 'x.png': 'colour.png', 'y.npy': 'y.npy' }, { xx: IMAGENET }, 'picture-without-preprocess', 'said for "xx"'],
    [{ 'xx.png': 'colour.png', 'y.npy': 'y.npy' }, { x: IMAGENET }, 'reference-superfluous', '"xx"'],
    [{ 'x.npy': 'normalized.npy', 'y.png': 'colour.png' }, {}, 'picture-of-output', 'an input alone'],
    [{ 'x.png': 'turned.jpg', 'y.npy': 'y.npy' }, { x: IMAGENET }, 'reference-unreadable', 'orientation 6'],
    [
      { 'x.png': 'colour.png', 'x.npy': 'normalized.npy', 'y.npy': 'y.npy' },
      { x: IMAGENET },
      'reference-twice',
      'more than once',
    ],
  ])('%j with %j: %s', (names, pictures, code, message) => {
    const { set, diagnostics } = read(names as unknown as Record<string, string>, pictures);
    expect(set).toBeUndefined();
    expect(diagnostics[0]).toMatchObject({ code, severity: 'error' });
    expect(diagnostics[0]?.message).toContain(message);
  });
});

describe('a run', () => {
  const silent: Listener = { found() {}, started() {}, doing() {}, finished() {} };
  const preprocess = 'size: [24, 32], mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], order: rgb';
  const runOn = async (config: string, more: Record<string, Buffer> = {}) => {
    const base = folder({
      'model.onnx': bytes('model.onnx'),
      'model.reference/x.png': bytes('colour.png'),
      'model.reference/y.npy': bytes('y.npy'),
      'onnx2keras.yml': config,
      ...more,
    });
    const settings = readSettings({}, (key) => key);
    const output = join(base, 'out');
    const { report } = await run(
      { patterns: ['*.onnx'], base, output, settings, strict: true, worker: WORKER },
      silent,
    );
    return report.models[0];
  };

  test("judges a model on a picture against torch's outputs", async () => {
    const right = await runOn(`models: { model.onnx: { inputs: { x: { preprocess: { ${preprocess} } } } } }`);
    expect([right?.status, right?.checks.map((c) => c.reference.kind)]).toEqual(['pass', ['stored']]);
    const bgr = preprocess.replace('rgb', 'bgr');
    const wrong = await runOn(`models: { model.onnx: { inputs: { x: { preprocess: { ${bgr} } } } } }`);
    expect(wrong?.status).toBe('mismatch');
  });

  test('says where the settings are that do not fit', async () => {
    const found = await runOn(
      'models:\n  model.onnx:\n    inputs:\n      x:\n        preprocess: { size: [24, 31] }\n',
    );
    expect(found?.status).toBe('error');
    expect(found?.diagnostics[0]?.message).toContain('the picture becomes [1, 3, 24, 31] (onnx2keras.yml:5)');
    const none = await runOn('');
    expect(none?.diagnostics.map((d) => d.code)).toContain('picture-without-preprocess');
  });

  test.each([
    ['mean: [1, 2]', 'f.yml:1: defaults.inputs.x.preprocess.mean needs one number or three'],
    ['order: gray, std: [1, 1, 1]', 'preprocess.std needs one number, since the order is gray, and has 3'],
    ['size: 224', 'size must be a list of 2, not 224'],
    ['std: 0', 'std must be a number of at least 1e-12, not 0'],
  ])('%s in the settings file is an error', (given, message) => {
    const text = `defaults: { inputs: { x: { preprocess: { ${given} } } } }\n`;
    expect(() => parse(text, 'f.yml')).toThrow(ConfigurationError);
    expect(() => parse(text, 'f.yml')).toThrow(message);
  });
});

test("record takes a picture as the user's own input; onnxruntime then gives what torch gives", async () => {
  const base = folder({ 'model.onnx': bytes('model.onnx'), 'x.png': bytes('colour.png') });
  const { sets, diagnostics } = await recordReference({
    path: join(base, 'model.onnx'),
    relativePath: 'model.onnx',
    form: 'npz',
    seed: '0',
    inputs: [join(base, 'x.png')],
    preprocess: { x: IMAGENET },
    workspace: base,
    replace: false,
    tool: { name: 'test', version: '0' },
  });
  expect([sets.length, diagnostics]).toEqual([1, []]);
  const stored = readNpz(readFileSync(join(base, 'model.reference.npz')));
  const want = readNpy(bytes('y.npy'));
  const y = stored.get('y')?.data as Float32Array;
  expect(y.length).toBe(want.data.length);
  expect(Math.max(...y.map((v, i) => Math.abs(v - (want.data[i] as number))))).toBeLessThan(1e-6);
});
