/** What the runner is told: groups, outputs, the job summary, and how the step ends. */
import { endGroup, error, setOutput, startGroup, summary, warning } from '@actions/core';
import { logText, visible, visibleLines } from '../diag/escape.js';

/** GitHub drops a whole summary above 1 MiB, all of the step's together. */
const SUMMARY_LIMIT = 2 ** 20;

export const group = {
  open: (title: string): void => startGroup(visible(title)),
  close: endGroup,
};

/** Through GITHUB_OUTPUT, whose random delimiter no value can forge. */
export function setOutputs(outputs: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries(outputs)) setOutput(name, String(value));
}

/** Markdown that has been made safe already. Where there is no summary (an old runner, a local one) it is left out. */
export async function writeSummary(markdown: string): Promise<void> {
  if (!process.env.GITHUB_STEP_SUMMARY || Buffer.byteLength(markdown) > SUMMARY_LIMIT) return;
  try {
    await summary.addRaw(markdown, true).write();
  } catch (e) {
    warn(`the job summary can't be written: ${(e as Error).message}`);
  }
}

/** A line of the log. */
export function say(message: string): void {
  process.stdout.write(`${logText(message)}\n`);
}

/** A line of a file in the repository that something is said of. */
export interface Line {
  /** Relative to the workspace. */
  file?: string;
  line?: number;
}

const at = ({ file, line }: Line) =>
  file === undefined || line === undefined ? {} : { file: visible(file), startLine: line };

export function warn(message: string, where: Line = {}): void {
  warning(visibleLines(message), at(where));
}

/** Ends the step in failure, after everything else has been done. `quiet`: the ten annotations are used up. */
export function fail(message: string, { quiet = false, where = {} }: { quiet?: boolean; where?: Line } = {}): void {
  process.exitCode = 1;
  if (!quiet) error(visibleLines(message), at(where));
}
