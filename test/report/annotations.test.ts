import { annotations } from '../../src/report/annotations.js';
import { manyModels, report } from './fixtures.js';

describe('annotations', () => {
  it('one per failing model, worst first, on its path', () => {
    const found = annotations(report('mixed'));
    expect(found.map((a) => a.file)).toEqual(['big', 'cut', 'pool', 'wasm', 'detector'].map((n) => `models/${n}.onnx`));
    expect(found.every((a) => a.level === 'error' && a.line === 1)).toBe(true);
    expect(found[0]?.message).toBe('This is a Git LFS pointer, not a model\nRemedy: set lfs: true on actions/checkout');
    expect(found[2]?.title).toBe('pool.onnx: differs');
    expect(found[2]?.message).toContain('17 of 256 elements');
    expect(found[4]?.message.match(/Remedy: /g)).toHaveLength(4);
  });

  it("what fails the run is an error and comes first, what doesn't is a warning", () => {
    const found = annotations(report('mixed'), { fails: (m) => m.status === 'unverified' || m.status === 'error' });
    expect(found.map((a) => [a.level, a.title.split('.')[0]])).toEqual([
      ['error', 'big'],
      ['error', 'cut'],
      ['error', 'unjudged'],
      ['warning', 'pool'],
      ['warning', 'wasm'],
      ['warning', 'detector'],
    ]);
  });

  it('none where all is well', () => {
    expect(annotations(report('all-pass'))).toEqual([]);
    expect(annotations(report('no-models'))).toEqual([]);
  });

  it('ten at most, and the tenth counts the others', () => {
    const found = annotations(manyModels(300, 10));
    expect(found).toHaveLength(10);
    expect(new Set(found.slice(0, 9).map((a) => a.file)).size).toBe(9);
    expect(found[9]).toMatchObject({ level: 'error', title: '21 more models not as they should be' });
    // one line each: nobody is only counted
    expect(found[9]?.message.split('\n')).toHaveLength(21);
    expect(found[9]?.message).not.toContain('more, in the job summary');
    const crowd = annotations(manyModels(300, 1));
    expect(crowd[9]?.message.length).toBeLessThanOrEqual(4096);
    expect(crowd[9]?.message).toMatch(/\n… and \d+ more, in the job summary$/);
    expect(annotations(manyModels(100, 10))).toHaveLength(10);
    expect(annotations(manyModels(100, 10))[9]?.file).toBeDefined();
  });

  it('stands on the file that is at fault', () => {
    const r = report('mixed');
    const model = r.models.find((m) => m.path === 'models/cut.onnx');
    if (model?.diagnostics[0]) model.diagnostics[0].place.file = 'models/cut.reference.npz';
    expect(annotations(r)[1]?.file).toBe('models/cut.reference.npz');
  });

  it('says what is waived as a notice, and stands on the line of a waiver that has ended', () => {
    const found = annotations(report('waived'));
    expect(found.map((a) => [a.level, a.file, a.line, a.title])).toEqual([
      ['error', 'onnx2keras.yml', 7, 'wasm.onnx: differs, waiver ended'],
      ['notice', 'models/detector.onnx', 1, 'detector.onnx: not converted, waived until 2999-06-30'],
      ['notice', 'models/pool.onnx', 1, 'pool.onnx: differs, waived until 2999-12-31'],
    ]);
    expect(found[0]?.message).toContain(
      'The waiver ended on 2020-01-31 and counts no more. It said: known since January',
    );
    expect(found[1]?.message).toContain('waived until 2999-06-30: Waits for NonMaxSuppression <in> layers');
  });

  it('stands on the path in the workspace where the root is a folder in it', () => {
    const r = report('mixed');
    for (const model of r.models) model.file = `repo/${model.path}`;
    expect(annotations(r).every((a) => a.file?.startsWith('repo/models/'))).toBe(true);
  });

  it('fits and can be seen, whatever the names', () => {
    const r = report('hostile');
    const [model] = r.models;
    model?.diagnostics.push(
      ...Array.from({ length: 99 }, () => structuredClone(model.diagnostics[0] as (typeof model.diagnostics)[0])),
    );
    const [found] = annotations(r);
    expect(found?.message.length).toBeLessThanOrEqual(4096);
    expect(`${found?.title}${found?.message}`).not.toMatch(/[\u202a-\u202e\u200b\r]/);
    expect(`${found?.title}${found?.message}`).not.toContain('\x1b');
    expect(found?.message).toContain('and 95 more findings');
  });
});
