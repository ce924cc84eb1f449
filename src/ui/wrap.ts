/** A text as lines of words that are narrower than this, unless a word alone is wider. */
export function wrap(
  text: string,
  width: number,
  measure = (part: string) => part.length,
): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || measure(line) + measure(word) >= width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
