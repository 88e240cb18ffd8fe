/** Every feature that a permission is for, in one table: the names of the Permissions API, rules, lists and the log. */
import type { Scheme } from "../core/destination.ts";

/** The name of a feature. */
export type FeatureName =
  | "direct-sockets"
  | "listen"
  | "udp-peers"
  | "direct-sockets-multicast"
  | "local-network"
  | "loopback-network"
  | "hid"
  | "usb"
  | "accelerometer"
  | "gyroscope"
  | "magnetometer"
  | "xr-spatial-tracking"
  | "hand-tracking"
  | "camera"
  | "microphone"
  | "display-capture"
  | "mediasession"
  | "media-keys";

/** One row of the table. */
export interface FeatureRow {
  /** What the operator allows by it, to stand after "may". */
  readonly may: string;
  /** Whether requests for it name a destination. */
  readonly network: boolean;
  /** Who may use it without being delegated to: the main program, or everybody. */
  readonly allowlist: "self" | "*";
}

function row(may: string, how: Partial<FeatureRow> = {}): FeatureRow {
  return Object.freeze({ __proto__: null, may, network: false, allowlist: "self", ...how }) as FeatureRow;
}

const NETWORK: Partial<FeatureRow> = { network: true };

/** Every feature. A Map, because names come from outside. */
export const FEATURES: ReadonlyMap<FeatureName, FeatureRow> = new Map<FeatureName, FeatureRow>([
  ["direct-sockets", row("exchange bytes or datagrams with a destination", NETWORK)],
  ["listen", row("be connected to, or receive datagrams", NETWORK)],
  ["udp-peers", row("exchange datagrams with any public address", NETWORK)],
  ["direct-sockets-multicast", row("join a group of machines", NETWORK)],
  ["local-network", row("reach machines of the operator's own network")],
  ["loopback-network", row("reach services of this machine")],
  ["hid", row("read and write a device by raw reports")],
  ["usb", row("read and write a USB device")],
  ["accelerometer", row("read a device's acceleration")],
  ["gyroscope", row("read a device's rotation")],
  ["magnetometer", row("read the magnetic field at a device")],
  ["xr-spatial-tracking", row("follow a headset and its controllers")],
  ["hand-tracking", row("follow hands")],
  ["camera", row("see through a camera")],
  ["microphone", row("hear through a microphone")],
  ["display-capture", row("record what is on a screen")],
  ["mediasession", row("show what is playing and be told of media actions", { allowlist: "*" })],
  ["media-keys", row("be told of a device's media keys")],
]);

/** Whether a text from outside is the name of a feature. */
export function isFeatureName(name: string): name is FeatureName {
  return (FEATURES as ReadonlyMap<string, FeatureRow>).has(name);
}

const FEATURE_OF_SCHEME: Readonly<Record<Scheme, FeatureName>> = Object.freeze({
  __proto__: null as never,
  tcp: "direct-sockets",
  tls: "direct-sockets",
  udp: "direct-sockets",
  unix: "direct-sockets",
  listen: "listen",
  "listen+udp": "listen",
  "listen+unix": "listen",
  "udp-peers": "udp-peers",
  multicast: "direct-sockets-multicast",
});

/** The feature that a destination with this scheme is asked for by. */
export function featureOfScheme(scheme: Scheme): FeatureName {
  return FEATURE_OF_SCHEME[scheme];
}
