/** What `parley doctor` says of programs that can type in the operator's place: what cannot be stopped from here. */
import type { KeyInjector } from "./port.ts";

const TEXTS: Readonly<Record<KeyInjector, string>> = Object.freeze({
  __proto__: null as never,
  tiocsti: "Every program at this terminal can type here (TIOCSTI). As root: sysctl dev.tty.legacy_tiocsti=0",
  tmux: "Every program of your account can type here, and read the screen, through tmux",
  screen: "Every program of your account can type here, and read the screen, through screen",
  xtest: "Every program on this X display can type here, and read the screen (XTEST)",
});

/**
 * One sentence about a way to type in the operator's place, without a full stop.
 *
 * @param injector The way.
 */
export function injectorText(injector: KeyInjector): string {
  return TEXTS[injector];
}

/** Whether it also shows the screen, so that not even the random word stops it. */
export function readsTheScreen(injector: KeyInjector): boolean {
  return injector !== "tiocsti";
}
