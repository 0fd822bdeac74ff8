// Stands for @apidevtools/json-schema-ref-parser where openapi-backend requires it: that package is an ES module, which
// jest can't require under Node 20. The description has references within itself only; those are all that is resolved.

/** Each `{"$ref": "#/a/b"}` becomes what it names; the same object for the same name, so that circles stay circles. */
async function dereference(document) {
  const known = new Map();
  const named = (ref) => {
    if (!ref.startsWith('#/')) throw new Error(`${ref} leads out of the description`);
    let at = document;
    for (const key of ref.slice(2).split('/')) {
      at = at?.[decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')];
      if (at === undefined) throw new Error(`${ref} names nothing`);
    }
    return at;
  };
  const walk = (node) => {
    if (Array.isArray(node)) return node.map(walk);
    if (node === null || typeof node !== 'object') return node;
    const ref = node.$ref;
    if (typeof ref !== 'string')
      return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value)]));
    if (!known.has(ref)) {
      const target = {};
      known.set(ref, target);
      Object.assign(target, walk(named(ref)));
    }
    return known.get(ref);
  };
  return walk(document);
}

const parse = async (document) => document;

module.exports = { __esModule: true, default: { dereference, parse, resolve: parse } };
