import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** Where browsers are installed, by what Chrome, Chromium and GitHub's runner images do. */
function usualPlaces(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string[] {
  if (platform === 'darwin')
    return ['Google Chrome', 'Chromium'].flatMap((name) =>
      ['', env.HOME ?? ''].map((root) => join(root, '/Applications', `${name}.app`, 'Contents', 'MacOS', name)),
    );
  if (platform === 'win32')
    return [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA]
      .filter((root) => root !== undefined)
      .flatMap((root) => [
        join(root, 'Google', 'Chrome', 'Application', 'chrome.exe'),
        join(root, 'Chromium', 'Application', 'chrome.exe'),
      ]);
  return [
    '/opt/google/chrome/chrome',
    '/usr/bin/google-chrome',
    '/usr/bin/google-chrome-stable',
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
  ];
}

/**
 * Chrome's or Chromium's program: the one given, else what CHROME_PATH or CHROME_BIN name, else the first of the usual
 * places. Throws where there is none, or where the one given isn't there.
 */
export function findChrome(given: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  if (given) {
    if (!isProgram(given)) throw new Error(`there is no program ${JSON.stringify(given)}`);
    return given;
  }
  const places = [env.CHROME_PATH, env.CHROME_BIN, ...usualPlaces(process.platform, env)];
  const found = places.find((place) => place !== undefined && place !== '' && isProgram(place));
  if (found === undefined)
    throw new Error(
      'neither Chrome nor Chromium is installed here; install one, or say where it is by chrome or CHROME_PATH',
    );
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
