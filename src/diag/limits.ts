/**
 * What a model may ask for. Each figure is far above what any real model needs, and low enough that a file made to hurt
 * is refused before it does; docs/limits.md says the same to users.
 */
export const LIMITS = {
  /** Axes of a tensor. */
  rank: 64,
  /** Elements of a tensor: what an int32 can count, as TensorFlow.js does. */
  elements: 2 ** 31 - 1,
  /** Bytes of one name, documentation or other text. */
  textBytes: 16 * 2 ** 20,
  /** Bytes of one attribute's string. */
  attributeBytes: 64 * 2 ** 20,
  /** Elements of one attribute that is a list. */
  attributeElements: 2 ** 24,
  /** Nodes, with functions, loops and branches written out. */
  nodes: 250_000,
  /** Functions and subgraphs within one another. */
  nesting: 64,
  /** Terms of a size that is a polynomial over symbols, and factors of a term. */
  sizeTerms: 64,
  sizeFactors: 16,
  /** Characters of a symbol's name. */
  sizeText: 4096,
  /** Elements of a constant that is made from nothing while converting; a larger one is left to the written model. */
  foldedElements: 2 ** 27,
  /** Elements that are listed one by one while an operator is written: indices, factors, windows. */
  listedElements: 2 ** 24,
  /** Bytes that the written model may have beyond eight times those of the source. */
  outputBytes: 2 ** 30,
} as const;
