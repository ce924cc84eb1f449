import { showName } from "../name.ts";
import { shown } from "../shown.ts";
import { DAY } from "../time.ts";
import type { Cause } from "../verify/judge.ts";
import type { Verdict } from "../verify/verify.ts";
import { minute, names } from "./text.ts";

/** A verdict about the certificate in a folder. */
export interface SetVerdict extends Verdict {
  dir: string;
}

interface Facts {
  name: string;
  issuer: string;
  lacks: string;
  why: string;
  /** The names of the served certificate. */
  names: string;
  begin: string;
  end: string;
  /** "which is good until TIME", or "which ended at TIME". */
  until: string;
  /** "1 day" */
  left: string;
}

interface Explanation {
  text: (facts: Facts) => string;
  /** What to do, in one sentence; undefined if there is nothing to do. */
  remedy?: (facts: Facts) => string;
}

/** Every cause, with what to do about it. */
const CAUSES: Record<Cause, Explanation> = {
  served: { text: ({ left }) => `ok, it serves the certificate of the set, with ${left} left` },
  older: {
    text: ({ until }) => `it serves an older certificate for this name, ${until}`,
    remedy: () =>
      "The web server has not loaded the new files: run nginx -t && nginx -s reload (or reload yours).",
  },
  newer: {
    text: ({ until }) => `it serves a newer certificate for this name, ${until}`,
    remedy: () =>
      "Something else renews it too, in another folder: let only one of them do it, and the web server load its files.",
  },
  "other-name": {
    text: (facts) => `it serves a certificate for ${facts.names}`,
    remedy: ({ name }) =>
      `Another server block answers, perhaps the default one: write "server_name ${name};" in the block that loads this set, and reload.`,
  },
  "self-signed": {
    text: () => "it serves a self-signed certificate",
    remedy: () =>
      "Name fullchain.pem and key.pem of this set in ssl_certificate and ssl_certificate_key, and reload.",
  },
  "other-ca": {
    text: ({ issuer }) => `it serves a certificate of another CA (${issuer})`,
    remedy: () =>
      "If that is no CDN or proxy with a certificate of its own, name fullchain.pem and key.pem of this set in ssl_certificate and ssl_certificate_key, and reload.",
  },
  incomplete: {
    text: ({ lacks }) => `it serves the certificate of the set without its issuer (${lacks})`,
    remedy: () =>
      "Name fullchain.pem instead of cert.pem in ssl_certificate, and reload; some clients refuse it as it is.",
  },
  expired: {
    text: ({ end }) => `it serves the certificate of the set, which ended at ${end}`,
    remedy: () => "Get a new one with issue, batch or renew, and reload the web server.",
  },
  "not-yet": {
    text: ({ begin }) => `it serves the certificate of the set, which begins at ${begin}`,
    remedy: () => "Set the clock of this computer if it is wrong; else wait.",
  },
  "plain-http": {
    text: () => "a web server answers there without TLS",
    remedy: () => 'Write "ssl" after the port in its listen line, and reload.',
  },
  "no-tls": {
    text: () => "something answers there that does not speak TLS",
    remedy: () => "Look up which program listens on that port, or name another port.",
  },
  "name-unknown": {
    text: () => "it refuses this name",
    remedy: ({ name }) =>
      `Write "server_name ${name};" in the block that loads this set, and reload.`,
  },
  handshake: {
    text: ({ why }) => `TLS fails there: ${why}`,
    remedy: () => "Look into the error log of the web server; TLS 1.2 and 1.3 are tried.",
  },
  refused: {
    text: () => "nothing listens there",
    remedy: () =>
      "Start the web server, publish its port, or correct the A and AAAA records of the name.",
  },
  timeout: {
    text: () => "there is no answer within 10 seconds",
    remedy: () => "Open the port in the firewall, or correct the A and AAAA records of the name.",
  },
  unreachable: {
    text: ({ why }) => `no connection is possible: ${why}`,
    remedy: () =>
      "Correct the A and AAAA records of the name, or the network of this computer, which may lack IPv6.",
  },
  unresolved: {
    text: ({ why }) => `no address of ${why} was found`,
    remedy: () => "Add an A or AAAA record for it, or name the web server with --address.",
  },
  mixed: {
    text: () => "its addresses serve different certificates",
    remedy: () =>
      "Copy the files to every server of the name and reload each, or remove the A and AAAA records of those that are not yours.",
  },
};

/** Verdicts as lines, or with `json` as a list of objects, with times as in RFC 3339. */
export function sayVerdicts(
  verdicts: readonly SetVerdict[],
  { json, at }: { json: boolean; at: Date },
): string {
  if (json)
    return JSON.stringify(
      verdicts.map((each) => plain(each, at)),
      null,
      1,
    );
  return verdicts
    .map((verdict) => {
      const { text, remedy } = explain(verdict, at);
      return [`${whereOf(verdict)}: ${text}.`, remedy ?? []].flat().join(" ");
    })
    .join("\n");
}

/** Whether every web server serves what it should. */
export function areServed(verdicts: readonly SetVerdict[]): boolean {
  return verdicts.every(({ cause }) => cause === "served");
}

function explain(verdict: SetVerdict, at: Date) {
  const facts = factsOf(verdict, at);
  const { text, remedy } = CAUSES[verdict.cause];
  return { text: shown(text(facts)), remedy: remedy && shown(remedy(facts)) };
}

function plain(verdict: SetVerdict, at: Date): object {
  const { name, dir, place, cause, served, lacks, why } = verdict;
  const { text, remedy } = explain(verdict, at);
  return { name, dir, ...place, cause, text, remedy, served, lacks, why };
}

function factsOf({ name, served, lacks, why }: SetVerdict, at: Date): Facts {
  const { notBefore = at, notAfter = at } = served ?? {};
  const days = Math.floor((notAfter.getTime() - at.getTime()) / DAY);
  return {
    ...{ name, lacks: lacks ?? "", why: why ?? "", issuer: served?.issuer ?? "" },
    names: served?.names.length ? names(served.names) : "no name",
    begin: minute(notBefore),
    end: minute(notAfter),
    until: `which ${notAfter > at ? "is good until" : "ended at"} ${minute(notAfter)}`,
    left: `${days} ${days === 1 ? "day" : "days"}`,
  };
}

function whereOf({ name, place }: SetVerdict): string {
  if (place === undefined) return showName(name);
  const { host, port } = place;
  return `${showName(name)} at ${host.includes(":") ? `[${host}]` : host}:${port}`;
}
