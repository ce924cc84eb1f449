import { type Pebble, type PebbleOptions, startPebble } from "./pebble.ts";
import { type Recorder, startRecorder } from "./recorder.ts";
import { type Sidecar, sidecar } from "./sidecar.ts";

export interface Environment extends AsyncDisposable {
  pebble: Pebble;
  /** What stands between the program and Pebble. */
  recorder: Recorder;
  program: Sidecar;
}

/** A Pebble of its own for one test, a recorder before it, and the program with an empty folder. */
export async function environment(options?: PebbleOptions): Promise<Environment> {
  await using stack = new AsyncDisposableStack();
  const pebble = stack.use(await startPebble(options));
  const recorder = stack.use(await startRecorder(pebble));
  const program = stack.use(sidecar(recorder, pebble.httpPort));
  const all = stack.move();
  return {
    pebble,
    recorder,
    program,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
