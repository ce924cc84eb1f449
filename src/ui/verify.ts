import type { Told } from "../check/groups.ts";
import { showName } from "../name.ts";
import { shown, shownLines } from "../shown.ts";
import { DAY } from "../time.ts";
import type { Cause } from "../verify/judge.ts";
import type { Place } from "../verify/probe.ts";
import type { Verdict } from "../verify/verify.ts";
import type { Format } from "./drawn-table.ts";
import { sayFindings, sayPart } from "./findings.ts";
import { minute, names } from "./text.ts";

/** A verdict about the certificate in a folder. */
export interface SetVerdict extends Verdict {
  dir: string;
}

interface Facts {
  name: string;
  /** The name as people read it. */
  about: string;
  /** The name, and the address that was asked. */
  where: string;
  issuer: string;
  lacks: string;
  why: string;
  /** The names of the served certificate. */
  names: string;
  begin: string;
  end: string;
  /** ", which has ended", if it has. */
  ended: string;
  /** "1 day" */
  left: string;
}

interface Explanation {
  fact: (facts: Facts) => string;
  /** What to do, in one sentence; undefined if there is nothing to do. */
  remedy?: (facts: Facts) => string;
}

/** Every cause, with what to do about it. The right certificate is the one in the folder. */
const CAUSES: Record<Cause, Explanation> = {
  ok: { fact: ({ where, left }) => `${where} serves the right certificate, with ${left} left.` },
  older: {
    fact: ({ where, ended }) => `${where} serves an older certificate for this name${ended}.`,
    remedy: () =>
      "The web server has not loaded the new files: run nginx -t && nginx -s reload (or reload yours).",
  },
  newer: {
    fact: ({ where, ended }) => `${where} serves a newer certificate for this name${ended}.`,
    remedy: () =>
      "Something else renews it too, in another folder: let only one of them do it, and the web server load its files.",
  },
  "other-name": {
    fact: (facts) => `${facts.where} serves a certificate for ${facts.names}.`,
    remedy: ({ name }) =>
      `Another server block answers, perhaps the default one: write "server_name ${name};" in the block that loads these files, and reload.`,
  },
  "self-signed": {
    fact: ({ where }) => `${where} serves a self-signed certificate.`,
    remedy: () =>
      "Name fullchain.pem and key.pem of the right one in ssl_certificate and ssl_certificate_key, and reload.",
  },
  "other-ca": {
    fact: ({ where, issuer }) => `${where} serves a certificate of another CA (${issuer}).`,
    remedy: () =>
      "If that is no CDN or proxy with a certificate of its own, name fullchain.pem and key.pem of the right one in ssl_certificate and ssl_certificate_key, and reload.",
  },
  incomplete: {
    fact: ({ where, lacks }) =>
      `${where} serves the right certificate without its issuer (${lacks}).`,
    remedy: () =>
      "Name fullchain.pem instead of cert.pem in ssl_certificate, and reload; some clients refuse it as it is.",
  },
  expired: {
    fact: ({ where, end }) => `${where} serves the right certificate, which ended at ${end}.`,
    remedy: () => "Get a new one with issue, batch or renew, and reload the web server.",
  },
  "not-yet": {
    fact: ({ where, begin }) => `${where} serves the right certificate, which begins at ${begin}.`,
    remedy: () => "Set the clock of this host if it is wrong; else wait.",
  },
  "plain-http": {
    fact: ({ where }) => `The web server of ${where} answers without TLS.`,
    remedy: () => 'Write "ssl" after the port in its listen line, and reload.',
  },
  "no-tls": {
    fact: ({ where }) => `What answers for ${where} does not speak TLS.`,
    remedy: () => "Look up which program listens on that port, or name another port.",
  },
  "name-unknown": {
    fact: ({ where }) => `The web server of ${where} refuses this name.`,
    remedy: ({ name }) =>
      `Write "server_name ${name};" in the server block that loads these files, and reload.`,
  },
  handshake: {
    fact: ({ where, why }) => `TLS fails with ${where}: ${why}.`,
    remedy: () => "Look into the error log of the web server; TLS 1.2 and 1.3 are tried.",
  },
  refused: {
    fact: ({ where }) => `${where} refuses the connection.`,
    remedy: () =>
      "Start the web server, publish its port, or correct the A and AAAA records of the name.",
  },
  timeout: {
    fact: ({ where }) => `${where} does not answer in time.`,
    remedy: () => "Open the port in the firewall, or correct the A and AAAA records of the name.",
  },
  unreachable: {
    fact: ({ where, why }) => `${where} cannot be reached: ${why}.`,
    remedy: () =>
      "Correct the A and AAAA records of the name, or the network of this host, which may lack IPv6.",
  },
  "no-address": {
    fact: ({ why }) => `No address of ${why} was found.`,
    remedy: () => "Add an A or AAAA record for it, or name the web server with --address.",
  },
  mixed: {
    fact: ({ about }) => `The addresses of ${about} serve different certificates.`,
    remedy: () =>
      "Copy the files to every server of the name and reload each, or remove the A and AAAA records of those that are not yours.",
  },
};

