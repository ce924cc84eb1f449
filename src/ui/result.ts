import type { Outcome } from "../core/outcome.ts";
import type { Standing } from "../core/standing.ts";
import { type AccountView, sayAccount } from "./account.ts";
import { exitCodeOf, reportOutcome } from "./report.ts";
import { sayStanding } from "./status.ts";
import { reportSummary, reportTroubles } from "./summary.ts";
import type { Write } from "./text.ts";

/** What came of a run: how its subjects ended, or what somebody asked to see. */
export type Result = { outcomes: readonly Outcome[] } | { answer: Answer };

export type Answer =
  | { kind: "account"; account: AccountView }
  | { kind: "standings"; dir: string; standings: readonly Standing[] }
  | { kind: "text"; text: string }
  /** A tar, which was written to the standard output as it was made. */
  | { kind: "written" };

/**
 * How outcomes are told: each by itself; a summary of those that were told as they came; or for a program
 * that reads a line about each, and counts itself.
 */
export type Telling = "each" | "summary" | "lines";

interface Presentation {
  outcomes: Telling;
  /** Answers as JSON. */
  json: boolean;
  write: Write;
  /** To the standard output, with a line feed after it. */
  print: (text: string) => void;
}

/** Tells what came of a run, and returns the code to exit with. */
export function reportResult(
  result: Result,
  { outcomes: telling, json, write, print }: Presentation,
) {
  if ("answer" in result) {
    const text = sayAnswer(result.answer, json);
    if (text !== undefined) print(text);
    return 0;
  }
  const { outcomes } = result;
  if (telling === "summary") reportSummary(outcomes, write);
  else if (telling === "lines") reportTroubles(outcomes, write);
  else for (const outcome of outcomes) reportOutcome(outcome, write);
  return exitCodeOf(outcomes);
}

function sayAnswer(answer: Answer, json: boolean): string | undefined {
  switch (answer.kind) {
    case "account":
      return sayAccount(answer.account, json);
    case "standings":
      return sayStanding(answer.standings, { json, dir: answer.dir });
    case "text":
      return answer.text;
    case "written":
      return undefined;
  }
}
