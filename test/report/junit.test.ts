import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { junitXml } from '../../src/report/junit.js';
import { manyModels, REPORTS, report } from './fixtures.js';

interface Case {
  name: string;
  classname: string;
  time: string;
  failure?: Outcome;
  error?: Outcome;
  skipped?: Outcome;
  'system-out'?: string;
}
interface Outcome {
  type?: string;
  message: string;
  '#text'?: string;
}
interface Counts {
  tests: string;
  failures: string;
  errors: string;
  skipped: string;
}
interface Suite extends Counts {
  name: string;
  testcase: Case[];
}
interface Suites extends Counts {
  testsuite?: Suite[];
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  htmlEntities: true,
  isArray: (name) => name === 'testsuite' || name === 'testcase',
});

function parse(xml: string): Suites {
  expect(XMLValidator.validate(xml)).toBe(true);
  return (parser.parse(xml) as { testsuites: Suites }).testsuites;
}

const numbers = (c: Counts): number[] => [c.tests, c.failures, c.errors, c.skipped].map(Number);

describe.each([...REPORTS])('junit.xml of %s', (_, given) => {
  const suites = parse(junitXml(given));

  it('has a suite per model with a case for its conversion and one per output', () => {
    expect(suites.testsuite ?? []).toHaveLength(given.models.length);
    for (const model of given.models) {
      const outputs = new Set(model.checks.filter((c) => !c.guarded).map((c) => c.output)).size;
      const found = suites.testsuite?.filter((s) => Number(s.tests) === 1 + outputs) ?? [];
      expect(found.length).toBeGreaterThan(0);
    }
  });

  it('counts what it holds', () => {
    const sums = [0, 0, 0, 0];
    for (const suite of suites.testsuite ?? []) {
      const of = (kind: 'failure' | 'error' | 'skipped') => suite.testcase.filter((c) => c[kind] !== undefined).length;
      expect(numbers(suite)).toEqual([suite.testcase.length, of('failure'), of('error'), of('skipped')]);
      numbers(suite).forEach((n, i) => {
        sums[i] = (sums[i] as number) + n;
      });
    }
    expect(numbers(suites)).toEqual(sums);
  });
});

describe('junit.xml', () => {
  const suites = parse(junitXml(report('mixed'))).testsuite ?? [];
  const cases = (path: string): Case[] => suites.find((s) => s.name === `models/${path}.onnx`)?.testcase ?? [];

  it('a mismatch is a failure of the output, with its figures', () => {
    const [conversion, output] = cases('pool') as [Case, Case];
    expect(conversion.failure).toBeUndefined();
    expect(output.name).toBe('output output_0');
    expect(output.failure?.message).toBe('17 of 256 elements are outside tolerance');
    expect(output.failure?.['#text']).toContain(
      'wasm, layers-model, test_data_set_0: mismatch; max. absolute error 0.0182',
    );
    expect(output.failure?.['#text']).toContain('cpu, layers-model');
  });

  it('unsupported is a failure, unreadable an error, unverified skipped, each of the conversion', () => {
    expect(cases('detector')[0]?.failure?.type).toBe('unsupported');
    expect(cases('detector')[0]?.failure?.['#text']).toMatch(/StringSplit.*\n {2}remedy: /);
    expect(cases('cut')[0]?.error?.message).toBe('The file ends inside node 12');
    expect(cases('unjudged')[0]?.skipped).toBeDefined();
    expect(cases('heads').every((c) => !c.failure && !c.error && !c.skipped)).toBe(true);
  });

  it("a guarded run that passes doesn't make an output pass", () => {
    expect(cases('wasm')[1]?.failure).toBeDefined();
  });

  it('hostile text comes back as text', () => {
    const [suite] = parse(junitXml(report('hostile'))).testsuite ?? [];
    expect(suite?.name).toContain('a|b`c`</summary><script>alert(1)</script>\\n\\n# forged');
    expect(suite?.testcase[1]?.failure?.message).toContain('\\u{202e}gnp\\u{200b}\\x1b[31m');
  });

  it('300 models are 300 suites', () => {
    const many = parse(junitXml(manyModels(300, 10)));
    expect(numbers(many)).toEqual([600, 30, 0, 0]);
  });
});

test('what a waiver expects is skipped with its reason, and fails again once the waiver has ended', () => {
  const suites = parse(junitXml(report('waived'))).testsuite ?? [];
  const [ended, refused, differs] = suites;
  expect(ended?.testcase.map((c) => [c.name, c.failure !== undefined, c.skipped !== undefined])).toEqual([
    ['conversion', false, false],
    ['output logits', true, false],
  ]);
  expect(ended?.testcase[0]?.['system-out']).toContain('waiver-expired');
  expect(refused?.testcase.map((c) => c.skipped?.message)).toEqual([
    'This is known, and waived until 2999-06-30: Waits for NonMaxSuppression <in> layers',
  ]);
  expect([differs?.failures, differs?.skipped]).toEqual(['0', '1']);
  expect(differs?.testcase.find((c) => c.skipped)?.['system-out']).toContain('17 of 256 elements');
});
