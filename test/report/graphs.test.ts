import { type DefaultTreeAdapterTypes as Tree, parseFragment } from 'parse5';
import { drawnNets } from '../../src/report/drawing/blocks.js';
import { place } from '../../src/report/drawing/layout.js';
import { graphs } from '../../src/report/html/graphs.js';
import type { ModelReport, Net, NetNode } from '../../src/report/types.js';
import { report } from './fixtures.js';

/** Residual blocks of five nodes, `Conv Norm Relu Conv Add`, one behind the other, and what a converter might make of them. */
function residual(blocks: number): { source: Net; written: Net } {
  const source: Net = { nodes: [{ kind: 'input', op: '', name: 'x', onnx: [] }], edges: [] };
  const written: Net = { nodes: [{ kind: 'input', op: '', name: 'x', onnx: [] }], edges: [] };
  let [from, writtenFrom] = [0, 0];
  for (let b = 0; b < blocks; b++) {
    const start = source.nodes.length;
    ['Conv', 'Norm', 'Relu', 'Conv', 'Add'].forEach((op, i) => {
      const number = source.nodes.length;
      source.nodes.push({
        kind: 'node',
        op,
        name: `/stage/block.${b}/${op}_${i}`,
        onnx: [number - 1],
        number,
        became: 'layer',
      });
      source.edges.push([i === 0 ? from : start + i - 1, number]);
    });
    source.edges.push([from, start + 4]);
    from = start + 4;
    const [pad, conv] = [written.nodes.length, written.nodes.length + 1];
    written.nodes.push(
      { kind: 'node', op: 'Pad', name: `pad${b}`, onnx: [start - 1] },
      { kind: 'node', op: 'Conv2D', name: `conv${b}`, onnx: [start - 1, start, start + 1] },
      { kind: 'node', op: 'Add', name: `add${b}`, onnx: [start + 2, start + 3] },
    );
    written.edges.push([writtenFrom, pad], [pad, conv], [conv, conv + 1], [writtenFrom, conv + 1]);
    writtenFrom = conv + 1;
  }
  source.nodes.push({ kind: 'output', op: '', name: 'y', onnx: [] });
  source.edges.push([from, source.nodes.length - 1]);
  written.nodes.push({ kind: 'output', op: '', name: 'y', onnx: [] });
  written.edges.push([writtenFrom, written.nodes.length - 1]);
  return { source, written };
}

describe('blocks', () => {
  it('leaves what is small as it is', () => {
    const { source, written } = residual(3);
    const drawn = drawnNets(source, written, 20, new Set());
    expect(drawn.source.nodes.map((n) => n.members)).toEqual(source.nodes.map((n) => [n]));
    expect(drawn.source.edges).toEqual(source.edges);
    expect(drawn.written?.edges).toEqual(written.edges);
  });

  it('cuts where one value runs on alone, so that residual blocks stay whole', () => {
    const { source, written } = residual(100);
    const drawn = drawnNets(source, written, 40, new Set());
    expect(drawn.source.nodes.length).toBeLessThanOrEqual(42);
    expect(drawn.source.nodes.length).toBeGreaterThan(15);
    for (const { members } of drawn.source.nodes.slice(1, -1)) {
      expect(members[0]?.op).toBe('Conv');
      expect(members.at(-1)?.op).toBe('Add');
      expect(members.length % 5).toBe(0);
    }
    // one way through: nothing leads past a block
    expect(drawn.source.edges).toEqual(drawn.source.nodes.slice(1).map((_, i) => [i, i + 1]));
  });

  it('puts the written model together by the same blocks', () => {
    const { source, written } = residual(100);
    const drawn = drawnNets(source, written, 40, new Set());
    const places = (nodes: readonly { onnx: readonly number[] }[]) => nodes.map((n) => n.onnx.join());
    expect(places(drawn.written?.nodes ?? [])).toEqual(places(drawn.source.nodes));
  });

  it('keeps a marked node to itself, and loses none', () => {
    const { source } = residual(100);
    const drawn = drawnNets(source, undefined, 40, new Set([203]));
    const marked = drawn.source.nodes.filter((n) => n.marked);
    expect(marked.map((n) => n.members.map((m) => m.number))).toEqual([[204]]);
    expect(drawn.source.nodes.flatMap((n) => n.members)).toEqual(source.nodes);
  });

  it('has nothing to cut in a graph without nodes', () => {
    const empty: Net = { nodes: [], edges: [] };
    expect(drawnNets(empty, empty, 5, new Set())).toEqual({
      source: { nodes: [], edges: [] },
      written: { nodes: [], edges: [] },
    });
  });
});

