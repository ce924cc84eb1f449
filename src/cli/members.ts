import { SECOND } from "../time.ts";
import type { Given } from "./given.ts";
import { OPTION_NAMES, type OptionName, type OPTIONS, specOf } from "./options.ts";

type Rows = typeof OPTIONS;

/** The type of an option's value in a target. Times are in milliseconds there. */
type ValueOf<Row> = Row extends { value: string }
  ? (Row extends { value: "SECONDS" | "NUMBER" } ? number : string) | NoValueOf<Row>
  : boolean;
type NoValueOf<Row> = Row extends { default: unknown } ? never : undefined;

/** The option that sets a member of a target. */
type Setting<Member extends string> = {
  [Name in OptionName]: Rows[Name] extends { sets: Member } ? Name : never;
}[OptionName];

type MemberOf<Part extends string> = Rows[OptionName] extends infer Row
  ? Row extends { sets: `${Part}.${infer Member}` }
    ? Member
    : never
  : never;

/** The members of a part of a target that options set directly. */
export type Members<Part extends string> = {
  [Member in MemberOf<Part>]: ValueOf<Rows[Setting<`${Part}.${Member}`>]>;
};

/** Reads the options whose rows name a member of this part. */
export function readMembers<Part extends "want" | "ask">(given: Given, part: Part): Members<Part> {
  const entries = OPTION_NAMES.flatMap((option) => {
    const [of, member] = specOf(option).sets?.split(".") ?? [];
    return of === part && member !== undefined ? [[member, read(given, option)]] : [];
  });
  // The rows say both what is read and what type it has.
  return Object.fromEntries(entries) as Members<Part>;
}

function read(given: Given, option: OptionName): boolean | number | string | undefined {
  const { value } = specOf(option);
  if (value === undefined) return given.flag(option);
  if (value !== "SECONDS" && value !== "NUMBER") return given.text(option);
  const number = given.number(option);
  return value === "SECONDS" && number !== undefined ? number * SECOND : number;
}
