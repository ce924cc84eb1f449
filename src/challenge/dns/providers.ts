import * as z from "zod/mini";
import type { Schemas } from "../../json.ts";
import type { ExecSettings } from "./exec.ts";
import type { ProviderHost, Records } from "./records.ts";

/** What each provider has to be told. It is recorded for later runs, so a secret comes from the environment. */
interface Settings {
  exec: ExecSettings;
}

type Kind = keyof Settings;

/** Who sets the TXT records. */
export type Provider = { [Each in Kind]: { kind: Each } & Settings[Each] }[Kind];

interface Row<T> {
  /** Loads the provider when it is first needed. Throws `usage` for one that cannot work at all. */
  open: (settings: T, host: ProviderHost) => Promise<Records>;
}

const PROVIDERS: { [Each in Kind]: Row<Settings[Each]> } = {
  exec: {
    open: async (settings, host) => (await import("./exec.ts")).openExec(settings, host),
  },
};

export function openProvider<Each extends Kind>(
  provider: { kind: Each } & Settings[Each],
  host: ProviderHost,
): Promise<Records> {
  return PROVIDERS[provider.kind].open(provider, host);
}

/** Something that was recorded. */
export const recordedProvider = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("exec"),
    script: z.string(),
  } satisfies Schemas<{ kind: "exec" } & ExecSettings>),
]);
