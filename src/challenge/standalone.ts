import { AppError, messageOf, systemCode } from "../errors.ts";
import type { Name } from "../name.ts";
import { type Listen, serve, type Serving } from "../serve.ts";
import { sleep } from "../time.ts";
import {
  CHALLENGE_PATH,
  checkedToken,
  type ChallengeEvent,
  type Publication,
  type Responder,
} from "./responder.ts";

export interface Standalone extends Responder {
  /** The actual port. */
  port: number;
}

/** After this many milliseconds without a new question, look at the CA's result. */
const LONGEST_SILENCE = 3_000;
/**
 * CAs ask from several places. This many milliseconds after the last question, no more are
 * expected.
 */
const SHORTEST_CALM = 50;

/** Answers on its own port. Resolves when the port is bound. */
export async function openStandalone(
  listen: Listen,
  emit: (event: Extract<ChallengeEvent, { type: "answered" }>) => void,
): Promise<Standalone> {
  const published = new Map<string, { text: string; note: () => void }>();
  const server = await bound(listen, (path) => {
    const answer = published.get(path);
    answer?.note();
    return answer?.text;
  });

  return {
    port: server.port,
    type: "http-01",
    async publish(answers) {
      const { length: of } = answers;
      const watch = watchQuestions(of);
      const texts = answers.map((answer) => {
        const { name, keyAuthorization: text } = answer;
        const note = () => {
          if (watch.note(name)) emit({ type: "answered", name, of });
        };
        return [CHALLENGE_PATH + checkedToken(answer), { text, note }] as const;
      });
      for (const [path, text] of texts) published.set(path, text);
      const publication: Publication = {
        fetched: watch.fetched,
        asked: (signal) => watch.calm(signal),
        [Symbol.asyncDispose]: () => {
          for (const [path] of texts) published.delete(path);
          return Promise.resolve();
        },
      };
      return Promise.resolve(publication);
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** Watches the CA's questions to find out when it has asked enough. */
function watchQuestions(expected: number) {
  const fetched = new Set<Name>();
  const started = performance.now();
  let last = started;
  let lastNew = started;
  return {
    fetched,
    /** Whether this is the first question for the name. */
    note(name: Name): boolean {
      last = performance.now();
      const first = !fetched.has(name);
      if (first) lastNew = last;
      fetched.add(name);
      return first;
    },
    async calm(signal: AbortSignal): Promise<void> {
      for (;;) {
        signal.throwIfAborted();
        // If the CA's questions took long, it will also take longer until its result is ready.
        const calm = Math.max(SHORTEST_CALM, (last - started) / 4);
        // Repeated questions, from anyone, must not delay this for long.
        const latest = lastNew + LONGEST_SILENCE;
        const due = fetched.size < expected ? latest : Math.min(last + calm, latest);
        const left = due - performance.now();
        if (left <= 0) return;
        await sleep(Math.min(left, SHORTEST_CALM), signal);
      }
    },
  };
}

async function bound(
  listen: Listen,
  lookup: (path: string) => string | undefined,
): Promise<Serving> {
  try {
    return await serve(listen, lookup);
  } catch (error) {
    const { host, port } = listen;
    const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const details = { scope: "run", cause: error } as const;
    const code = systemCode(error);
    if (code === "EADDRINUSE")
      throw new AppError("port-taken", `Something else listens on ${where}.`, {
        ...details,
        hint: "Stop it, or choose another address with --listen and forward the challenge path to that.",
      });
    const reason = code === "EACCES" ? "this user may not use it" : messageOf(error);
    throw new AppError("listen-failed", `Cannot listen on ${where}: ${reason}.`, {
      ...details,
      hint: "Choose an address of this host and a port that this user may use with --listen, such as [::]:8080, and forward the challenge path to it (in a container: publish that port).",
    });
  }
}
