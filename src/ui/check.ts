import { doesFail, type Report } from "../check/check.ts";
import { type Group, groupsOf } from "../check/groups.ts";
import { showName } from "../name.ts";
import { table } from "./table.ts";
import { sayFact } from "./text.ts";

/** What a check found: a table, then each cause with what to do; or with `json` one object. */
export function sayCheck(report: Report, json: boolean): string {
  if (json) return JSON.stringify(report, null, 1);
  const { names, findings } = report;
  const rows = names.flatMap(({ name, verdicts }) =>
    verdicts.map(({ address, code }) => [showName(name), address ?? "-", code]),
  );
  return [
    table([["NAME", "ADDRESS", "VERDICT"], ...rows]),
    ...groupsOf(findings).map(sayGroup),
    doesFail(report)
      ? `The CA will most likely fail${sayPart(report)}. Correct what stands above, and check again.`
      : "As far as this host can see, the CA can validate every name.",
  ].join("\n\n");
}

/** For how many names it fails, if not for all. */
function sayPart({ names, findings }: Report): string {
  const failing = findings.filter(({ level }) => level === "fails");
  const { size } = new Set(failing.map(({ name }) => name));
  const isAll = size === names.length || failing.some(({ name }) => name === undefined);
  return isAll ? "" : ` for ${size} of ${names.length} names`;
}

function sayGroup({ first: { code, level, fact, remedy }, names }: Group): string {
  const mark = level === "fails" ? code : `${code} (advice)`;
  return `${mark}: ${sayFact(fact, names)}\n  ${remedy}`;
}

/** 0 if the CA can validate every name as far as we can see, otherwise 1. */
export function exitCodeOfCheck(report: Report): 0 | 1 {
  return doesFail(report) ? 1 : 0;
}
