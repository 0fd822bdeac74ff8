/**
 * The settings file, `onnx2keras.yml`: what holds for all models (`defaults`), and what for those whose path a glob matches
 * (`models`), later ones before earlier ones.
 */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { InputRule, Parts, Rule, ToleranceRule } from './config-file.js';
import { visible } from '../diag/escape.js';
import { isInside } from './find.js';
import { GlobTime, globMatcher } from './glob.js';
import { CONFIG_FILE, ConfigurationError, type Settings } from './options.js';
import type { ToleranceSettings } from '../verify/checks.js';
import type { PictureSettings } from '../verify/pictures/preprocess.js';

/** A settings file isn't larger. */
const MOST_BYTES = 2 ** 20;

/** An outcome that is known. */
export interface Waiver {
  readonly expect: 'unsupported' | 'mismatch';
  readonly reason: string;
  readonly expires: string;
  /** Of `expires` in the settings file, from 1. */
  readonly line: number;
}

/** What holds for one model. */
export interface ModelSettings {
  readonly settings: Settings;
  /** By ONNX's name of the input. */
  readonly inputShapes: Readonly<Record<string, number[]>>;
  readonly inputOrders: Readonly<Record<string, number[]>>;
  readonly ranges: Readonly<Record<string, [number, number]>>;
  readonly preprocess: Readonly<Record<string, PictureSettings>>;
  readonly tolerance: Partial<ToleranceSettings>;
  /** By ONNX's name of the output. */
  readonly outputs: Readonly<Record<string, Partial<ToleranceSettings>>>;
  readonly waiver?: Waiver;
  /** A file with the names of the classes, absolute; and the line that names it, from 1. */
  readonly labels?: { readonly file: string; readonly line: number };
}

/** The settings file of a run, or that there is none. */
export interface Config {
  /** Absolute; absent where there is none. */
  readonly file?: string;
  /** What holds for a model (absolute path), on top of the run's settings. */
  for(model: string, settings: Settings): ModelSettings;
  /** Globs that match none of these models, each with its line in the file, from 1. */
  idle(models: readonly string[]): { glob: string; line: number }[];
}

/**
 * Reads the settings file: the one given (it has to be there), or CONFIG_FILE in `base` where that is. Throws
 * ConfigurationError with everything that is wrong in it.
 */
export async function readConfig(given: string, base: string): Promise<Config> {
  const file = path.resolve(base, given === '' ? CONFIG_FILE : given);
  const there = statSync(file, { throwIfNoEntry: false });
  if (!there?.isFile()) {
    if (given !== '') throw new ConfigurationError(`the settings file ${visible(given)} is not there`);
    return configOf(undefined, {
      defaults: {},
      models: [],
      lineOf: () => 1,
      mistake: (_, says) => new ConfigurationError(says),
    });
  }
  if (there.size > MOST_BYTES) throw new ConfigurationError(`the settings file ${visible(given)} is too large`);
  // Most repositories have no such file, and can do without the reader of its format.
  const { parse } = await import('./config-file.js');
  return configOf(file, parse(readFileSync(file, 'utf8'), path.relative(base, file) || file, file));
}

/** The settings file as models are named: relative to `home` where it is inside it. */
export function shownConfig({ file = CONFIG_FILE }: Config, home: string): string {
  const relative = path.relative(home, path.resolve(home, file));
  return isInside(home, path.resolve(home, file)) ? relative.split(path.sep).join('/') : file;
}

