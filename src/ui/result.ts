import type { Outcome } from "../core/outcome.ts";
import type { StatusRow } from "../core/many/status.ts";
import { shownLines } from "../shown.ts";
import type { Clock } from "../time.ts";
import { type AccountView, sayAccount } from "./account.ts";
import type { Report as CheckReport } from "../check/check.ts";
import { exitCodeOfCheck, sayCheck } from "./check.ts";
import { sayLine } from "./dokku.ts";
import type { Drawing, Format } from "./drawn-table.ts";
import { openPrinter } from "./output.ts";
import { exitCodeOf, openReport, type Report, reportOutcome } from "./report.ts";
import { sayStatus } from "./status.ts";
import { drawStatus } from "./status-table.ts";
import { reportSummary, reportTroubles } from "./summary.ts";
import { sizeOf, type Terminal } from "./terminal.ts";
import type { Write } from "./text.ts";
import { areServed, sayVerdicts, type SetVerdict } from "./verify.ts";

/** The result of a run: outcomes, or the answer to a question. */
export type Result = { outcomes: readonly Outcome[] } | { answer: Answer };

export type Answer =
  | { kind: "account"; account: AccountView }
  | { kind: "standings"; dir: string; standings: readonly StatusRow[] }
  | { kind: "verdicts"; verdicts: readonly SetVerdict[]; at: Date }
  | { kind: "check"; report: CheckReport }
  | { kind: "text"; text: string }
  /** A tar. It was written to standard output while it was made. */
  | { kind: "written" };

/**
 * How to report outcomes. `each`: each by itself at the end. `summary`: each when it ends, then a
 * summary. `lines`: one line each, for a program that does its own counting.
 */
export type ReportStyle = "each" | "summary" | "lines";

interface Presentation {
  report: ReportStyle;
  /** Whether answers are JSON. */
  answerJson: boolean;
  write: Write;
  /** For answers. */
  output: Terminal;
  now: Clock;
}

/** Reports what happens in a run, and its result. */
export interface RunReport extends Report {
  /** Returns the exit code. */
  result: (result: Result) => Promise<number>;
}

export function openRunReport({
  report: style,
  answerJson,
  write,
  output,
  now,
}: Presentation): RunReport {
  const { print, done } = openPrinter(output.stream);
  const report = openReport(write, (outcome) => {
    if (style === "lines") print(shownLines(sayLine(outcome, now())));
  });
  return {
    ...report,
    async result(result) {
      if ("answer" in result) {
        const { answer } = result;
        const isDrawn = DRAWN.includes(answer.kind) && output.watched && !answerJson;
        const drawing = isDrawn ? await drawingFor(output) : undefined;
        const text = sayAnswer(answer, { json: answerJson, drawing }, now());
        if (text !== undefined) print(text);
        await done();
        return codeOfAnswer(answer);
      }
      const { outcomes } = result;
      if (style === "summary") reportSummary(outcomes, write);
      else if (style === "lines") reportTroubles(outcomes, write);
      else for (const outcome of outcomes) reportOutcome(outcome, write);
      await done();
      return exitCodeOf(outcomes);
    },
  };
}

/** An answer is a success, unless it says that something is wrong. */
function codeOfAnswer(answer: Answer): 0 | 1 {
  if (answer.kind === "check") return exitCodeOfCheck(answer.report);
  return answer.kind === "verdicts" && !areServed(answer.verdicts) ? 1 : 0;
}

/** Answers that look better at a terminal. */
const DRAWN: readonly Answer["kind"][] = ["standings", "verdicts", "check"];

/** For a person at a terminal. Only this loads what measures texts there. */
async function drawingFor({ stream, colour, unicode }: Terminal): Promise<Drawing> {
  const screen = await import("./screen.ts");
  return { ...sizeOf(stream), colour, unicode, screen };
}

/** Safe to show, whatever it quotes. */
function sayAnswer(answer: Answer, format: Format, now: Date): string | undefined {
  const { json, drawing } = format;
  switch (answer.kind) {
    case "account":
      return shownLines(sayAccount(answer.account, json));
    case "standings":
      return drawing !== undefined && answer.standings.length > 0
        ? drawStatus(answer.standings, now, drawing)
        : shownLines(sayStatus(answer.standings, { json, dir: answer.dir }));
    case "verdicts":
      return sayVerdicts(answer.verdicts, format, answer.at);
    case "check":
      return sayCheck(answer.report, format);
    case "text":
      return shownLines(answer.text);
    case "written":
      return undefined;
  }
}
