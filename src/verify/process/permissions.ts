import path from 'node:path';

/**
 * What a child process may, by Node's permission model (https://nodejs.org/api/permissions.html). It holds for what runs in
 * JavaScript and in WebAssembly; native addons and programs are let in only where an engine needs them.
 */
export interface Permissions {
  /** Absolute: the only folders that it may write to. */
  writable?: readonly string[];
  /** Native addons, for the engine `tensorflow`. */
  addons?: boolean;
  /** To be spoken to on the loopback address, for the engines `chrome-…`. */
  loopback?: boolean;
}

const OURS = /^--(?:permission$|experimental-permission$|allow-)/;

/** Flags for a child's start. Node before 22 has the model under another name, and before 25 none for the network. */
export function permissionFlags({ writable = [], addons = false, loopback = false }: Permissions): string[] {
  const major = Number.parseInt(process.versions.node, 10);
  return [
    major >= 22 ? '--permission' : '--experimental-permission',
    '--allow-fs-read=*',
    ...writable.map((folder) => `--allow-fs-write=${path.join(folder, '*')}`),
    // The judge has processes of its own, and each a thread that watches over its parent.
    '--allow-child-process',
    '--allow-worker',
    ...(addons ? ['--allow-addons'] : []),
    ...(loopback && major >= 25 ? ['--allow-net'] : []),
  ];
}

/** This process's own, for a child of it. */
export function ownPermissionFlags(): string[] {
  return process.execArgv.filter((flag) => OURS.test(flag));
}
