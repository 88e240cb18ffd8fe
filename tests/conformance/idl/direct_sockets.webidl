// Direct Sockets, Draft Community Group Report of 24 February 2026: the definitions of its IDL index, typed from the text.
// https://wicg.github.io/direct-sockets/
// Pull request 84, which this project follows too, changes names of policies and no definition:
// https://github.com/WICG/direct-sockets/pull/84

[Exposed=(Window,DedicatedWorker), SecureContext, IsolatedContext]
interface TCPSocket {
  constructor(DOMString remoteAddress, unsigned short remotePort, optional TCPSocketOptions options = {});

  readonly attribute Promise<TCPSocketOpenInfo> opened;
  readonly attribute Promise<undefined> closed;

  Promise<undefined> close();
};

enum SocketDnsQueryType { "ipv4", "ipv6" };

dictionary TCPSocketOptions {
  [EnforceRange] unsigned long sendBufferSize;
  [EnforceRange] unsigned long receiveBufferSize;
  boolean noDelay = false;
  [EnforceRange] unsigned long keepAliveDelay;
  SocketDnsQueryType dnsQueryType;
};

dictionary TCPSocketOpenInfo {
  ReadableStream readable;
  WritableStream writable;
  DOMString remoteAddress;
  unsigned short remotePort;
  DOMString localAddress;
  unsigned short localPort;
};

[Exposed=(Window,DedicatedWorker), SecureContext, IsolatedContext]
interface UDPSocket {
  constructor(optional UDPSocketOptions options = {});

  readonly attribute Promise<UDPSocketOpenInfo> opened;
  readonly attribute Promise<undefined> closed;

  Promise<undefined> close();
};

dictionary UDPSocketOptions {
  DOMString remoteAddress;
  [EnforceRange] unsigned short remotePort;
  DOMString localAddress;
  [EnforceRange] unsigned short localPort;
  [EnforceRange] unsigned long sendBufferSize;
  [EnforceRange] unsigned long receiveBufferSize;
  SocketDnsQueryType dnsQueryType;
  boolean ipv6Only;
  [EnforceRange] octet multicastTimeToLive;
  boolean multicastLoopback;
  boolean multicastAllowAddressSharing;
};

dictionary UDPMessage {
  BufferSource data;
  DOMString remoteAddress;
  unsigned short remotePort;
  SocketDnsQueryType dnsQueryType;
};

dictionary UDPSocketOpenInfo {
  ReadableStream readable;
  WritableStream writable;
  DOMString remoteAddress;
  unsigned short remotePort;
  DOMString localAddress;
  unsigned short localPort;
  MulticastController multicastController;
};

dictionary MulticastGroupOptions {
  DOMString sourceAddress;
};

dictionary MulticastMembership {
  DOMString groupAddress;
  DOMString sourceAddress;
};

[Exposed=(Window,DedicatedWorker), SecureContext, IsolatedContext]
interface MulticastController {
  Promise<undefined> joinGroup(DOMString groupAddress, optional MulticastGroupOptions options = {});
  Promise<undefined> leaveGroup(DOMString groupAddress, optional MulticastGroupOptions options = {});
  readonly attribute FrozenArray<(DOMString or MulticastMembership)> joinedGroups;
};

[Exposed=(Window,DedicatedWorker), SecureContext, IsolatedContext]
interface TCPServerSocket {
  constructor(DOMString localAddress, optional TCPServerSocketOptions options = {});

  readonly attribute Promise<TCPServerSocketOpenInfo> opened;
  readonly attribute Promise<undefined> closed;

  Promise<undefined> close();
};

dictionary TCPServerSocketOptions {
  [EnforceRange] unsigned short localPort;
  [EnforceRange] unsigned long backlog;
  boolean ipv6Only;
};

dictionary TCPServerSocketOpenInfo {
  ReadableStream readable;
  DOMString localAddress;
  unsigned short localPort;
};
