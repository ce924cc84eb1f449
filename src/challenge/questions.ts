import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { cut } from "../causes.ts";
import type { Name } from "../name.ts";
import { shown } from "../shown.ts";
import { sleep } from "../time.ts";
import type { Asked, Evidence, Tally } from "./evidence.ts";

/** After this many milliseconds without a new question, look at the CA's result. */
const LONGEST_SILENCE = 3_000;
/**
 * CAs ask from several places. This many milliseconds after the last question, no more are
 * expected.
 */
const SHORTEST_CALM = 50;

/** The lists of a tally have no more entries, whoever asks. */
const MOST_ADDRESSES = 5;
const MOST_HOSTS = 3;
const LONGEST_HOST = 100;

/** The questions about the names of one order. */
export interface Questions {
  fetched: ReadonlySet<Name>;
  evidence: ReadonlyMap<Name, Evidence>;
  /** A request for a name's token: answered, or on another path. Returns whether it is the first. */
  note(name: Name, kind: "answered" | "misplaced", request: IncomingMessage): boolean;
  /** A request for a token that nobody published. */
  noteStranger(request: IncomingMessage): void;
  /** Resolves when no more questions are expected. */
  calm(signal: AbortSignal): Promise<void>;
}

/** Watches the CA's questions: who asks what, and when it has asked enough. */
export function watchQuestions(names: readonly Name[]): Questions {
  const elsewhere = emptyTally();
  const all = new Map<string, Asked>(
    names.map((name) => [
      name,
      { answered: emptyTally(), misplaced: emptyTally(), unknown: emptyTally(), elsewhere },
    ]),
  );
  const evidence = new Map([...all].map(([name, asked]) => [name as Name, { asked }]));
  const fetched = new Set<Name>();
  const started = performance.now();
  let last = started;
  let lastNew = started;
  return {
    fetched,
    evidence,
    note(name, kind, request) {
      const tally = all.get(name)?.[kind];
      if (tally !== undefined) count(tally, request);
      if (kind === "misplaced") return false;
      last = performance.now();
      const first = !fetched.has(name);
      if (first) lastNew = last;
      fetched.add(name);
      return first;
    },
    noteStranger(request) {
      count(all.get(hostOf(request))?.unknown ?? elsewhere, request);
    },
    async calm(signal) {
      for (;;) {
        signal.throwIfAborted();
        // If the CA's questions took long, it will also take longer until its result is ready.
        const calm = Math.max(SHORTEST_CALM, (last - started) / 4);
        // Repeated questions, from anyone, must not delay this for long.
        const latest = lastNew + LONGEST_SILENCE;
        const due = fetched.size < all.size ? latest : Math.min(last + calm, latest);
        const left = due - performance.now();
        if (left <= 0) return;
        await sleep(Math.min(left, SHORTEST_CALM), signal);
      }
    },
  };
}

function emptyTally(): Tally {
  return { count: 0, from: [], hosts: [] };
}

function count(tally: Tally, request: IncomingMessage): void {
  tally.count += 1;
  const { from, hosts } = tally;
  if (from.length < MOST_ADDRESSES) addNew(from, addressOf(request));
  if (hosts.length < MOST_HOSTS) addNew(hosts, hostOf(request));
}

function addNew(list: string[], entry: string): void {
  if (entry !== "" && !list.includes(entry)) list.push(entry);
}

/**
 * Who asked. Behind a proxy that is in the headers that "acme-sidecar nginx" sets; of several
 * addresses, the last one is from the nearest proxy. Anybody can send these headers, so the address
 * proves nothing.
 */
function addressOf({ headers, socket }: IncomingMessage): string {
  const forwarded = String(headers["x-forwarded-for"] ?? "");
  const heard = [
    forwarded.slice(forwarded.lastIndexOf(",") + 1),
    String(headers["x-real-ip"] ?? ""),
    socket.remoteAddress ?? "",
  ];
  return heard.map(plainAddress).find((address) => isIP(address) !== 0) ?? "";
}

/** An address without a zone; IPv4 as such, even on a socket for IPv6. */
function plainAddress(text: string): string {
  return text
    .trim()
    .replace(/%.*$/s, "")
    .replace(/^::ffff:(?=[\d.]+$)/i, "");
}

/** The host of a request as we write names. */
function hostOf({ headers }: IncomingMessage): string {
  const host = headers.host?.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "") ?? "";
  return shown(cut(host.replace(/^\[(.*)\]$/, "$1"), LONGEST_HOST));
}
