import type { Target } from "../core/target.ts";

/** What there is to know about one option; every list of options elsewhere is made of these. */
export interface OptionSpec {
  alias?: string;
  /** How the value is called in the help; undefined for a switch. */
  value?: string;
  repeatable?: true;
  describe: string;
  /** The values that there are; undefined: others than can be listed. */
  choices?: readonly string[];
  /** The value where none is given. */
  default?: string | number | readonly string[];
  /** What applies without the option where that is no constant, or what there is to say of the default. */
  otherwise?: string;
  /** The verbs that it applies to; the others refuse it. */
  verbs: "all" | readonly string[];
  /** The member of a target's `want` or `ask` that is its value as it stands; undefined: it takes code to understand it. */
  sets?: `want.${keyof Target["want"]}` | `ask.${keyof Target["ask"]}`;
  /** Its key in a file of targets; undefined: it is not a key of its own. */
  key?: string;
  /** The one way of answering the CA that it belongs to. */
  method?: MethodName;
  /** Its property in the Dokku plugin; undefined: no property sets it. */
  property?: string;
  /** `renew` goes by it again. */
  recorded?: true;
  /** simp_le does not have it. */
  isNew?: true;
  /** An option of simp_le that does nothing here: an error, or a warning. `describe` says what to do instead. */
  gone?: "refused" | "ignored";
  /** What it promises is worth a refusal even where only the environment says it, by a verb that gets certificates. */
  strict?: true;
  /** Its value is never shown. */
  secret?: true;
}

/** The ways of answering the CA, as a file of targets names them. */
export type MethodName = "standalone" | "webroot" | "stateless" | "dns";

/** The verbs that make targets; `account import` does it for the command that it tells. */
export const TARGET = ["issue", "account import", "batch", "dokku"] as const;

/** The verbs about one account, or the certificate that it is to revoke. */
export const ACCOUNT = [
  "revoke",
  "nginx",
  "account show",
  "account rollover",
  "account deactivate",
] as const;
