import leven from "leven";

/** Asks whether one of the known words was meant. An empty text if the word is like none of them. */
export type Suggest = (word: string, known: readonly string[]) => string;

const MOST = 2;
/** Nobody misspells a longer word, and comparing it takes long. */
const LONGEST = 100;

export const suggest: Suggest = (word, known) => {
  const found = similar(word, known);
  return found.length === 0 ? "" : `Did you mean ${found.join(" or ")}?`;
};

/** The known words that take the fewest changes, if these are few. */
function similar(word: string, known: readonly string[]): string[] {
  const wrong = plain(word);
  const limit = changesIn(wrong);
  if (wrong.length > LONGEST) return [];
  const distances = known.map((each) => [each, distance(wrong, plain(each), limit)] as const);
  const least = Math.min(...distances.map(([, changes]) => changes));
  if (least > limit) return [];
  return distances.flatMap(([each, changes]) => (changes === least ? [each] : [])).slice(0, MOST);
}

/** The library stops at the distance that it is given. */
function distance(one: string, other: string, limit: number): number {
  return leven(one, other, { maxDistance: limit + 1 });
}

/** How many letters may be wrong, so that a suggestion is not a guess. Two letters that changed places count twice. */
function changesIn({ length }: string): number {
  if (length < 2) return 0;
  return length < 4 ? 1 : length < 9 ? 2 : 3;
}

/** Capitals, and hyphens instead of underscores, are no mistakes. */
function plain(word: string): string {
  return word.toLowerCase().replace(/^-+/, "").replaceAll("-", "_");
}
