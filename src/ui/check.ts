import { doesFail, type Report } from "../check/check.ts";
import { shownLines } from "../shown.ts";
import type { Format } from "./drawn-table.ts";
import { sayFindings, sayPart } from "./findings.ts";

/** What a check found, for people or with `json` as one object. */
export function sayCheck(report: Report, { json, drawing }: Format): string {
  if (json) return shownLines(JSON.stringify(report, null, 1));
  const { names, findings } = report;
  const rows = names.flatMap(({ name, verdicts }) =>
    verdicts.map(({ address, cause }) => ({ name, address, verdict: cause })),
  );
  const conclusion = doesFail(report)
    ? `The CA will most likely fail${sayPart(findings, names.length)}. Correct what stands above, and check again.`
    : "As far as this host can see, the CA can validate every name.";
  return sayFindings({ rows, findings, conclusion }, drawing);
}

/** 0 if the CA can validate every name as far as we can see, otherwise 1. */
export function exitCodeOfCheck(report: Report): 0 | 1 {
  return doesFail(report) ? 1 : 0;
}
