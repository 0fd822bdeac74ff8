import { count, counted, figure, share, size } from './figures.js';
import type { LayerChanges, ModelChanges } from './types.js';

/** `Since 1a2b3c4d5e: 2 layers added, 1 renamed.` */
export function sinceText({ since, isSame, layers, facts, tensors }: ModelChanges): string {
  const commit = /^[0-9a-f]{40,}$/.test(since) ? since.slice(0, 10) : since;
  const { added, removed, renamed, changed } = layers;
  const parts = [
    added.length > 0 ? `${counted(added.length, 'layer')} added` : '',
    removed.length > 0 ? `${counted(removed.length, 'layer')} removed` : '',
    renamed.length > 0 ? `${counted(renamed.length, 'layer')} renamed` : '',
    changed.length > 0 ? `${counted(changed.length, 'layer')} of another shape or size` : '',
  ].filter((part) => part !== '');
  if (parts.length > 0) return `Since ${commit}: ${parts.join(', ')}.`;
  if (isSame) return `The file is as it was in ${commit}; its references or its external data have changed.`;
  return facts.length + tensors.length > 0
    ? `Since ${commit}, with the same layers:`
    : `Since ${commit} only weights have changed.`;
}

/** What is counted: name, then, now. */
export function changeRows({ error, facts, tensors }: ModelChanges): [string, string, string][] {
  const { before, now } = error;
  const errorText = (e: typeof before): string =>
    e === undefined ? '–' : `${figure(e.maxAbs)}${e.used === undefined ? '' : ` (${share(e.used)})`}`;
  const value = (name: string, v: string | number | undefined): string =>
    v === undefined ? '–' : typeof v === 'string' ? v : name.startsWith('bytes') ? size(v) : count(v);
  return [
    ...(before === undefined && now === undefined
      ? []
      : [['largest error', errorText(before), errorText(now)] as [string, string, string]]),
    ...facts.map(({ name, before: a, now: b }): [string, string, string] => [name, value(name, a), value(name, b)]),
    ...tensors.map((t): [string, string, string] => [`${t.kind} ${t.name}`, t.before ?? '–', t.now ?? '–']),
  ];
}

/** One line per layer. Names are the model's. */
export function layerLines({
  added,
  removed,
  renamed,
  changed,
}: LayerChanges): { what: string; op: string; name: string; text: string }[] {
  return [
    ...removed.map(({ op, name }) => ({ what: 'removed', op, name, text: '' })),
    ...added.map(({ op, name }) => ({ what: 'added', op, name, text: '' })),
    ...changed.map(({ op, name, shape, params }) => ({
      what: 'changed',
      op,
      name,
      text: [
        shape === undefined ? '' : `, ${shape.before} to ${shape.now}`,
        params === undefined ? '' : `, ${count(params.before)} to ${count(params.now)} params`,
      ].join(''),
    })),
    ...renamed.map(({ op, from, to }) => ({ what: 'renamed', op, name: to, text: `, before ${from}` })),
  ];
}