/** Verdicts for people, or with `json` as a list of objects, with times as in RFC 3339. */
export function sayVerdicts(
  verdicts: readonly SetVerdict[],
  { json, drawing }: Format,
  at: Date,
): string {
  if (json) {
    const objects = verdicts.map((each) => plain(each, at));
    return shownLines(JSON.stringify(objects, null, 1));
  }
  const rows = verdicts.map(({ name, place, cause }) => {
    return { name, address: place && addressOf(place), verdict: cause };
  });
  const findings = verdicts.flatMap((verdict) => findingOf(verdict, at));
  const all = new Set(verdicts.map(({ name }) => name)).size;
  const conclusion = areServed(verdicts)
    ? `The right certificate is served for every name, with ${leftOf(verdicts, at)} left.`
    : `The right certificate is not served${sayPart(findings, all)}. Correct what stands above, and verify again.`;
  return sayFindings({ rows, findings, conclusion }, drawing);
}

/** Whether every web server serves what it should. */
export function areServed(verdicts: readonly SetVerdict[]): boolean {
  return verdicts.every(({ cause }) => cause === "ok");
}

function explain(verdict: SetVerdict, at: Date) {
  const facts = factsOf(verdict, at);
  const { fact, remedy } = CAUSES[verdict.cause];
  return { fact: shown(fact(facts)), remedy: remedy && shown(remedy(facts)) };
}

function findingOf(verdict: SetVerdict, at: Date): Told[] {
  const { name, place, cause } = verdict;
  const { fact, remedy } = explain(verdict, at);
  if (remedy === undefined) return [];
  return [{ cause, level: "fails", name, address: place && addressOf(place), fact, remedy }];
}

function plain(verdict: SetVerdict, at: Date): object {
  const { name, dir, place, cause, served, lacks, why } = verdict;
  return { name, dir, ...place, cause, ...explain(verdict, at), served, lacks, why };
}

function factsOf({ name, place, served, lacks, why }: SetVerdict, at: Date): Facts {
  const { notBefore = at, notAfter = at } = served ?? {};
  const about = showName(name);
  return {
    ...{ name, about, lacks: lacks ?? "", why: why ?? "", issuer: served?.issuer ?? "" },
    where: place === undefined ? about : `${about} at ${addressOf(place)}`,
    names: served?.names.length ? names(served.names) : "no name",
    begin: minute(notBefore),
    end: minute(notAfter),
    ended: notAfter > at ? "" : ", which has ended",
    left: days(notAfter, at),
  };
}

function days(end: Date, at: Date): string {
  const count = Math.floor((end.getTime() - at.getTime()) / DAY);
  return `${count} ${count === 1 ? "day" : "days"}`;
}

/** What is left of the certificate that ends first. */
function leftOf(verdicts: readonly SetVerdict[], at: Date): string {
  const ends = verdicts.flatMap(({ served }) => served?.notAfter.getTime() ?? []);
  const first = Math.min(...ends);
  return `${ends.every((end) => end === first) ? "" : "at least "}${days(new Date(first), at)}`;
}

function addressOf({ host, port }: Place): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
