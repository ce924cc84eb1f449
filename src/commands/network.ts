import { readFile } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import type { Surroundings } from "../core/fulfil.ts";
import type { Emit } from "../core/outcome.ts";
import { share } from "../core/shared.ts";
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
  /** Opened when it is asked for. */
  stdin: () => Readable;
  stdout: Writable;
  /** The folder that this program was installed in. */
  home: string;
}

/**
 * What a run that talks to a CA needs, with so many requests under way at once. Throws `usage`
 * for roots that cannot be read.
 */
export async function surroundingsOf(
  { caBundle, userAgent }: Network,
  { env, now, random, signal, emit }: Process,
  lanes = 1,
): Promise<Omit<Surroundings, "openResponder">> {
  const roots = caBundle && (await readRoots(caBundle));
  const reach = { now, random, signal, emit, roots, userAgent, proxyEnv: env };
  return { ...reach, shared: share(emit, lanes) };
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
