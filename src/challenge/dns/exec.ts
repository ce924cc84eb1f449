import { createHash } from "node:crypto";
import { baseOf, type Name } from "../../name.ts";
import { AppError, asAppError, messageOf } from "../../errors.ts";
import { type Linger, sleep } from "../../time.ts";
import { call, checkProgram, type Program } from "./program.ts";
import { type HostPort, openAsk, type Server, serversOf, systemServers } from "./resolver.ts";
import {
  type Answer,
  checkedToken,
  type ChallengeEvent,
  type Publication,
  type Responder,
} from "../responder.ts";
import { spread, type Wanted } from "./propagation.ts";
import { atMost, inTurn } from "./queue.ts";
import { openZones, type Place, type Zones } from "./zone.ts";

/** A program that sets and removes TXT records, called as lego's `exec` provider calls it. */
export interface DnsExec {
  /** Its absolute path. */
  script: string;
  /** How long one call of it may take, and then the records to spread, in milliseconds. */
  timeout: number;
  /** How long to wait for the records to spread, in milliseconds; undefined: until every authoritative server has them. */
  wait?: number | undefined;
  /** The servers to ask, instead of the authoritative ones. */
  resolvers: readonly HostPort[];
  /** What the program finds in its environment beside that of this one: credentials, as a rule. */
  env?: Record<string, string> | undefined;
}

interface Host {
  env: Record<string, string | undefined>;
  emit: (event: ChallengeEvent) => void;
  linger: Linger;
}

/** One TXT record of an order (RFC 8555 section 8.4). */
interface TxtRecord extends Place {
  name: Name;
  value: string;
}

interface Order {
  /** What has to be removed: one that failed may have been set all the same. */
  begun: TxtRecord[];
  failed: boolean;
}

/** How long a CA usually takes to ask, in milliseconds. */
const USUAL_PAUSE = 500;
const MOST_CALLS = 4;

