const latin1 = new TextDecoder('latin1');

/**
 * What a file is that turned out to be no ONNX model, by its first bytes: "an HTML page", "a ZIP archive" and so on, as the
 * catalogue's `notOnnx` takes it. Undefined where they don't tell. To be asked after parsing failed, since a valid model
 * may begin with almost anything.
 */
export function identify(head: Uint8Array): string | undefined {
  const text = latin1.decode(head);
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return 'a ZIP archive';
  if (text.startsWith('\x1f\x8b')) return 'gzip-compressed data';
  if (text.startsWith('\x89HDF')) return 'an HDF5 file';
  if (text.startsWith('\x93NUMPY')) return 'a NumPy array';
  if (text.startsWith('GGUF')) return 'a GGUF file';
  if (text.slice(4, 8) === 'TFL3') return 'a TensorFlow Lite model';
  if (text.slice(4, 8) === 'ORTM') return 'an ONNX Runtime (ORT format) model';
  if (/^\x80[\x02-\x05]/.test(text)) return 'a Python pickle';
  if (/^\s*(<!doctype|<html|<\?xml|<head|<!--)/i.test(text.replace(/^\xef\xbb\xbf/, ''))) return 'an HTML page';
  if (/^\s*[[{]/.test(text) && isText(head)) return 'a JSON file';
  return isText(head) ? 'a text file' : undefined;
}

/** UTF-8 (perhaps cut within a character, as a head is) without control characters. */
function isText(head: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
  } catch {
    return false;
  }
  return head.every((b) => (b >= 0x20 && b !== 0x7f) || b === 0x09 || b === 0x0a || b === 0x0d);
}
