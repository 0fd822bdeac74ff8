import type { ModelReport, Report } from '../types.js';
import { count } from '../figures.js';
import { h, type Markup } from './markup.js';

/** What a section of a model may draw from. */
export interface SectionInput {
  report: Report;
  model: ModelReport;
  /** `m1`, `m2` … in the page's order: the prefix of every id in the model's part. */
  id: string;
  /** Rows of layers that may be shown, so that a page of many large models stays small. */
  layerRows: number;
  /** Nodes that each of the model's graphs may have as drawn. */
  graphNodes: number;
  /** Comparisons whose values may be drawn. */
  drawings: number;
}

/**
 * One section of a model's part of the page. To add one, write a file with a section and put it into the list in
 * model.ts; its place there is its place on the page.
 */
export interface Section {
  title: string;
  /** Undefined where there is nothing to show. */
  body(input: SectionInput): Markup | undefined;
}

/** A table in a frame that scrolls by itself, by keyboard, too. */
export function scrolling(label: string, table: Markup): Markup {
  return h`<div class="scroll" role="group" tabindex="0" aria-label="${label}">${table}</div>`;
}

/** The head of a table; a title in `numeric` stands to the right. */
export function head(titles: readonly string[], numeric: readonly string[] = []): Markup {
  return h`<thead><tr>${titles.map((t) => (numeric.includes(t) ? h`<th scope="col" class="n">${t}</th>` : h`<th scope="col">${t}</th>`))}</tr></thead>`;
}

/** Says how many of a long list are not shown. */
export function more(total: number, shown: number): Markup | undefined {
  return total > shown ? h`<p class="hint">… and ${count(total - shown)} more, in report.json.</p>` : undefined;
}