describe('layout', () => {
  const sizes = Array.from({ length: 40 }, (_, i) => ({ width: 60 + ((i * 37) % 50), height: 26 + 14 * (i % 3) }));
  const edges = sizes.flatMap((_, i): [number, number][] =>
    i === 0
      ? []
      : i % 5 === 0 && i > 5
        ? [
            [i - 1, i],
            [i - 5, i],
          ]
        : [[i - 1, i]],
  );

  it('puts no box upon another, and who reads below who gives', () => {
    const placed = place({ sizes, edges });
    if (placed === undefined) throw new Error('no layout');
    const boxes = placed.corners.map(({ x, y }, i) => ({ x, y, ...(sizes[i] as { width: number; height: number }) }));
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(i + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart).toBe(true);
      }
    for (const [from, to] of edges)
      expect(boxes[to]?.y).toBeGreaterThan((boxes[from]?.y ?? 0) + (boxes[from]?.height ?? 0));
    for (const { x, y, width, height } of boxes) {
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(x + width).toBeLessThanOrEqual(placed.width);
      expect(y + height).toBeLessThanOrEqual(placed.height);
    }
  });

  it('is the same each time', () => expect(place({ sizes, edges })).toEqual(place({ sizes, edges })));
});

describe('the section', () => {
  const drawn = (model: Partial<ModelReport>, graphNodes = 200): Tree.Element[] => {
    const all = report('mixed');
    const body = graphs.body({
      report: all,
      model: { ...(all.models[0] as ModelReport), diagnostics: [], ...model },
      id: 'm1',
      layerRows: 0,
      graphNodes,
      drawings: 0,
    });
    return elements(parseFragment(body?.html ?? ''));
  };
  const boxes = (all: readonly Tree.Element[], pane: number) => {
    const svg = all.filter((e) => e.tagName === 'svg')[pane] as Tree.Element;
    return elements(svg).filter((e) => attribute(e, 'transform') !== undefined);
  };

  it('draws both graphs, with the places by which they belong together', () => {
    const all = drawn({ graphs: residual(2) });
    const shown = (pane: number) =>
      boxes(all, pane).map((e) => [text(e).split(/[:;,]/)[0]?.split(' ')[0], attribute(e, 'data-o')]);
    expect(shown(0).slice(0, 4)).toEqual([
      ['input', undefined],
      ['Conv', '0'],
      ['Norm', '1'],
      ['Relu', '2'],
    ]);
    expect(shown(1).slice(0, 4)).toEqual([
      ['input', undefined],
      ['Pad', '0'],
      ['Conv2D', '0-2'],
      ['Add', '3-4'],
    ]);
  });

  it('shows the diverging node on both sides', () => {
    const all = drawn({ graphs: residual(2), divergence: { source: 3, node: '/stage/block.0/Relu_2', op: 'Relu' } });
    const marked = (pane: number) => boxes(all, pane).filter((e) => attribute(e, 'class')?.includes('marked'));
    expect(marked(0).map((e) => attribute(e, 'data-o'))).toEqual(['2']);
    expect(marked(1).map((e) => attribute(e, 'data-o'))).toEqual(['0-2']);
    expect(all.map((e) => text(e)).join()).toContain('the first that differs');
  });

  it('shows what was refused where nothing was written', () => {
    const { source } = residual(2);
    const place = { index: 4, op: 'Add' };
    const all = drawn({
      status: 'unsupported',
      graphs: { source },
      diagnostics: [{ code: 'unsupported-operator', severity: 'unsupported', message: 'm', remedy: 'r', place }],
    });
    expect(all.filter((e) => e.tagName === 'svg')).toHaveLength(1);
    expect(
      boxes(all, 0)
        .filter((e) => attribute(e, 'class')?.includes('marked'))
        .map((e) => attribute(e, 'data-o')),
    ).toEqual(['4']);
  });

  it('says what was fused and what folded', () => {
    const { source, written } = residual(2);
    (source.nodes[2] as NetNode).became = 'fused';
    (source.nodes[3] as NetNode).became = 'folded';
    const all = drawn({ graphs: { source, written } });
    expect(
      boxes(all, 0)
        .slice(1, 5)
        .map((e) => attribute(e, 'class')),
    ).toEqual(['weighty', 'norm fused', 'act folded', 'weighty']);
    expect(all.map((e) => attribute(e, 'class')).filter((c) => c?.startsWith('key'))).toEqual([
      'key fused',
      'key folded',
    ]);
  });

  it('stays small with thousands of nodes, and leaves out what finds no room', () => {
    const large = { graphs: residual(2000) };
    expect(boxes(drawn(large, 60), 0).length).toBeLessThanOrEqual(62);
    expect(boxes(drawn(large, 60), 1).length).toBeLessThanOrEqual(62);
    expect(drawn(large, 5).filter((e) => e.tagName === 'svg')).toEqual([]);
    // what is small by itself has room
    expect(drawn({ graphs: residual(1) }, 7).filter((e) => e.tagName === 'svg')).toHaveLength(2);
  });
});

function elements(node: Tree.ParentNode): Tree.Element[] {
  return node.childNodes.flatMap((child) => ('tagName' in child ? [child, ...elements(child)] : []));
}

function text(node: Tree.ParentNode): string {
  return node.childNodes
    .map((child) => ('value' in child ? child.value : 'childNodes' in child ? text(child) : ''))
    .join('');
}

const attribute = (e: Tree.Element, name: string): string | undefined => e.attrs.find((a) => a.name === name)?.value;
