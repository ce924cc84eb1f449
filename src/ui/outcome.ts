import type { Outcome } from "../core/outcome.ts";
import { line, type Line, minute, names } from "./text.ts";

/** The sentence about how a target ended. */
export function sayOutcome(outcome: Exclude<Outcome, { kind: "failed" }>): Line {
  const { dir } = outcome.subject;
  const about = aboutOf(outcome);
  switch (outcome.kind) {
    case "issued":
      return line(
        "info",
        `The certificate for ${about} is in ${dir}. It is good until ${minute(outcome.notAfter)}; renew it from ${minute(outcome.next)}.`,
      );
    case "kept":
      return line(
        "info",
        `The certificate for ${about} is good until ${minute(outcome.notAfter)}; renewal is not necessary before ${minute(outcome.next)}.`,
      );
    case "tried":
      return line(
        "info",
        `The dry run worked: ${outcome.from.join(" or ")} issued a certificate for ${about}. Nothing was kept.`,
      );
    case "revoked":
      return line(
        "info",
        outcome.before
          ? `The certificate for ${about} was revoked before.`
          : `The certificate for ${about} is revoked. Its files stay in ${dir}. For a new certificate, add --force.`,
      );
    case "imported":
      return sayImported(outcome);
    case "rolled-over":
      return line(
        "info",
        `The account ${outcome.uri} has a new key, in ${dir}. Its thumbprint is ${outcome.thumbprint}. If you use --stateless, print the nginx block again (acme-sidecar nginx --stateless) and load it.`,
      );
    case "deactivated":
      return line(
        "info",
        outcome.before
          ? `The account in ${dir} was deactivated before.`
          : `The account is deactivated for ever. Its key stays in ${dir} as account_key.json.deactivated, but no longer works. The next run that needs an account makes a new one.`,
      );
  }
}

/** The names of the certificate, and those that are missing. */
function aboutOf(outcome: Exclude<Outcome, { kind: "failed" }>): string {
  const wanted = outcome.subject.names;
  const lacks = "lacks" in outcome ? outcome.lacks.map(({ name }) => name) : [];
  if (lacks.length === 0) return names(wanted);
  return `${names(wanted.filter((name) => !lacks.includes(name)))}, without ${names(lacks)},`;
}

type Imported = Extract<Outcome, { kind: "imported" }>;

function sayImported(outcome: Imported): Line {
  const { account, notAfter, changed, subject } = outcome;
  const what = [
    account && `the account ${account}`,
    notAfter && `the certificate for ${names(subject.names)}, good until ${minute(notAfter)}`,
  ].filter((part) => part !== undefined);
  const done = changed
    ? `Imported into ${subject.dir}: ${what.join(" and ")}.`
    : `Nothing to do: ${subject.dir} has ${what.join(" and ")} already.`;
  const purpose = notAfter ? "Renew it" : "Get a certificate";
  const url = outcome.server === undefined ? ", with the URL of the CA's directory" : "";
  return line("info", `${done} ${purpose} with${url}: ${renewalOf(outcome)}`);
}

/** The command for the next step after an import. */
export function renewalOf({ server, words, subject }: Imported): string {
  const wanted = subject.names.length > 0 ? subject.names : ["NAME"];
  const from = words.includes("--server") ? [] : ["--server", server ?? "URL"];
  const dns =
    wanted.some((name) => name.startsWith("*.")) && !words.includes("--dns")
      ? ["--dns", "exec", "--dns_exec", "PROGRAM"]
      : [];
  const command = ["acme-sidecar", ...from, ...words, ...dns];
  return [...command, ...wanted.flatMap((name) => ["-d", name])].map(quote).join(" ");
}

/** A word in the syntax of a shell. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
