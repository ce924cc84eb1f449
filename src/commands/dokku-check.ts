import { text } from "node:stream/consumers";
import type { HostPort } from "../challenge/dns/resolver.ts";
import { AppError } from "../errors.ts";
import { checkTarget } from "./check.ts";
import type { DokkuApps } from "./dokku.ts";
import type { Run } from "./run.ts";

/** Checks the app of a Dokku host. Throws the error in its properties, if there is one. */
export const run: Run<Pick<DokkuApps, "read"> & { resolvers: readonly HostPort[] }> = async (
  { read, resolvers },
  host,
) => {
  const [app, ...others] = read(await text(host.stdin()));
  if (app === undefined || others.length > 0)
    throw new AppError("usage", "The standard input does not have exactly one app.", {
      hint: "This command is for the Dokku plugin; for other names, use check.",
      scope: "run",
    });
  if ("error" in app) throw app.error;
  for (const warning of app.warnings) host.emit({ type: "warning", text: warning });
  return { answer: { kind: "check", report: await checkTarget(app.target, resolvers, host) } };
};
