import { figure } from '../figures.js';
import type { MapPair, ResponseMaps } from '../types.js';
import { h, join, type Markup } from './markup.js';
import { DARK_TO_BRIGHT, pngUrl, WHITE_TO_RED } from './png.js';
import { className } from './class-name.js';

/** Where a class is taken to be seen, as in the article: 0.25, or half of the largest score where that is less. */
const THRESHOLD = 0.25;

/**
 * The maps of both sides and their difference; over the image, where there is one, the place of the predicted class.
 *
 * @param id of the image on the page
 */
export function responseFigures(maps: ResponseMaps, id: string): Markup {
  const { best, response, predicted, shows, image } = maps;
  const side = (which: 'expected' | 'actual') => image && overlay(maps, which, id);
  const title =
    predicted === undefined
      ? shows === 'value'
        ? 'The output as a map'
        : 'Response map'
      : `Response map of the predicted class, ${className(predicted.expected)}`;
  return h`<div class="maps">${predicted !== undefined && predictedText(maps)}
${row(title, maps, response)}
${best !== undefined && row('Largest score of any class', maps, best)}
${image !== undefined && h`<div class="row">${side('expected')}${side('actual')}</div>`}
${maps.step > 1 && h`<p class="hint">Drawn is one in ${maps.step} of the rows and columns.</p>`}</div>`;
}

function predictedText({ predicted }: ResponseMaps): Markup | undefined {
  if (predicted === undefined) return undefined;
  const { expected, actual } = predicted;
  const differs = expected.class !== actual.class;
  return h`<p>Predicted class: expected <strong>${className(expected)}</strong> with a score of ${figure(expected.score)}, actual <strong>${className(actual)}</strong> with ${figure(actual.score)}${differs && h` <strong class="status mismatch">differs</strong>`}.</p>`;
}

function row(title: string, { width, height }: ResponseMaps, pair: MapPair): Markup {
  const range = `${figure(pair.min)} (dark) to ${figure(pair.max)} (bright)`;
  const one = (name: string, bytes: string, palette: Uint8Array, words: string) => {
    const size = shownSize(width, height);
    return h`<figure><figcaption>${name}</figcaption><img class="map" width="${size.width}" height="${size.height}" alt="${title}, ${name.toLowerCase()}: ${words}" src="${pngUrl(width, height, Buffer.from(bytes, 'base64'), palette)}"></figure>`;
  };
  return h`<h5>${title}</h5><div class="row">${join([
    one('Expected', pair.expected, DARK_TO_BRIGHT, range),
    one('Actual', pair.actual, DARK_TO_BRIGHT, range),
    one('Difference', pair.difference, WHITE_TO_RED, `0 (white) to ${figure(pair.maxDifference)} (dark red)`),
  ])}</div><p class="hint">Scores: ${range}. Difference: at most ${figure(pair.maxDifference)}${pair.maxDifference > 0 && ', drawn as dark red, however small'}.</p>`;
}

/** In pixels of the page: small maps are made large enough to be seen. */
function shownSize(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(320 / width, 240 / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The image with the response laid over it, and a box around the places above the threshold. */
function overlay(
  { width, height, response, image, predicted }: ResponseMaps,
  which: 'expected' | 'actual',
  id: string,
): Markup | undefined {
  if (image === undefined) return undefined;
  const bytes = Buffer.from(response[which], 'base64');
  const threshold = predicted === undefined ? undefined : Math.min(THRESHOLD, response.max / 2);
  const box = threshold === undefined ? undefined : boxAbove(bytes, width, valueToByte(response, threshold));
  const [sx, sy] = [image.width / width, image.height / height];
  const size = shownSize(image.width, image.height);
  const where =
    box &&
    h`<rect class="box" x="${Math.round(box.left * sx)}" y="${Math.round(box.top * sy)}" width="${Math.round((box.right - box.left + 1) * sx)}" height="${Math.round((box.bottom - box.top + 1) * sy)}"/>`;
  // The same picture twice would be most of the page.
  const picture =
    which === 'expected'
      ? h`<image id="${id}" width="${image.width}" height="${image.height}" href="${pngUrl(image.width, image.height, Buffer.from(image.rgb, 'base64'))}"/>`
      : h`<use href="#${id}"/>`;
  const words = `The input with the response map over it, ${which}${threshold === undefined ? '' : `; the box holds what is above ${figure(threshold)}`}`;
  return h`<figure><figcaption>${which === 'expected' ? 'Expected' : 'Actual'}, over the input</figcaption><svg class="over" width="${size.width}" height="${size.height}" viewBox="0 0 ${image.width} ${image.height}" role="img" aria-label="${words}">${picture}<image class="map" opacity="0.5" width="${image.width}" height="${image.height}" preserveAspectRatio="none" href="${pngUrl(width, height, bytes, DARK_TO_BRIGHT)}"/>${where}</svg><p class="hint">${threshold === undefined ? '' : `Box: score above ${figure(threshold)}.`}</p></figure>`;
}

function valueToByte({ min, max }: MapPair, value: number): number {
  return max > min ? ((value - min) / (max - min)) * 255 : 255;
}

/** The smallest box, in places, around all that is above a byte; undefined where nothing is. */
function boxAbove(
  bytes: Uint8Array,
  width: number,
  threshold: number,
): { left: number; top: number; right: number; bottom: number } | undefined {
  const box = { left: Infinity, top: Infinity, right: -1, bottom: -1 };
  bytes.forEach((byte, i) => {
    if (byte <= threshold) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  });
  return box.right < 0 ? undefined : box;
}
