import { createHash } from "node:crypto";
import { AppError, asAppError, messageOf } from "../../errors.ts";
import { baseOf, type Name } from "../../name.ts";
import { type Linger, sleep } from "../../time.ts";
import type { Evidence } from "../evidence.ts";
import {
  type Answer,
  checkedToken,
  type ChallengeEvent,
  type Responder,
  unseen,
} from "../responder.ts";
import { propagated, type Propagation, valuesAt, type Wanted } from "./propagation.ts";
import type { ZoneQueue } from "./queue.ts";
import type { Records, TxtRecords } from "./records.ts";
import { openAsk, type Server, serversOf, systemServers } from "./resolver.ts";
import { type Location, openZones, type Zones } from "./zone.ts";

/** The limit for a look at the records after a failed validation, in milliseconds. */
const LONGEST_LOOK = 10_000;

interface Host {
  emit: (event: ChallengeEvent) => void;
  linger: Linger;
  queue: ZoneQueue;
}

/** Answers dns-01 with TXT records that a provider sets. */
export async function openDns01(
  provider: Records,
  { timeout, wait, resolvers }: Propagation,
  { emit, linger, queue }: Host,
): Promise<Responder> {
  const given = resolvers.length > 0 ? await serversOf(resolvers) : undefined;

  /** Sets all records. Each is added to `begun` before it is set. Stops after a failure. */
  async function setAll(all: readonly TxtRecords[], begun: TxtRecords[], signal: AbortSignal) {
    let failed = false;
    const calls = all.map((records) =>
      queue(records.zone?.name ?? "", async () => {
        if (failed) return;
        signal.throwIfAborted();
        begun.push(records);
        using _time = linger();
        try {
          await provider.set(records, signal);
        } catch (error) {
          failed = true;
          throw error;
        }
      }),
    );
    // Wait for all: no call may still run when the records are removed.
    await Promise.allSettled(calls);
    await Promise.all(calls);
  }

  /** Never rejects and ignores the signal: a record that stays in DNS would stay for long. */
  async function remove(records: TxtRecords): Promise<void> {
    using _time = linger();
    try {
      await queue(records.zone?.name ?? "", () => provider.remove(records));
    } catch (caught) {
      const error = asAppError(caught, new AbortController().signal);
      emit({ type: "record-left", fqdn: records.fqdn, error });
    }
  }

  async function waitFor(
    all: readonly TxtRecords[],
    zones: Zones,
    signal: AbortSignal,
  ): Promise<void> {
    const time = wait ?? provider.wait;
    if (time !== undefined) {
      if (time > 0) emit({ type: "records-waiting", servers: [], time });
      await sleep(time, signal);
      return;
    }
    const lacks = await propagated(await wantedOf(all, zones, given), timeout, {
      ask: openAsk(signal),
      signal,
      waiting(servers) {
        emit({ type: "records-waiting", servers, time: timeout });
      },
    });
    // Only the CA's check counts, and ours may be wrong. So go on.
    if (lacks.length > 0) emit({ type: "records-late", lacks, time: timeout });
  }

  /** What DNS has for names now. What `publish` has looked up may be out of date by now. */
  async function statesOf(
    names: readonly Name[],
    { answers, all }: { answers: readonly Answer[]; all: readonly TxtRecords[] },
    run: AbortSignal,
  ): Promise<ReadonlyMap<Name, Evidence>> {
    const ask = openAsk(AbortSignal.any([run, AbortSignal.timeout(LONGEST_LOOK)]));
    const zones = openZones(ask, given ?? systemServers());
    const states = answers
      .filter(({ name }) => names.includes(name))
      .map(async (answer) => {
        const wanted = valueOf(answer);
        const own = all.filter(({ values }) => values.includes(wanted));
        const [[place], end] = await Promise.all([
          wantedOf(own, zones, given),
          zones.locate(challengeNameOf(answer.name)).catch(() => undefined),
        ]);
        const fqdn = place?.fqdn ?? challengeNameOf(answer.name);
        const servers = place === undefined ? [] : await valuesAt(place, wanted, ask);
        const isElsewhere = end !== undefined && end.fqdn !== fqdn;
        const record = { fqdn, wanted, servers, ...(isElsewhere && { alias: end.fqdn }) };
        return [answer.name, { record }] as const;
      });
    return new Map(await Promise.all(states));
  }

  return {
    type: "dns-01",
    async publish(answers, signal) {
      answers.forEach(checkedToken);
      const zones = openZones(openAsk(signal), given ?? systemServers());
      const all = await recordsOf(answers, zones, { signal, emit });
      const begun: TxtRecords[] = [];
      await using undo = new AsyncDisposableStack();
      undo.defer(async () => {
        await Promise.all(begun.map(remove));
      });
      await setAll(all, begun, signal);
      if (all.length > 0) {
        emit({ type: "records-set", names: answers.map(({ name }) => name) });
        await waitFor(all, zones, signal);
      }
      return unseen(undo.move(), (names, run) => statesOf(names, { answers, all }, run));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function recordsOf(
  answers: readonly Answer[],
  zones: Zones,
  { signal, emit }: { signal: AbortSignal; emit: Host["emit"] },
): Promise<TxtRecords[]> {
  const locate = async (fqdn: string): Promise<Location> => {
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
  const byName = Map.groupBy(answers, ({ name }) => challengeNameOf(name));
  const located = await Promise.all(
    [...byName].map(async ([fqdn, same]) => ({
      ...(await locate(fqdn)),
      values: same.map(valueOf),
    })),
  );
  // Several names may be aliases of the same name.
  return [...Map.groupBy(located, ({ fqdn }) => fqdn)].map(([fqdn, same]) => ({
    fqdn,
    zone: same[0]?.zone,
    values: same.flatMap(({ values }) => values),
  }));
}

function challengeNameOf(name: Name): string {
  return `_acme-challenge.${baseOf(name)}`;
}

function valueOf({ keyAuthorization }: Answer): string {
  return createHash("sha256").update(keyAuthorization).digest("base64url");
}

/**
 * The servers that must have each record: the given ones, otherwise the zone's, otherwise the
 * system's.
 */
async function wantedOf(
  all: readonly TxtRecords[],
  zones: Zones,
  given: readonly Server[] | undefined,
): Promise<Wanted[]> {
  return Promise.all(
    all.map(async ({ fqdn, zone: above, values }) => {
      if (given !== undefined) return { fqdn, values, servers: given };
      // The name itself may be a zone.
      const zone = (await zones.at(fqdn).catch(() => undefined)) ?? above;
      const servers = zone?.servers.length ? zone.servers : systemServers();
      return { fqdn, values, servers };
    }),
  );
}
