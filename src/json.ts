/** Whether a value of a JSON text is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The own member of a table. The word may come from outside, so inherited members such as
 * `constructor` do not count.
 */
export function entryOf<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

export type Check = (value: unknown) => boolean;

/** Checks for values of unknown type. */
export const is = {
  text: (value: unknown): value is string => typeof value === "string",
  number: (value: unknown) => typeof value === "number",
  date: (value: unknown) => value instanceof Date,

  optional:
    (check: Check): Check =>
    (value) =>
      value === undefined || check(value),

  /** Checks the members of an object. Other members are ignored. */
  shape<T>(checks: Record<keyof T, Check>) {
    const all = Object.entries<Check>(checks);
    return (value: unknown): value is T =>
      isRecord(value) && all.every(([name, check]) => check(value[name]));
  },
};
