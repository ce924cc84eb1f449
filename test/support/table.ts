/** The table of `check` and `verify`. */
export function table(...rows: [name: string, address: string, verdict: string][]): string {
  const all = [["NAME", "ADDRESS", "VERDICT"] as const, ...rows];
  const wide = (column: 0 | 1) => Math.max(...all.map((row) => row[column].length));
  return all
    .map(([name, at, verdict]) => `${name.padEnd(wide(0))}  ${at.padEnd(wide(1))}  ${verdict}`)
    .join("\n");
}
