import { readFile } from "node:fs/promises";
import type { Surroundings } from "../core/fulfil.ts";
import type { Emit } from "../core/outcome.ts";
import { AppError, messageOf } from "../errors.ts";
import type { Clock, Linger } from "../time.ts";

/** How to reach the CA. */
export interface Network {
  /** The path of a PEM file. */
  caBundle: string | undefined;
  userAgent: string;
}

/** What a verb gets from the process that it runs in. */
export interface Process {
  env: Record<string, string | undefined>;
  now: Clock;
  random: () => number;
  signal: AbortSignal;
  emit: Emit;
  linger: Linger;
}

/** What a run that talks to a CA needs. Throws `usage` for roots that cannot be read. */
export async function surroundingsOf(
  { caBundle, userAgent }: Network,
  { env, now, random, signal, emit }: Process,
): Promise<Omit<Surroundings, "openResponder">> {
  const roots = caBundle && (await readRoots(caBundle));
  return { now, random, signal, emit, roots, userAgent, proxyEnv: env };
}

async function readRoots(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw badBundle(file, messageOf(error));
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----"))
    throw badBundle(file, "it has no PEM certificate");
  return text;
}

function badBundle(file: string, why: string): AppError {
  return new AppError("usage", `--ca_bundle ${file}: ${why}.`, {
    hint: "Name a PEM file with the root certificates of your CA.",
    scope: "run",
  });
}
