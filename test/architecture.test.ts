/**
 * The dependency rule of src/README.md, read off the sources themselves, and what goes with it: which folder may use
 * which package, who may print, and what a bundle would break.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseSync } from '@swc/core';

const ROOT = join(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/**
 * Lower never imports higher. A layer is a folder of src/ or a file at its top, without `.ts`; a file at the top that is
 * not named here belongs to `run`. Behind each: the layers that it may import.
 */
const MAY_IMPORT: Record<string, string[]> = {
  version: [],
  tensor: [],
  diag: [],
  onnx: ['tensor', 'diag'],
  write: ['tensor', 'diag'],
  ir: ['tensor', 'diag', 'onnx'],
  tf: ['tensor', 'diag', 'onnx', 'write', 'ir'],
  keras: ['tensor', 'diag', 'onnx', 'write', 'ir', 'tf'],
  ops: ['tensor', 'diag', 'onnx', 'ir', 'tf', 'keras'],
  passes: ['tensor', 'diag', 'onnx', 'ir', 'ops'],
  import: ['tensor', 'diag', 'onnx', 'ir', 'ops'],
  report: ['diag'],
  verify: ['tensor', 'diag', 'onnx'],
  convert: ['version', 'tensor', 'diag', 'onnx', 'write', 'ir', 'tf', 'keras', 'ops', 'passes', 'import', 'report'],
  run: ['version', 'tensor', 'diag', 'onnx', 'convert', 'verify', 'report'],
  github: ['version', 'diag', 'report', 'run'],
  worker: ['version', 'tensor', 'diag', 'onnx', 'convert', 'verify', 'report', 'run'],
  cli: ['version', 'diag', 'report', 'run'],
  action: ['version', 'diag', 'report', 'run', 'github'],
};

/**
 * An operator's interface names the builders that its lowerings are handed, and a builder names the graph that it is
 * handed: types alone, which leave nothing at run time.
 */
const MAY_NAME: Record<string, string[]> = {
  ir: ['tf', 'keras'],
  verify: ['report'],
};

/** Packages that are used in one place. A prefix counts for everything below it. */
const PACKAGE_HOME: Record<string, string[]> = {
  '@actions/': ['github'],
  protobufjs: ['onnx'],
  '@tensorflow/': ['verify'],
  'onnxruntime-web': ['verify'],
};

interface Import {
  file: string;
  layer: string;
  target: string;
  typesOnly: boolean;
}
interface Syntax {
  [key: string]: unknown;
  type?: string;
}

const isSyntax = (value: unknown): value is Syntax => typeof value === 'object' && value !== null;

function* descend(node: unknown): Generator<Syntax> {
  if (!isSyntax(node)) return;
  if (typeof node.type === 'string') yield node;
  for (const child of Object.values(node)) yield* descend(child);
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !file.startsWith('tools/') && !file.endsWith('.generated.ts'))
  .sort()
  .map((file) => ({
    file,
    nodes: [...descend(parseSync(readFileSync(join(SRC, file), 'utf8'), { syntax: 'typescript' }))],
  }));

function layerOf(file: string): string {
  if (file.includes('/')) return file.slice(0, file.indexOf('/'));
  const name = file.replace(/\.[jt]s$/, '');
  return Object.hasOwn(MAY_IMPORT, name) ? name : 'run';
}

const text = (node: unknown): string | undefined =>
  isSyntax(node) && node.type === 'StringLiteral' ? String(node.value) : undefined;

/** `import`, `export … from` and `import()` with a fixed name. */
function importOf(node: Syntax): { target: string; typesOnly: boolean } | undefined {
  const declares = ['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration'].includes(String(node.type));
  const calls = node.type === 'CallExpression' && isSyntax(node.callee) && node.callee.type === 'Import';
  const target = declares
    ? text(node.source)
    : calls
      ? text((node.arguments as { expression: unknown }[])[0]?.expression)
      : undefined;
  return target === undefined ? undefined : { target, typesOnly: declares && node.typeOnly === true };
}

const imports: Import[] = sources.flatMap(({ file, nodes }) =>
  nodes.flatMap((node) => {
    const found = importOf(node);
    return found ? [{ file, layer: layerOf(file), ...found }] : [];
  }),
);

const isMember = (node: Syntax, object: string, property?: string): boolean =>
  node.type === 'MemberExpression' &&
  (node.object as Syntax).value === object &&
  (property === undefined || (node.property as Syntax).value === property);

test('the sources are found and read', () => {
  expect(sources.length).toBeGreaterThan(20);
  expect(imports.length).toBeGreaterThan(sources.length);
  expect(imports).toContainEqual({ file: 'run/run.ts', layer: 'run', target: './pool.js', typesOnly: false });
});

