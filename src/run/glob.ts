/**
 * Globs of the action's inputs and of the settings file. A glob becomes a regular expression, and some take longer than
 * anyone waits: `*a*a*a*a*b` tries every way to share out a path among its stars. Both the glob and the path may come from a
 * pull request, so that their time is limited.
 */
import vm from 'node:vm';
import picomatch from 'picomatch';
import { shorten, visible } from '../diag/escape.js';
import { ConfigurationError } from './option-kinds.js';

/** Ways to share out a path among a glob's wildcards that are tried within milliseconds. */
const FEW_WAYS = 1e6;

/** What starting a clock costs, in milliseconds of processor time, and isn't the glob's. */
const STARTING = 2;

/** Milliseconds that one comparison may take, and the processor time that all which share it may, beyond short ones. */
export class GlobTime {
  readonly limit: number;
  left: number;
  constructor(limit = 1000) {
    this.limit = limit;
    this.left = limit;
  }
}

/** Whether a text has wildcards. */
export const isGlob = (text: string): boolean => picomatch.scan(text).isGlob;

/** Makes an error of what is wrong with a glob. */
type Mistake = (says: string) => ConfigurationError;

/**
 * Whether a path matches the glob, or one of several.
 * @param options picomatch's
 * @param time shared with other globs
 * @throws ConfigurationError when a path is given, where comparing takes longer than the time that is left
 */
export function globMatcher(
  glob: string | readonly string[],
  options: picomatch.PicomatchOptions,
  {
    time = new GlobTime(),
    mistake = (says) => new ConfigurationError(says),
  }: { time?: GlobTime; mistake?: Mistake } = {},
): (path: string) => boolean {
  const globs = [glob].flat();
  const matches = picomatch([...globs], options);
  const wildcards = Math.max(...globs.map(wildcardsOf));
  let limited: ((path: string) => boolean) | undefined;
  // A clock costs a millisecond each time: few globs need one.
  return (path) =>
    waysOf(path.length, wildcards) <= FEW_WAYS
      ? matches(path)
      : (limited ??= withinTime(matches, globs[0], time, mistake))(path);
}

/** How many parts of a glob may each take any share of a path; without bound where parts are repeated. */
function wildcardsOf(glob: string): number {
  if (glob.includes('(')) return Infinity;
  return glob.match(/\*+|\{|\+/g)?.length ?? 0;
}

/** Of n characters, k ends of wildcards. */
function waysOf(n: number, k: number): number {
  if (k === Infinity) return Infinity;
  let ways = 1;
  for (let i = 1; i <= k && ways <= FEW_WAYS; i++) ways *= Math.max(n / i, 2);
  return ways;
}

function withinTime(
  matches: (path: string) => boolean,
  glob: string,
  time: GlobTime,
  mistake: Mistake,
): (path: string) => boolean {
  const context = vm.createContext({ matches, path: '' });
  const script = new vm.Script('matches(path)');
  const tooLong = (compared: string): never => {
    throw mistake(
      `the glob ${shown(glob)} takes too long to compare with ${shown(compared)}: write it with fewer wildcards`,
    );
  };
  return (path) => {
    context.path = path;
    // Of a busy machine's waiting nothing counts but in the limit of a single comparison.
    const began = process.cpuUsage();
    let same: boolean;
    try {
      same = script.runInContext(context, { timeout: time.limit }) as boolean;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      return tooLong(path);
    }
    const { user, system } = process.cpuUsage(began);
    time.left -= Math.max((user + system) / 1000 - STARTING, 0);
    return time.left > 0 ? same : tooLong(path);
  };
}

const shown = (text: string): string => JSON.stringify(shorten(visible(text), 120));
