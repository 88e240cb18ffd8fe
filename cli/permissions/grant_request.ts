/** `parley permissions grant`: the request that the operator approves for good, before any program has made it. */
import { type Destination, parseDestination } from "../../core/destination.ts";
import { ParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import { connectDescriptor, type Descriptor } from "../../permissions/descriptor.ts";
import { featureOfScheme } from "../../permissions/feature.ts";
import { mainRequester } from "../../permissions/main_requester.ts";
import { readOrigin } from "../../permissions/policy/rule_origin.ts";
import type { Prompter, Question } from "../../permissions/prompter.ts";
import type { Requester } from "../../permissions/requester.ts";
import { riskOf } from "../../permissions/risk.ts";

/**
 * The program, in every way in which runtimes write it.
 *
 * @param text What was typed: a path, or an origin.
 * @param how The process, and the URL of a file by its path, links resolved; null where there is none.
 * @throws {ParleyError} `ARG_INVALID` for what is no program.
 */
export function grantRequesters(
  text: string,
  { pid, urlOfFile }: { readonly pid: number; urlOfFile(path: string): string | null },
): readonly Requester[] {
  const url = /^(?:file|https?|npm|jsr):/u.test(text) ? text : urlOfFile(text);
  if (url === null) throw refusal(`there is no file ${escapeText(text)}`);
  const reading = readOrigin(url);
  if ("problem" in reading) throw refusal(`${escapeText(text)} is no program: ${reading.problem}`);
  const requesters = reading.origins.map((origin) => mainRequester(origin, pid));
  return [...new Map(requesters.map((requester) => [requester.origin, requester])).values()];
}

/**
 * The request for a destination with plain terms: what a program asks for that gives no further options.
 *
 * @param text The destination.
 * @param how Whether the connection begins without TLS and goes on to it.
 * @throws {ParleyError} `DEST_SYNTAX`, `DEST_HOST`, or `ARG_INVALID` where TLS cannot be started.
 */
export function grantDescriptor(text: string, { startTls }: { readonly startTls: boolean }): Descriptor {
  const destination = parseDestination(text);
  const { scheme, port } = destination;
  if (startTls && scheme !== "tcp") throw refusal("--starttls is for TCP destinations without tls://");
  const name = featureOfScheme(scheme);
  switch (name) {
    case "direct-sockets":
      return connectDescriptor({
        destination,
        port,
        transport: transportOf(destination),
        tls: terms(destination, startTls),
      });
    case "direct-sockets-multicast":
      return Object.freeze({ __proto__: null, name, transport: "udp", destination, port, source: null, tls: null });
    case "listen":
      return Object.freeze({
        __proto__: null,
        name,
        transport: transportOf(destination),
        destination,
        port,
        tls: null,
      });
    default:
      throw refusal("what leaves the choice of whom is reached to others is never remembered");
  }
}

/**
 * Has the operator confirm what is risky, with a random word at the terminal.
 *
 * @param prompter Who asks.
 * @param request What is approved.
 * @throws {ParleyError} `PERM_NO_TERMINAL` or `PERM_DENIED`.
 */
export async function confirmRisk(
  prompter: Prompter,
  { requester, descriptor, signal }: {
    readonly requester: Requester;
    readonly descriptor: Descriptor;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const risk = riskOf(descriptor);
  if (risk === null) return;
  const question: Question = Object.freeze<Question>({
    number: 1,
    requester,
    descriptor,
    lifetimes: ["always"] as const,
    risk,
    claim: null,
    changed: null,
    pinsCode: false,
    runtimeAsksToo: false,
    preapprove: null,
    peerKey: null,
  });
  const answer = await prompter.ask(question, signal);
  if (answer.kind === "allow") return;
  if (answer.reason === "no-terminal") {
    const advice = "it is risky, and there is no terminal to confirm it at; write a rule into a policy file instead";
    throw new ParleyError("PERM_NO_TERMINAL", `Cannot approve it: ${advice}`);
  }
  throw new ParleyError("PERM_DENIED", "Cannot approve it: it was not confirmed");
}

function terms({ scheme, host }: Destination, startTls: boolean): Descriptor["tls"] {
  if (scheme !== "tls" && !startTls) return null;
  const mode = startTls ? "upgrade" : "open";
  return Object.freeze({ mode, serverName: host.text, caSha256: null, clientCertSha256: null, required: true });
}

function transportOf({ scheme }: Destination): "tcp" | "udp" | "unix" {
  if (scheme === "unix" || scheme === "listen+unix") return "unix";
  return scheme === "udp" || scheme === "listen+udp" ? "udp" : "tcp";
}

function refusal(what: string): ParleyError {
  return new ParleyError("ARG_INVALID", `Cannot approve it: ${what}`);
}
