import { readFile } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import type { CaContext, RunContext } from "../core/context.ts";
import type { Emit } from "../core/outcome.ts";
import { openSession, type Session } from "../core/session.ts";
import { AppError, messageOf } from "../errors.ts";
import { once } from "../once.ts";
import type { Clock, Linger } from "../time.ts";

/** How to reach CAs, from the options of this run. */
export interface Network {
  /** The path of a PEM file; undefined: each target may have its own. */
  caBundle: string | undefined;
  /** Undefined: each target may have its own, or `usualAgent` applies. */
  userAgent: string | undefined;
  usualAgent: string;
}

/** What a verb gets from the process that it runs in. */
export interface Process {
  env: Record<string, string | undefined>;
  now: Clock;
  random: () => number;
  signal: AbortSignal;
  emit: Emit;
  linger: Linger;
  /** A function, as most verbs do not read it. */
  stdin: () => Readable;
  stdout: Writable;
  /** The folder in which this program is installed. */
  home: string;
}

/** The context for one CA. Throws `usage` if the file of roots is unusable. */
export async function caContextOf(network: Network, host: Process): Promise<CaContext> {
  const roots = await rootsOf(network);
  const { userAgent = network.usualAgent } = network;
  return { ...basicsOf(host), roots, userAgent };
}

/** Let's Encrypt allows a burst of ten requests for nonces. This leaves some for others. */
const LANES = 8;

/**
 * The context for getting certificates, for this many targets at once. The options of this run win
 * over the recorded ones of a target. Throws `usage` if the file of roots or the proxy's address is
 * unusable.
 */
export async function runContextOf(
  network: Network,
  host: Process,
  targets = 1,
): Promise<Omit<RunContext, "openResponder">> {
  const roots = await rootsOf(network);
  const sessions = new Map<string, Promise<Session>>();
  return {
    ...basicsOf(host),
    sessionFor({ caBundle, userAgent = network.usualAgent }) {
      const agent = network.userAgent ?? userAgent;
      const file = roots === undefined ? caBundle : undefined;
      return once(sessions, JSON.stringify([file, agent]), async () =>
        openSession({
          roots: file === undefined ? roots : await recordedRoots(file),
          userAgent: agent,
          lanes: Math.min(targets, LANES),
          emit: host.emit,
        }),
      );
    },
  };
}

function basicsOf({ env, now, random, signal, emit }: Process) {
  checkProxy(env);
  return { now, random, signal, emit, proxyEnv: env };
}

async function rootsOf({ caBundle }: Network): Promise<string | undefined> {
  if (caBundle === undefined) return undefined;
  try {
    return await readRoots(caBundle);
  } catch (error) {
    throw new AppError("usage", `--ca_bundle ${caBundle}: ${messageOf(error)}.`, {
      hint: "Name a PEM file with the root certificates of your CA.",
      scope: "run",
    });
  }
}

async function recordedRoots(file: string): Promise<string> {
  try {
    return await readRoots(file);
  } catch (error) {
    throw new AppError(
      "bad-file",
      `${file}, the recorded --ca_bundle of this certificate, cannot be used: ${messageOf(error)}.`,
      { hint: "Put it back, or name another with --ca_bundle." },
    );
  }
}

/** The order in which Node.js looks for the proxy of https addresses. */
const PROXIES = ["https_proxy", "HTTPS_PROXY"];

/**
 * We check this ourselves: Node.js quotes a malformed address, with its password, in the error. It
 * ignores a proxy of an unknown kind.
 */
function checkProxy(env: Process["env"]): void {
  const name = PROXIES.find((each) => env[each]);
  if (name === undefined || isProxy(env[name] ?? "")) return;
  throw new AppError("usage", `${name} is not the address of a proxy.`, {
    hint: "Write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with %40 for an @ and %25 for a %.",
    scope: "run",
  });
}

function isProxy(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\/\S+$/.test(text)) return false;
  try {
    decodeURIComponent(url.username + url.password);
    return true;
  } catch {
    return false;
  }
}

async function readRoots(file: string): Promise<string> {
  const text = await readFile(file, "utf8");
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new Error("it has no PEM certificate");
  return text;
}
