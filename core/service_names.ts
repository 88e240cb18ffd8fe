/** What a person calls the service at a well-known port (NET-09), and where the same service is encrypted (NET-18). */

/** A port that serves with TLS from the first byte what another serves without. */
export interface TlsPort {
  /** Port number. */
  readonly port: number;
  /** What a person calls it, such as `SMTP over TLS`. */
  readonly name: string;
}

/** Port, name, transports. The names follow common speech where the IANA registry's are acronyms nobody uses. */
const SERVICES: readonly (readonly [port: number, name: string, transports: "tcp" | "udp" | "both"])[] = [
  [7, "Echo", "both"],
  [9, "Discard, also Wake-on-LAN", "both"],
  [13, "Daytime", "both"],
  [20, "FTP data", "tcp"],
  [21, "FTP file transfer", "tcp"],
  [22, "SSH", "tcp"],
  [23, "Telnet", "tcp"],
  [25, "SMTP mail", "tcp"],
  [37, "Time", "both"],
  [43, "WHOIS", "tcp"],
  [49, "TACACS+ login", "tcp"],
  [53, "DNS", "both"],
  [67, "DHCP server", "udp"],
  [68, "DHCP client", "udp"],
  [69, "TFTP file transfer", "udp"],
  [70, "Gopher", "tcp"],
  [79, "Finger", "tcp"],
  [80, "HTTP web", "tcp"],
  [88, "Kerberos login", "both"],
  [110, "POP3 mail", "tcp"],
  [111, "RPC port mapper", "both"],
  [113, "Ident", "tcp"],
  [119, "NNTP news", "tcp"],
  [123, "NTP time", "udp"],
  [135, "Windows RPC", "tcp"],
  [137, "NetBIOS names", "udp"],
  [139, "NetBIOS file sharing", "tcp"],
  [143, "IMAP mail", "tcp"],
  [161, "SNMP device management", "udp"],
  [162, "SNMP alerts", "udp"],
  [179, "BGP routing", "tcp"],
  [389, "LDAP directory", "both"],
  [443, "HTTPS web", "tcp"],
  [443, "HTTP/3 web", "udp"],
  [445, "SMB file sharing", "tcp"],
  [465, "SMTP mail over TLS", "tcp"],
  [502, "Modbus industrial control", "tcp"],
  [514, "Syslog", "udp"],
  [515, "LPD printer", "tcp"],
  [548, "AFP file sharing", "tcp"],
  [554, "RTSP video", "tcp"],
  [563, "NNTP news over TLS", "tcp"],
  [587, "SMTP mail submission", "tcp"],
  [631, "IPP printer", "tcp"],
  [636, "LDAP directory over TLS", "tcp"],
  [853, "DNS over TLS", "tcp"],
  [853, "DNS over QUIC", "udp"],
  [873, "rsync", "tcp"],
  [989, "FTP data over TLS", "tcp"],
  [990, "FTP file transfer over TLS", "tcp"],
  [993, "IMAP mail over TLS", "tcp"],
  [995, "POP3 mail over TLS", "tcp"],
  [1080, "SOCKS proxy", "tcp"],
  [1194, "OpenVPN", "both"],
  [1433, "Microsoft SQL Server", "tcp"],
  [1521, "Oracle database", "tcp"],
  [1883, "MQTT messages", "tcp"],
  [1900, "SSDP discovery", "udp"],
  [2049, "NFS file sharing", "tcp"],
  [2375, "Docker control", "tcp"],
  [2376, "Docker control over TLS", "tcp"],
  [3128, "HTTP proxy", "tcp"],
  [3306, "MySQL database", "tcp"],
  [3389, "RDP remote desktop", "tcp"],
  [3478, "STUN and TURN", "both"],
  [4433, "QUIC test", "udp"],
  [5060, "SIP telephony", "both"],
  [5061, "SIP telephony over TLS", "tcp"],
  [5222, "XMPP chat", "tcp"],
  [5223, "XMPP chat over TLS", "tcp"],
  [5269, "XMPP between servers", "tcp"],
  [5349, "STUN and TURN over TLS", "tcp"],
  [5353, "mDNS discovery", "udp"],
  [5432, "PostgreSQL database", "tcp"],
  [5671, "AMQP messages over TLS", "tcp"],
  [5672, "AMQP messages", "tcp"],
  [5683, "CoAP devices", "both"],
  [5684, "CoAP devices over DTLS", "udp"],
  [5684, "CoAP devices over TLS", "tcp"],
  [5900, "VNC remote desktop", "tcp"],
  [6379, "Redis database", "tcp"],
  [6600, "MPD music player", "tcp"],
  [6667, "IRC chat", "tcp"],
  [6697, "IRC chat over TLS", "tcp"],
  [6881, "BitTorrent", "both"],
  [8080, "HTTP proxy or web", "tcp"],
  [8443, "HTTPS web", "tcp"],
  [8883, "MQTT messages over TLS", "tcp"],
  [9100, "raw printer", "tcp"],
  [9200, "Elasticsearch", "tcp"],
  [11211, "memcached", "tcp"],
  [27017, "MongoDB database", "tcp"],
  [51820, "WireGuard", "udp"],
];

/** The plaintext port and the one that serves the same with TLS from the first byte. */
const TLS_PORTS: ReadonlyMap<number, number> = new Map([
  [20, 989],
  [21, 990],
  [25, 465],
  [53, 853],
  [80, 443],
  [110, 995],
  [119, 563],
  [143, 993],
  [389, 636],
  [587, 465],
  [1883, 8883],
  [2375, 2376],
  [3478, 5349],
  [5060, 5061],
  [5222, 5223],
  [5672, 5671],
  [5683, 5684],
  [6667, 6697],
  [8080, 8443],
]);

const NAMES: ReadonlyMap<string, string> = new Map(
  SERVICES.flatMap(([port, name, transports]) =>
    (transports === "both" ? ["tcp", "udp"] : [transports]).map((transport) => [`${transport}:${port}`, name] as const)
  ),
);

/**
 * What a person calls the service at a port.
 *
 * @param port Port number.
 * @param transport TCP (TLS included) or UDP.
 * @returns Such as `SMTP mail`, or null where no service is well known. It is what one expects there, not what answers.
 */
export function serviceName(port: number, transport: "tcp" | "udp"): string | null {
  return NAMES.get(`${transport}:${port}`) ?? null;
}

/**
 * Where the service at a TCP port is encrypted from the first byte, to be suggested instead (NET-18).
 *
 * @param port The port of the plaintext service.
 * @returns The other port and its name, or null where there is none that is well known.
 */
export function tlsPortFor(port: number): TlsPort | null {
  const other = TLS_PORTS.get(port);
  const name = other === undefined ? null : serviceName(other, "tcp");
  return other === undefined || name === null ? null : { port: other, name };
}
