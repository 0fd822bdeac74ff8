/** The commands, from the words typed to the exit code. */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import pc from 'picocolors';
import { type Arguments, readArguments } from './arguments.js';
import { logText, visibleLines } from '../diag/escape.js';
import { helpOf } from './help.js';
import { ConfigurationError } from '../run/options.js';
import { TOOL } from '../version.js';

type Given = Extract<Arguments, { show: 'nothing' }>;

/** 0: nothing at or above `--fail-on`. 1: something was, or a fault of ours. 2: the command line is wrong. */
export async function commandLine(argv: readonly string[], host: NodeJS.Process): Promise<number> {
  // As with a child's: the write is to fail, and not the process to end.
  host.on('SIGXFSZ', () => {});
  // A reader that has seen enough (head, less) or a log on a full disk is no reason to stop converting, let alone to crash.
  let unprinted: NodeJS.ErrnoException | undefined;
  for (const stream of [host.stdout, host.stderr])
    stream.on('error', (e: NodeJS.ErrnoException) => {
      if (e.code !== 'EPIPE') unprinted ??= e;
    });
  const code = await obeyed(argv, host);
  // What was written last may not have failed yet.
  await new Promise((resolve) => host.stdout.write('', resolve));
  if (!unprinted) return code;
  host.stderr.write(`${logText(`onnx2keras: not all could be printed: ${unprinted.message}`)}\n`);
  return code || 1;
}

async function obeyed(argv: readonly string[], host: NodeJS.Process): Promise<number> {
  try {
    const given = readArguments(argv);
    if (given.show === 'version') {
      host.stdout.write(`${TOOL.name} ${TOOL.version}\n`);
      return 0;
    }
    if (given.show === 'help') {
      const colours = pc.createColors(Boolean(host.stdout.isTTY) && !host.env.NO_COLOR);
      host.stdout.write(helpOf(given.command, colours.bold, colours.dim));
      return argv.length === 0 ? 2 : 0;
    }
    return await interruptible(host, (signal) => dispatch(given, host, signal));
  } catch (e) {
    if (e instanceof ConfigurationError) {
      host.stderr.write(`${logText(`onnx2keras: ${e.message}`)}\n`);
      return 2;
    }
    host.stderr.write(
      `${logText(`onnx2keras: this is a fault of the program; please report it.\n${visibleLines((e as Error).stack ?? String(e))}`)}\n`,
    );
    return 1;
  }
}

async function dispatch(given: Given, host: NodeJS.Process, signal: AbortSignal): Promise<number> {
  switch (given.command) {
    case 'convert':
      return convert(given, host, signal);
    case 'inspect': {
      const { inspect } = await import('../run/inspect.js');
      return inspect(given.positionals[0] as string, given.settings, host.stdout, signal);
    }
    case 'verify':
      return verify(given, host, signal);
    case 'record': {
      const { record } = await import('../run/record.js');
      return record(given.positionals[0] as string, given.settings, host.stdout, signal);
    }
    case 'serve':
      return serve(given, host, signal);
    case 'merge':
      return merge(given, host);
  }
}

async function convert({ positionals, settings }: Given, host: NodeJS.Process, signal: AbortSignal): Promise<number> {
  const [{ run }, { createConsole, terminalOf }] = await Promise.all([
    import('../run/run.js'),
    import('../run/console.js'),
  ]);
  const console = createConsole(await terminalOf(host.stdout, host.stderr, host.env));
  try {
    const { report, htmlPath, failed } = await run(
      {
        patterns: positionals,
        base: host.cwd(),
        output: path.resolve(settings.outputDirectory),
        settings,
        strict: true,
      },
      console,
      signal,
    );
    console.summarize(report, htmlPath);
    return failed ? 1 : 0;
  } finally {
    console.close();
  }
}

async function merge({ positionals, settings }: Given, host: NodeJS.Process): Promise<number> {
  const [{ mergeReports }, { createConsole, terminalOf }] = await Promise.all([
    import('../run/merge.js'),
    import('../run/console.js'),
  ]);
  const output = path.resolve(settings.outputDirectory);
  const { report, htmlPath, failed } = await mergeReports({
    places: positionals,
    base: host.cwd(),
    output,
    settings,
  });
  createConsole(await terminalOf(host.stdout, host.stderr, host.env)).summarize(report, htmlPath);
  return failed ? 1 : 0;
}

/** Until a signal ends it. */
async function serve({ positionals, settings }: Given, host: NodeJS.Process, signal: AbortSignal): Promise<number> {
  const { serveFolder } = await import('./web-server.js');
  const folder = path.resolve(positionals[0] ?? '.');
  if (!existsSync(path.join(folder, 'report', 'index.html')))
    throw new ConfigurationError(
      `there is no report/index.html in ${JSON.stringify(folder)}: name the folder that convert wrote`,
    );
  const server = await serveFolder(folder, settings.port).catch((e: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`port ${settings.port} can't be served on: ${e.code ?? e.message}`);
  });
  host.stdout.write(`The report is at ${server.address}; Ctrl-C ends.\n`);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  await server.close();
  return 0;
}

async function verify(
  { positionals, settings, modelsRoot }: Given,
  host: NodeJS.Process,
  signal: AbortSignal,
): Promise<number> {
  const [{ verifyFolders }, { createConsole, terminalOf }] = await Promise.all([
    import('../run/verify-folders.js'),
    import('../run/console.js'),
  ]);
  const console = createConsole(await terminalOf(host.stdout, host.stderr, host.env));
  try {
    const { report, failed } = await verifyFolders(
      { folders: positionals.map((p) => path.resolve(p)), models: modelsRoot ?? realpathSync(host.cwd()), settings },
      console,
      signal,
    );
    console.summarize(report);
    return failed ? 1 : 0;
  } finally {
    console.close();
  }
}

/** The first signal cancels, so that nothing half done is left; the second ends at once. */
async function interruptible(host: NodeJS.Process, work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  let code = 0;
  const on = (name: 'SIGINT' | 'SIGTERM', exit: number) => {
    const listener = () => {
      if (code !== 0) host.exit(exit);
      code = exit;
      controller.abort();
    };
    host.on(name, listener);
    return () => host.off(name, listener);
  };
  const off = [on('SIGINT', 130), on('SIGTERM', 143)];
  try {
    const result = await work(controller.signal);
    return code === 0 ? result : code;
  } finally {
    for (const stop of off) stop();
  }
}
