import { closeSync, openSync, readSync } from 'node:fs';

const HEAD = 'version https://git-lfs.github.com/spec/v1';

/** Whether the first bytes of a file are those of a Git LFS pointer. */
export function looksLikeLfsPointer(head: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(head.subarray(0, HEAD.length)) === HEAD;
}

/** Whether a file is a Git LFS pointer instead of the content. False where it can't be read. */
export function isLfsPointer(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    const head = new Uint8Array(HEAD.length);
    readSync(fd, head, 0, head.length, 0);
    return looksLikeLfsPointer(head);
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}
