// Raw Sockets: the interface definitions of April 2021, typed from the text.
// https://github.com/WICG/direct-sockets/pull/33

partial interface Navigator {
  [SecureContext] Promise<TCPSocket> openTCPSocket(optional SocketOptions options = {});
  [SecureContext] Promise<UDPSocket> openUDPSocket(optional SocketOptions options = {});
};

dictionary SocketOptions {
  DOMString localAddress;
  unsigned short localPort;
  DOMString remoteAddress;
  unsigned short remotePort;
  unsigned long sendBufferSize;
  unsigned long receiveBufferSize;
  unsigned long keepAlive;
  boolean noDelay;
};

[Exposed=Window, SecureContext]
interface TCPSocket {
  Promise<undefined> close();

  readonly attribute DOMString remoteAddress;
  readonly attribute unsigned short remotePort;
  readonly attribute ReadableStream readable;
  readonly attribute WritableStream writable;
};

[Exposed=Window, SecureContext]
interface UDPSocket {
  async iterable<SocketOptions, Blob>;

  Promise<undefined> send(Blob data);
  Promise<undefined> close();

  readonly attribute DOMString remoteAddress;
  readonly attribute unsigned short remotePort;
};
