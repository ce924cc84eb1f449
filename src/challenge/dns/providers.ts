import * as z from "zod/mini";
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
  /** What was recorded of its settings. */
  recorded: z.ZodMiniType<T>;
  /** Loads the provider when it is first needed. Throws `usage` for one that cannot work at all. */
  open: (settings: T, host: ProviderHost) => Promise<Records>;
}

const PROVIDERS: { [Each in Kind]: Row<Settings[Each]> } = {
  exec: {
    recorded: z.object({ script: z.string() }),
    open: async (settings, host) => (await import("./exec.ts")).openExec(settings, host),
  },
};

export function openProvider<Each extends Kind>(
  provider: { kind: Each } & Settings[Each],
  host: ProviderHost,
): Promise<Records> {
  return PROVIDERS[provider.kind].open(provider, host);
}

/** What was recorded of a provider. */
export const recordedProvider = z.custom<Provider>((value) => {
  const { data } = z.safeParse(z.looseObject({ kind: z.enum(Object.keys(PROVIDERS)) }), value);
  return data !== undefined && PROVIDERS[data.kind as Kind].recorded.safeParse(data).success;
});
