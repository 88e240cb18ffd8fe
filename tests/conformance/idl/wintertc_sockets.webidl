// WinterTC Sockets API, the text of June 2025: its definitions, typed from the text.
// https://sockets-api.proposal.wintertc.org/ and https://github.com/WinterTC55/proposal-sockets-api
// Where the text writes what Web IDL does not have, the nearest thing stands here: `DOMString? ... = null` for
// `DOMString ... = null`, and `sequence<DOMString>` for `DOMString[]`.

dictionary SocketInfo {
  DOMString? remoteAddress = null;
  DOMString? localAddress = null;
  DOMString? alpn = null;
};

[Exposed=*]
interface Socket {
  readonly attribute ReadableStream readable;
  readonly attribute WritableStream writable;

  readonly attribute Promise<SocketInfo> opened;

  readonly attribute Promise<undefined> closed;
  Promise<undefined> close(optional any reason);

  readonly attribute boolean upgraded;

  [NewObject] Socket startTls();
};

dictionary SocketAddress {
  DOMString hostname;
  unsigned short port;
};

typedef (DOMString or SocketAddress) AnySocketAddress;

enum SecureTransportKind { "off", "on", "starttls" };

dictionary SocketOptions {
  SecureTransportKind secureTransport = "off";
  boolean allowHalfOpen = false;
  DOMString? sni = null;
  sequence<DOMString> alpn = [];
};

[Exposed=*]
interface Connect {
  Socket connect(AnySocketAddress address, optional SocketOptions opts = {});
};