/** Answers dns-01 by a program of the user's. Throws `usage` when that cannot be run. */
export async function openDnsExec(
  { script, timeout, wait, resolvers, env: own }: DnsExec,
  { env, emit, linger }: Host,
): Promise<Responder> {
  await checkProgram(script);
  const program = {
    file: script,
    env: { ...cleanEnv(env), ...own },
    timeout,
    linger,
  };
  const given = resolvers.length > 0 ? await serversOf(resolvers) : undefined;
  const run = openCalls(program, emit);

  async function waitFor(
    records: readonly TxtRecord[],
    zones: Zones,
    signal: AbortSignal,
  ): Promise<void> {
    if (wait !== undefined) {
      if (wait > 0) emit({ type: "records-waiting", servers: [], time: wait });
      await sleep(wait, signal);
      return;
    }
    const wanted = await wantedOf(records, zones, given);
    const lacks = await spread(wanted, timeout, {
      ask: openAsk(signal),
      signal,
      waiting(those) {
        emit({ type: "records-waiting", servers: those, time: timeout });
      },
    });
    // No check of ours is the CA's: it has the last word, be it that we were wrong.
    if (lacks.length > 0) emit({ type: "records-late", lacks, time: timeout });
  }

  return {
    type: "dns-01",
    async publish(answers, signal) {
      answers.forEach(checkedToken);
      const zones = openZones(openAsk(signal), given ?? systemServers());
      const records = await recordsOf(answers, zones, { signal, emit });
      const order: Order = { begun: [], failed: false };
      await using undo = new AsyncDisposableStack();
      undo.defer(async () => {
        await Promise.all(order.begun.map(run.cleanup));
      });
      const calls = records.map((each) => run.present(each, order, signal));
      // None may still be at work when the others are withdrawn.
      await Promise.allSettled(calls);
      await Promise.all(calls);
      if (records.length > 0) {
        emit({ type: "records-set", names: records.map(({ name }) => name) });
        await waitFor(records, zones, signal);
      }
      const made = undo.move();
      const publication: Publication = {
        fetched: undefined,
        asked: (signal) => sleep(USUAL_PAUSE, signal),
        [Symbol.asyncDispose]: () => made.disposeAsync(),
      };
      return publication;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** What the program may know: credentials for a DNS service, but none that are for the CA. */
function cleanEnv(env: Host["env"]): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !entry[0].startsWith("ACME_SIDECAR_"),
  );
  return Object.fromEntries(kept);
}

/**
 * Calls the program. Many such programs read a zone, change it and write it back, so
 * those for one zone (or for unknown ones) are called one after another; of the others
 * a few at a time, since each is a process and a client of the same service.
 */
function openCalls(program: Program, emit: Host["emit"]) {
  const turn = inTurn();
  const bounded = atMost(MOST_CALLS);
  const run = async (
    action: "present" | "cleanup",
    { fqdn, value }: TxtRecord,
    signal?: AbortSignal,
  ) => {
    const started = performance.now();
    const output = await call(program, [action, `${fqdn}.`, value], signal);
    const took = performance.now() - started;
    emit({ type: "program-called", action, fqdn, took, output });
  };
  const inZone = ({ zone }: TxtRecord, task: () => Promise<void>) =>
    turn(zone?.name ?? "", () => bounded(task));
  return {
    /** After a failure in its order it does nothing. */
    present: (record: TxtRecord, order: Order, signal: AbortSignal) =>
      inZone(record, async () => {
        if (order.failed) return;
        signal.throwIfAborted();
        order.begun.push(record);
        try {
          await run("present", record, signal);
        } catch (error) {
          order.failed = true;
          throw error;
        }
      }),
    /** Never rejects, and no signal ends it: what is left in DNS is there for long. */
    cleanup: (record: TxtRecord) =>
      inZone(record, async () => {
        try {
          await run("cleanup", record);
        } catch (caught) {
          const error = asAppError(caught, new AbortController().signal);
          emit({ type: "record-left", fqdn: record.fqdn, error });
        }
      }),
  };
}

async function recordsOf(
  answers: readonly Answer[],
  zones: Zones,
  { signal, emit }: { signal: AbortSignal; emit: Host["emit"] },
): Promise<TxtRecord[]> {
  const places = new Map<string, Promise<Place>>();
  const place = async (fqdn: string): Promise<Place> => {
    try {
      const found = await zones.locate(fqdn);
      if (found.fqdn !== fqdn) emit({ type: "record-delegated", from: fqdn, to: found.fqdn });
      return found;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AppError) throw error;
      emit({ type: "alias-unknown", fqdn, reason: messageOf(error) });
      return { fqdn, zone: undefined };
    }
  };
  return Promise.all(
    answers.map(async ({ name, keyAuthorization }) => {
      const fqdn = `_acme-challenge.${baseOf(name)}`;
      const found = places.get(fqdn) ?? place(fqdn);
      places.set(fqdn, found);
      const hash = createHash("sha256").update(keyAuthorization);
      return { ...(await found), name, value: hash.digest("base64url") };
    }),
  );
}

/** Which servers must have which records: those given, or of the zone, or who could not find that. */
async function wantedOf(
  records: readonly TxtRecord[],
  zones: Zones,
  given: readonly Server[] | undefined,
): Promise<Wanted[]> {
  const byName = Map.groupBy(records, ({ fqdn }) => fqdn);
  return Promise.all(
    [...byName].map(async ([fqdn, same]) => {
      const values = same.map(({ value }) => value);
      if (given !== undefined) return { fqdn, values, servers: given };
      // The name may be the top of a zone itself.
      const own = await zones.at(fqdn).catch(() => undefined);
      const zone = own ?? same[0]?.zone;
      const servers = zone?.servers.length ? zone.servers : systemServers();
      return { fqdn, values, servers };
    }),
  );
}
