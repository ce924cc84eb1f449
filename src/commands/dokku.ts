import { text } from "node:stream/consumers";
import { type Subject, subjectOf } from "../core/outcome.ts";
import type { Draft } from "../core/target.ts";
import type { AppError } from "../errors.ts";
import { makeFolder } from "../store/folder.ts";
import type { Run } from "./run.ts";
import { readSecrets } from "./secrets.ts";
import { targetOrFailure, type TargetOrFailure, type Work, processAll } from "./targets.ts";

/** The target of one app, or the error in its properties. */
export type App =
  { target: Draft; warnings: readonly string[] } | { subject: Subject; error: AppError };

/** The apps of a Dokku host. `read` parses the standard input. */
export interface DokkuApps {
  /** The parent folder of the apps' folders. */
  dir: string;
  work: Work;
  read: (text: string) => readonly App[];
}

/**
 * Gets or renews the certificate of every app. An error in one app does not stop the others. Throws
 * `usage` if the standard input is malformed.
 */
export const run: Run<DokkuApps> = async ({ dir, work, read }, host) => {
  const apps = read(await text(host.stdin()));
  makeFolder(dir, 0o700);
  const find = () => Promise.all(apps.map(targetOf));
  return { outcomes: await processAll({ dir, find }, work, host) };
};

async function targetOf(app: App): Promise<TargetOrFailure> {
  if ("error" in app) return app;
  const { target, warnings } = app;
  return targetOrFailure(subjectOf(target), async () => ({
    target: await readSecrets(target),
    warnings,
  }));
}
