// The codec brings no types along, which TypeScript asks for in a module of its own language.
module.exports = require('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs');
