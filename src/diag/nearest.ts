import leven from 'leven';

/** The known word that is likest to what was given, for `did you mean`; undefined where none is close. */
export function nearestWord(given: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const word of known) {
    const distance = leven(given.toLowerCase(), word.toLowerCase());
    if (distance < least && word !== given) {
      least = distance;
      best = word;
    }
  }
  return best;
}
