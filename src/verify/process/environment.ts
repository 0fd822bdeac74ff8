/** What a program needs to run and to find its temporary folder; nothing that could hold a secret. */
const NEEDED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TEMP',
  'TMP',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'SystemRoot',
  'SystemDrive',
  'windir',
  'ComSpec',
  'PATHEXT',
  'USERPROFILE',
  'LOCALAPPDATA',
  'NUMBER_OF_PROCESSORS',
  'PROGRAMFILES',
  'PROGRAMFILES(X86)',
  // Where the engines chrome-… find their browser.
  'CHROME_PATH',
  'CHROME_BIN',
];

/** The part of an environment that a child process may know: an allow-list. On Windows names are equal but for case. */
export function allowed(from: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = new Set(NEEDED.map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.has(name.toLowerCase())));
}
