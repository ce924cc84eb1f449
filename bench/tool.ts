import type { Command } from "./measure.ts";

/** A program that gets certificates, with folders of its own and an account at the CA. */
export interface Tool {
  name: string;
  /** Prints which version it is. */
  version: Command;
  /** Makes the account, unless there is one. */
  register(): Promise<void>;
  /** Gets a new certificate for these names with the account. */
  issue(names: readonly string[]): Promise<Command>;
  /** Has nothing to do: looks at the certificate that `issue` got last for this name. */
  idle(name: string): Command;
  /** What answers the CA while it runs, where it does not do so itself. */
  answer?: () => Promise<AsyncDisposable>;
}
