/** Makes a case smaller as long as it still shows the same. */
import type { Case } from './case.js';
import type { Message, Schema } from './proto.js';
import { copy, decode, encode, isMessage } from './proto.js';

/** Tries to leave out ever smaller pieces of a list. */
function reduce<T>(list: T[], shows: (shorter: T[]) => boolean, over: () => boolean): T[] {
  let best = list;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = 0; at < best.length && !over(); ) {
      const shorter = [...best.slice(0, at), ...best.slice(at + size)];
      if (shows(shorter)) best = shorter;
      else at += size;
    }
  return best;
}

/** @param most how long it may take, in milliseconds */
export function minimise(schema: Schema, c: Case, shows: (c: Case) => boolean, most: number): Case {
  const end = performance.now() + most;
  const over = () => performance.now() > end;
  const [name, bytes] = Object.entries(c.files)[0] as [string, Uint8Array];
  const others = Object.fromEntries(Object.entries(c.files).slice(1));
  const wrapped = (main: Uint8Array, rest = others): Case => ({ ...c, files: { [name]: main, ...rest } });
  let best = bytes;
  const type = name.endsWith('.onnx') ? 'ModelProto' : name.endsWith('.pb') ? 'TensorProto' : undefined;
  const tree = type && decode(schema, type, bytes);
  if (tree) {
    const root = copy(tree);
    if (shows(wrapped(encode(root)))) {
      best = encode(root);
      const shrink = (at: Message): void => {
        const all = at.fields;
        at.fields = reduce(
          all,
          (fields) => {
            const before = at.fields;
            at.fields = fields;
            if (shows(wrapped(encode(root)))) return true;
            at.fields = before;
            return false;
          },
          over,
        );
        best = encode(root);
        for (const f of at.fields) if (isMessage(f.value) && !over()) shrink(f.value);
      };
      shrink(root);
    }
  } else if (bytes.length < 20_000)
    best = Uint8Array.from(reduce([...bytes], (list) => shows(wrapped(Uint8Array.from(list))), over));
  const alone = wrapped(best, {});
  return shows(alone) ? alone : wrapped(best);
}