test('every folder has its place in the order', () => {
  const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const unknown = folders
    .map(({ name }) => name)
    .filter((name) => name !== 'tools' && !Object.hasOwn(MAY_IMPORT, name));
  expect(unknown).toEqual([]);
});

test('the order has no cycle', () => {
  const reach = (layer: string, path: string[]): void => {
    expect(path).not.toContain(layer);
    for (const below of MAY_IMPORT[layer] ?? []) reach(below, [...path, layer]);
  };
  for (const layer of Object.keys(MAY_IMPORT)) reach(layer, []);
});

test('lower never imports higher', () => {
  const wrong = imports.filter(({ file, layer, target, typesOnly }) => {
    if (!target.startsWith('.')) return false;
    const other = layerOf(normalize(join(dirname(file), target)).replaceAll('\\', '/'));
    const allowed = [layer, ...(MAY_IMPORT[layer] ?? []), ...(typesOnly ? (MAY_NAME[layer] ?? []) : [])];
    return !allowed.includes(other);
  });
  expect(wrong).toEqual([]);
});

test('a package with a home is imported there alone', () => {
  const wrong = imports.filter(({ layer, target }) =>
    Object.entries(PACKAGE_HOME).some(([name, homes]) => target.startsWith(name) && !homes.includes(layer)),
  );
  expect(wrong).toEqual([]);
});

test('what is imported is declared', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const declared = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies };
  const wrong = imports.filter(({ target }) => {
    if (target.startsWith('.') || target.startsWith('node:')) return false;
    const name = target.split('/', target.startsWith('@') ? 2 : 1).join('/');
    return !Object.hasOwn(declared, name);
  });
  expect(wrong).toEqual([]);
});

test('only the edges print', () => {
  const printers = sources.filter(({ nodes }) =>
    nodes.some((node) => isMember(node, 'console', 'log') || isMember(node, 'process', 'stdout')),
  );
  const edges = ['cli', 'action', 'github', 'worker'];
  expect(printers.map(({ file }) => file).filter((file) => !edges.includes(layerOf(file)))).toEqual([]);
});

const PRINTING = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table', 'group', 'notice'];
/** The toolkit's functions that print as they are given, or write where the runner reads. */
const UNSAFE = ['info', 'debug', 'exportVariable', 'addPath', 'saveState', 'setSecret', 'group', 'setFailed'];

test('nothing is printed around the functions that make it safe', () => {
  const wrong = sources.flatMap(({ file, nodes }) => {
    const text = readFileSync(join(SRC, file), 'utf8');
    const lines = text.split('\n').map((line) => line.replace(/^\s*(\*|\/\/|\/\*).*/, ''));
    const found: string[] = [];
    // the global console; a local one of the same name is our own
    const local = /\bconst console\b|\bconsole: Console\b/.test(text);
    if (!local && nodes.some((node) => PRINTING.some((name) => isMember(node, 'console', name)))) found.push('console');
    for (const [, imported] of text.matchAll(/import \{([^}]*)\} from '@actions\/core'/g))
      found.push(
        ...(imported as string)
          .split(',')
          .map((n) => n.trim())
          .filter((n) => UNSAFE.includes(n)),
      );
    // a write to a stream of the process holds what it writes in one of the functions, or is fixed
    for (const [i, line] of lines.entries()) {
      if (file.startsWith('write/') || !/\b(stdout|stderr|out|live)\.write\(/.test(line)) continue;
      const call = lines.slice(i, i + 3).join(' ');
      const isSafe =
        /logText|PROGRESS|helpOf|TOOL\.|server\.address|live\.write\((text|safe)|write\(''|terminal\.live|screen\./.test(
          call,
        );
      if (!isSafe) found.push(`line ${i + 1}: ${line.trim()}`);
    }
    return found.map((what) => `${file}: ${what}`);
  });
  expect(wrong).toEqual([]);
});

/**
 * A bundler takes `new URL('./x', import.meta.url)` for a file to copy under another name, and so would break a path
 * that has to hold in lib/ and in dist/ alike.
 */
test('no path is built in the form that the bundler rewrites', () => {
  const wrong = sources.filter(({ nodes }) =>
    nodes.some((node) => {
      if (node.type !== 'NewExpression' || (node.callee as Syntax).value !== 'URL') return false;
      const [first, second] = (node.arguments ?? []) as { expression: Syntax }[];
      const base = second?.expression;
      return (
        text(first?.expression) !== undefined &&
        base?.type === 'MemberExpression' &&
        (base.object as Syntax).type === 'MetaProperty'
      );
    }),
  );
  expect(wrong.map(({ file }) => file)).toEqual([]);
});
