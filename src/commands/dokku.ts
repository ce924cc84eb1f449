import { text } from "node:stream/consumers";
import { type Subject, subjectOf } from "../core/outcome.ts";
import type { Draft } from "../core/target.ts";
import type { AppError } from "../errors.ts";
import { makeFolder } from "../store/folder.ts";
import type { Run } from "./run.ts";
import { readSecrets } from "./secrets.ts";
import { targetOrFailure, type TargetOrFailure, type Work, workOff } from "./targets.ts";

/** What one app wants, or why it cannot have it. */
export type App =
  { target: Draft; warnings: readonly string[] } | { subject: Subject; error: AppError };

/** The apps of a Dokku host, and who understands what is said of them. */
export interface DokkuApps {
  /** The folder below which each app has its own. */
  dir: string;
  work: Work;
  read: (text: string) => readonly App[];
}

/** Makes every app's wish true; what is wrong with one stops no other. Throws `usage` when the standard input cannot be read. */
export const run: Run<DokkuApps> = async ({ dir, work, read }, host) => {
  const apps = read(await text(host.stdin()));
  makeFolder(dir, 0o700);
  const find = () => Promise.all(apps.map(targetOf));
  return { outcomes: await workOff({ dir, find }, work, host) };
};

async function targetOf(app: App): Promise<TargetOrFailure> {
  if ("error" in app) return app;
  const { target, warnings } = app;
  return targetOrFailure(subjectOf(target), async () => ({
    target: await readSecrets(target),
    warnings,
  }));
}