/** What a settings file's contents come to; `file`: where it is. */
export function configOf(file: string | undefined, { defaults, models, lineOf, mistake }: Parts): Config {
  const root = file === undefined ? '' : path.dirname(file);
  const time = new GlobTime();
  const rules = models.map(([glob, rule]) => ({
    glob,
    rule,
    at: ['models', glob],
    matches: globMatcher(
      glob.replace(/^\.\//, ''),
      { dot: true },
      { time, mistake: (says) => mistake(['models', glob], says) },
    ),
  }));
  const placeOf = (model: string) => path.relative(root, model).split(path.sep).join('/');
  return {
    ...(file === undefined ? {} : { file }),
    for(model, settings) {
      const own = [{ rule: defaults, at: ['defaults'] }, ...rules.filter(({ matches }) => matches(placeOf(model)))];
      const lineOfKey = (key: keyof Rule): number => {
        const last = own.findLast(({ rule }) => rule[key] !== undefined);
        return last === undefined ? 1 : lineOf([...last.at, key]);
      };
      return settingsOf(
        own.map(({ rule }) => rule),
        settings,
        root,
        lineOfKey,
      );
    },
    idle: (all) =>
      rules
        .filter(({ matches }) => !all.some((model) => matches(placeOf(model))))
        .map(({ glob, at }) => ({ glob, line: lineOf(at) })),
  };
}

/** Later rules before earlier ones, key by key; within tolerances, inputs and outputs as well. */
function settingsOf(
  rules: readonly Rule[],
  run: Settings,
  root: string,
  lineOf: (key: keyof Rule) => number,
): ModelSettings {
  const last = <K extends keyof Rule>(key: K): Rule[K] => rules.findLast((rule) => rule[key] !== undefined)?.[key];
  const inputs = new Map<string, InputRule>();
  const outputs = new Map<string, ToleranceRule>();
  let tolerance: ToleranceRule = {};
  for (const rule of rules) {
    tolerance = { ...tolerance, ...rule.tolerance };
    for (const [name, value] of rule.inputs ?? []) inputs.set(name, { ...inputs.get(name), ...value });
    for (const [name, value] of rule.outputs ?? []) outputs.set(name, { ...outputs.get(name), ...value });
  }
  const settings: Settings = { ...run };
  const put = <K extends keyof Settings>(key: K, value: Settings[K] | undefined) => {
    if (value !== undefined) settings[key] = value;
  };
  put('formats', last('formats'));
  put('changeOrdering', last('change-ordering'));
  put('namePolicy', last('name-policy'));
  put('quantize', last('quantize'));
  put('shardSize', last('shard-size'));
  put('target', last('target'));
  put('references', last('references')?.join('\n'));
  put('engines', last('engines'));
  put('whenNoReference', last('when-no-reference'));
  put('timeoutPerModel', last('timeout-per-model'));
  const labels = last('labels');
  const waiver = rules.findLast((rule) => rule.expect !== undefined);
  const of = <T>(pick: (input: InputRule) => T | undefined): Record<string, T> =>
    Object.fromEntries(
      [...inputs].flatMap(([name, input]) => (pick(input) === undefined ? [] : [[name, pick(input) as T]])),
    );
  return {
    settings,
    inputShapes: of((input) => input.shape),
    inputOrders: of((input) => input.order),
    ranges: of((input) => input.range as [number, number] | undefined),
    preprocess: of((input) => input.preprocess),
    tolerance: { rtol: run.rtol, atol: run.atol, rangeTol: run.rangeTol, ...toleranceOf(tolerance) },
    outputs: Object.fromEntries([...outputs].map(([name, value]) => [name, toleranceOf(value)])),
    ...(waiver?.expect && waiver.reason !== undefined && waiver.expires !== undefined
      ? { waiver: { expect: waiver.expect, reason: waiver.reason, expires: waiver.expires, line: lineOf('expires') } }
      : {}),
    ...(labels === undefined ? {} : { labels: { file: path.resolve(root, labels), line: lineOf('labels') } }),
  };
}

function toleranceOf(given: ToleranceRule): Partial<ToleranceSettings> {
  const { 'range-tol': rangeTol, 'integer-atol': integerAtol, 'top-k': top, 'arg-max': argMax, ...rest } = given;
  return {
    ...rest,
    ...(rangeTol === undefined ? {} : { rangeTol }),
    ...(integerAtol === undefined ? {} : { integerAtol }),
    ...(top?.k === undefined ? {} : { topK: { k: top.k, axis: top.axis ?? 1, share: top.share ?? 1 } }),
    ...(argMax === undefined ? {} : { argMax: { axis: argMax.axis ?? 1, share: argMax.share ?? 1 } }),
  };
}
