/**
 * Numbers that are the same for the same seed on every machine: integer arithmetic and sums alone, since Math.log and its
 * like may differ in the last bit. The generator is sfc32 (Chris Doty-Humphrey, PractRand), seeded by FNV-1a.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed`: any text. */
  constructor(seed: string) {
    const hash = (basis: number): number => {
      let h = basis;
      for (let i = 0; i < seed.length; i++) h = Math.imul(h ^ seed.charCodeAt(i), 0x01000193);
      return h | 0;
    };
    this.#a = hash(0x811c9dc5 | 0);
    this.#b = hash(0x9e3779b9 | 0);
    this.#c = hash(0x85ebca6b | 0);
    for (let i = 0; i < 16; i++) this.next();
  }

  /** In [0, 1), in steps of 2^-32. */
  next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return (t >>> 0) / 2 ** 32;
  }

  /** In [low, high). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** A whole number, both ends included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Mean 0, deviation 1, never beyond 3.47: the sum of four even distributions. */
  normal(): number {
    return (this.next() + this.next() + this.next() + this.next() - 2) * 1.7320508075688772;
  }
}
