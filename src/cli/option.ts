import type { Verb } from "./verbs.ts";

/** One option as a person may write it. */
export interface OptionSpec {
  alias?: string;
  /** How the value is called in the help; undefined for a switch. */
  value?: string;
  repeatable?: true;
  /** simp_le does not have it. */
  isNew?: true;
  /** An option of simp_le that does nothing here: an error, or a warning. `describe` says what to do instead. */
  gone?: "refused" | "ignored";
  /** The verbs that heed it; what a verb does not heed is refused. */
  verbs: readonly Verb[];
  /** What it promises is worth a refusal even where only the environment says it, by a verb that gets certificates. */
  strict?: true;
  /** Its value is never shown. */
  secret?: true;
  describe: string;
}
