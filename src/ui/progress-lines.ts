import { HOUR, MINUTE, SECOND } from "../time.ts";
import { bar } from "./bar.ts";
import type { Tally } from "./progress.ts";
import type { Screen } from "./screen.ts";

interface Room {
  columns: number;
  unicode: boolean;
  screen: Screen;
}

/** A narrower terminal has no bar, or the numbers alone. */
const ROOM_FOR_BAR = 60;
const ROOM_FOR_WORDS = 40;
const BAR = 20;

/** How far a run is, in one or two lines. */
export function sayProgress(tally: Tally, room: Room): string[] {
  const { certificates, names, left, elapsed } = tally;
  const time = left === undefined ? `${duration(elapsed)} so far` : `${about(left)} left`;
  const asked = names.asked === undefined ? [] : [`${names.asked} asked for`];
  const what = room.columns < ROOM_FOR_WORDS ? "" : " validated";
  const ofNames = [`Names: ${names.validated} of ${names.all}${what}`, ...asked];
  if (certificates === undefined) return [fitted([...ofNames, time], room)];
  const { due, done, failed } = certificates;
  const parts = [`Done: ${done} of ${due}`, ...(failed > 0 ? [`${failed} failed`] : []), time];
  const drawn = `${bar(Math.floor((BAR * done) / due), BAR, room.unicode)} `;
  const isWide = room.columns >= ROOM_FOR_BAR;
  return [
    `${isWide ? drawn : ""}${fitted(parts, room, isWide ? BAR + 1 : 0)}`,
    fitted(ofNames, room),
  ];
}

/** As many parts as there is room for. The last column stays free, as some terminals wrap there. */
function fitted(parts: readonly string[], { columns, screen }: Room, taken = 0): string {
  const room = columns - 1 - taken;
  const [first = "", ...others] = parts;
  const text = others.reduce((before, part) => {
    const more = `${before}, ${part}`;
    return screen.width(more) <= room ? more : before;
  }, first);
  return screen.cutTo(text, room, "");
}

function duration(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  return `${Math.floor(ms / HOUR)} h`;
}

/** An estimate, without digits that it cannot know. */
function about(ms: number): string {
  if (ms < 10 * SECOND) return "under 10 s";
  if (ms < 55 * SECOND) return `about ${Math.ceil(ms / SECOND / 10) * 10} s`;
  if (ms < 90 * MINUTE) return `about ${Math.round(ms / MINUTE)} min`;
  return `about ${Math.round(ms / HOUR)} h`;
}
