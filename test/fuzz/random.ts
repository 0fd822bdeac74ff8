/** A generator of pseudo-random numbers that gives the same on every machine (PCG XSH-RR 64/32, O'Neill 2014). */
export class Random {
  private state: bigint;

  /** One stream for each list of words. */
  constructor(...words: readonly (number | string)[]) {
    // FNV-1a over the words, so that streams of neighbouring numbers have nothing in common.
    let hash = 0xcbf29ce484222325n;
    for (const c of words.join('\0'))
      hash = BigInt.asUintN(64, (hash ^ BigInt(c.codePointAt(0) ?? 0)) * 0x100000001b3n);
    this.state = hash;
    this.next();
  }

  /** 32 bits. */
  private next(): number {
    const old = this.state;
    this.state = BigInt.asUintN(64, old * 6364136223846793005n + 1442695040888963407n);
    const x = Number(BigInt.asUintN(32, ((old >> 18n) ^ old) >> 27n));
    const turn = Number(old >> 59n);
    return ((x >>> turn) | (x << (-turn & 31))) >>> 0;
  }

  /** A whole number from 0 to n - 1; 0 where n is 0. */
  below(n: number): number {
    return n <= 1 ? 0 : this.next() % n;
  }

  /** True once in n times. */
  once(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** How many: 1 most often, larger numbers ever more rarely. */
  few(most: number): number {
    let n = 1;
    while (n < most && this.once(2)) n++;
    return n;
  }

  bytes(n: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.below(256));
  }
}
