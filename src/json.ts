/** Whether a value of a JSON text is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The own member of a table, whose name may come from outside: not `constructor`, which every object has. */
export function entryOf<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

export type Check = (value: unknown) => boolean;

/** Whether a value is of a kind. */
export const is = {
  text: (value: unknown): value is string => typeof value === "string",
  number: (value: unknown) => typeof value === "number",
  flag: (value: unknown) => typeof value === "boolean",
  date: (value: unknown) => value instanceof Date,

  optional:
    (check: Check): Check =>
    (value) =>
      value === undefined || check(value),

  listOf:
    (check: Check): Check =>
    (value) =>
      Array.isArray(value) && value.every(check),

  /** An object whose members are all right; others than these do not matter. */
  shape<T>(checks: Record<keyof T, Check>) {
    const all = Object.entries<Check>(checks);
    return (value: unknown): value is T =>
      isRecord(value) && all.every(([name, check]) => check(value[name]));
  },
};
