import type { Target } from "../core/target.ts";

/** All facts about one option. Every list of options elsewhere is derived from these. */
export interface OptionSpec {
  alias?: string;
  /** The placeholder for the value in the help; undefined for a switch. */
  value?: string;
  repeatable?: true;
  describe: string;
  /** The same in a few words, for an option that most people need. `--help` and README show only these. */
  brief?: string;
  /** All possible values; undefined if they cannot be listed. */
  choices?: readonly string[];
  /** The value if the option is not given. */
  default?: string | number | readonly string[];
  /** What applies without the option if that is not a constant, or a remark about the default. */
  otherwise?: string;
  /** The verbs that accept it; the others refuse it. */
  verbs: "all" | readonly string[];
  /** The member of a target's `want` or `ask` that it sets as it is; undefined if code has to interpret it. */
  sets?: `want.${keyof Target["want"]}` | `ask.${keyof Target["ask"]}`;
  /** Its key in a file of targets; undefined if it has none. */
  key?: string;
  /** The only method of answering the CA that uses it. */
  method?: MethodName;
  /** Its property in the Dokku plugin; undefined if it has none. */
  property?: string;
  /** `renew` uses the value of the last run. */
  recorded?: true;
  /** simp_le does not have it. */
  isNew?: true;
  /**
   * An option of simp_le that does nothing here: an error or a warning. `describe` says what to do
   * instead.
   */
  gone?: "refused" | "ignored";
  /**
   * Ignoring it would break its promise. So a verb that gets certificates refuses it, even if only
   * an environment variable sets it.
   */
  strict?: true;
  /** Its value is never shown. */
  secret?: true;
}

/** The methods of answering the CA, by their names in a file of targets. */
export type MethodName = "standalone" | "webroot" | "stateless" | "dns";

/**
 * The verbs that make targets. `account import` does so for the command that it prints, and `check`
 * takes the command line of `issue` to check what that would do.
 */
export const TARGET = [
  "issue",
  "check",
  "account import",
  "batch",
  "dokku",
  "dokku check",
] as const;

/** The verbs that use one account. */
export const ACCOUNT = [
  "revoke",
  "nginx",
  "account show",
  "account rollover",
  "account deactivate",
] as const;
