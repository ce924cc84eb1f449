import * as z from "zod/mini";
import type { ExecSettings } from "./exec.ts";
import type { ProviderHost, Records } from "./records.ts";

/**
 * The settings of each provider. They are recorded for later runs, so secrets must come from the
 * environment instead.
 */
interface Settings {
  exec: ExecSettings;
}

type Kind = keyof Settings;

/** A provider with its settings. */
export type Provider = { [Each in Kind]: { kind: Each } & Settings[Each] }[Kind];

interface Row<T> {
  /** The schema of the recorded settings. */
  recorded: z.ZodMiniType<T>;
  /** Loads and opens the provider. Throws `usage` if it cannot work. */
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

/** The schema of a recorded provider. */
export const recordedProvider = z.custom<Provider>((value) => {
  const { data } = z.safeParse(z.looseObject({ kind: z.enum(Object.keys(PROVIDERS)) }), value);
  return data !== undefined && PROVIDERS[data.kind as Kind].recorded.safeParse(data).success;
});
