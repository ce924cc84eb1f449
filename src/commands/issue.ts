import { readFile } from "node:fs/promises";
import type { Responder } from "../challenge/responder.ts";
import { fulfil } from "../core/fulfil.ts";
import type { Emit, Outcome } from "../core/outcome.ts";
import type { Method, Target } from "../core/target.ts";
import { AppError, messageOf } from "../errors.ts";
import type { Clock } from "../time.ts";

/** How to reach the CA. */
export interface Network {
  /** The path of a PEM file. */
  caBundle: string | undefined;
  userAgent: string;
}

export interface Process {
  env: Record<string, string | undefined>;
  now: Clock;
  signal: AbortSignal;
  emit: Emit;
}

/** Gets or renews the certificate of one target when that is due. */
export async function issue(
  target: Target,
  network: Network,
  process: Process,
): Promise<Outcome[]> {
  const { env, now, signal, emit } = process;
  const roots = network.caBundle && (await readRoots(network.caBundle));
  const outcome = await fulfil(target, {
    roots,
    userAgent: network.userAgent,
    proxyEnv: env,
    openResponder: (method) => openResponder(method, emit),
    now,
    signal,
    emit,
  });
  return [outcome];
}

async function openResponder(method: Method, emit: Emit): Promise<Responder> {
  switch (method.kind) {
    case "standalone": {
      const { openStandalone } = await import("../challenge/standalone.ts");
      return openStandalone(method.listen, emit);
    }
    case "webroot": {
      const { openWebroot } = await import("../challenge/webroot.ts");
      return openWebroot(method.roots);
    }
  }
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
