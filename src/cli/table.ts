/** What a table has under a word that somebody wrote, and not what every object has, as `constructor`. */
export function entryOf<T>(
  table: Readonly<Record<string, T>>,
  word: string,
): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
