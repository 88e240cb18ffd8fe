/** What the WinterTC Sockets API asks for. */
import { numberedRows, type RowSection } from "./row.ts";

/** WT-01 to WT-21. */
export const WINTERTC_ROWS: RowSection = {
  name: "WinterTC Sockets API",
  text: "[June 2025](https://sockets-api.proposal.wintertc.org/)",
  rows: numberedRows("WT", [
    "`connect()` returns a pending socket whose streams can be used at once; a malformed address is thrown",
    "An address as text is `host:port`",
    ["An address in parts has `hostname` and `port`", {
      deviates:
        "a port out of range is a TypeError instead of another port: to connect elsewhere than asked helps nobody",
    }],
    ["`secureTransport` is `off`, `on` or `starttls`; `sni` and `alpn` need TLS; `allowHalfOpen` is off", {
      deviates: "an option counts that is the object's own or its class's, not one that stands on `Object.prototype`",
    }],
    "`opened` gives both addresses and the ALPN protocol, with TLS after the handshake",
    "A failed attempt rejects `opened` and `closed` with one SocketError, and ends both streams",
    "`SocketError` is a TypeError whose message begins with `SocketError: `",
    "`closed` resolves on `close()`, and at the far end's FIN when it is read and half-open sockets are not allowed",
    "`close(reason)` returns `closed`, ends both streams with the reason, and gives a pending attempt up",
    "Without half-open sockets the far end's FIN closes the writable; with them it goes on",
    ["A reset by the far end rejects the read", {
      deviates: "it rejects `closed`, too, where the text resolves it: data may be missing",
    }],
    ["`startTls()` spends a socket of kind `starttls` and gives an encrypted one", {
      deviates:
        "a socket of that kind is cut off after 4 KiB each way or 10 s without TLS (NET-25); the method takes " +
        "options for verification",
    }],
    "The streams of an upgraded socket cannot be used any more",
    "`startTls()` with a stream in use (the text does not say): thrown, and nothing is closed",
    "The encrypted socket is not upgraded",
    "`sni`, else the host name, is sent and verified; an untrusted certificate rejects `opened`",
    "`alpn` of `opened` is the protocol agreed on, or null",
    "Destinations may be blocked: both promises reject",
    ["`readable` is no byte stream yet", {
      deviates: 'it is one, which the text calls reasonable: `getReader({ mode: "byob" })` works',
    }],
    "Strings can be written",
    "`Socket` is not constructed by scripts",
  ]),
};
