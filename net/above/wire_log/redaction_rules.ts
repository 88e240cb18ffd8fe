/**
 * What a wire log hides: a table of patterns for one line, and one of what a line says about those that follow.
 *
 * Every pattern takes linear time on a line (which is at most 4,096 characters): repetitions in front of a word are bounded,
 * and what follows one stops where the next begins. In doubt a pattern hides too much.
 */

/** Hides parts of a line: what its capturing groups match. */
export interface MaskRule {
  /** What it is for. */
  readonly name: string;
  /** Global, with indices. */
  readonly pattern: RegExp;
}

/** What a finished line means for lines after it. */
export interface FollowRule {
  /** What it is for. */
  readonly name: string;
  /** Matches the line. */
  readonly pattern: RegExp;
  /** Whose lines are meant: those of the side that said the line, or of the other. */
  readonly side: "same" | "other";
  /** At least this many of its next lines are hidden. Default 0. */
  readonly lines?: number;
  /** An exchange of credentials begins, in which all its lines are hidden, or ends. */
  readonly exchange?: "begins" | "ends";
}

/** Names of things that are secret, wherever they stand in a longer name. */
const SECRET = [
  "pass(?:word|wd|phrase|code|key)",
  "pass(?![a-z])",
  "pwd|pswd|secret|token|authorization|credential|cookie|signature|requirepass|masterauth",
  "(?:api|access|private|auth|account|shared|signing|encryption)[_\\-]?(?:key|code|hash)",
  "session[_\\-]?(?:id|key)",
  "(?<![a-z])(?:c?pin|otp|totp|sid|sig|jwt|psk|nkey)(?![a-z])",
].join("|");
const KEY = `(?:${SECRET})[\\w.\\[\\]\\-]{0,32}`;
const DOUBLE_QUOTED = `"((?:[^"\\\\]|\\\\.)*)`;
const SINGLE_QUOTED = `'((?:[^'\\\\]|\\\\.)*)`;
const MECHANISM = "(?:PLAIN|LOGIN|ANONYMOUS|EXTERNAL|CRAM-MD5|DIGEST-MD5|NTLM|GSSAPI|GSS-SPNEGO|XOAUTH2|OAUTHBEARER|" +
  "SCRAM-SHA-\\d{1,3}(?:-PLUS)?)";
const QUOTED_MECHANISM = `"?${MECHANISM}"?`;
/** IRC puts tags and a prefix before a command. */
const IRC_PREFIX = "(?:[:@]\\S{1,255}\\s{1,64}){0,2}";

function mask(name: string, pattern: string): MaskRule {
  return Object.freeze({ __proto__: null as never, name, pattern: new RegExp(pattern, "dgiv") });
}

/** Patterns for any line. */
export const MASK_RULES: readonly MaskRule[] = Object.freeze([
  mask(
    "quoted key and value (JSON)",
    `${KEY}\\\\{0,8}["']\\s{0,64}(?:=>|[:=])\\s{0,64}(?:${DOUBLE_QUOTED}|${SINGLE_QUOTED}|(?!["'])([\\[\\{\\\\].*|[^,\\}\\]\\s]*))`,
  ),
  mask(
    "key=value (query, form, connection string, attribute)",
    `${KEY}\\s{0,64}(?::=|=>|=)\\s{0,64}(?:${DOUBLE_QUOTED}|${SINGLE_QUOTED}|(?!["'])(\\\\.*|[^\\s&"'<>]*))`,
  ),
  mask("key: value (header, YAML)", `${KEY}\\s{0,64}:(?!=)\\s{0,64}(\\S.*)`),
  mask("key of a query", "[?&;](?:key|code|auth|state|nonce)=([^\\s&\"'<>]*)"),
  mask(
    "password and what follows (console, SQL, MPD)",
    `(?<!<)(?:pass(?:word|wd|phrase|code)|pwd|pswd|secret|psk|requirepass|masterauth|identify|identified\\s{1,64}by)["']?\\s{1,64}(.+)`,
  ),
  mask("element (XML)", `<[\\w:.\\-]{0,64}?(?:${SECRET})[^>]{0,256}>([^<]*)`),
  mask("SASL element (XMPP)", "<(?:auth|response|challenge|success)(?:\\s[^>]{0,256})?>([^<]*)"),
  mask("credentials of an HTTP scheme", "(?<![\\w\\-])(?:Bearer|Basic|Digest|Negotiate|NTLM)\\s{1,64}(\\S+)"),
  mask("user information of a URL", "://([^\\s\\/?#]*)@"),
  mask(
    "command (FTP, POP3, IRC)",
    `^\\s{0,64}${IRC_PREFIX}(?:PASS|USER|ACCT|APOP|OPER|AUTHINFO\\s{1,64}\\w{1,16})\\s{1,64}(.+)`,
  ),
  mask("LOGIN (IMAP, console)", "^\\s{0,64}(?!\\d{3}-AUTH\\s)(?:\\S{1,64}\\s{1,64})?LOGIN\\s{1,64}(.+)"),
  mask(
    "AUTH (SMTP, POP3, Redis)",
    `^\\s{0,64}AUTH2?\\s{1,64}(?!${QUOTED_MECHANISM}\\s*$)(?:${QUOTED_MECHANISM}\\s{1,64})?(.+)`,
  ),
  mask(
    "AUTHENTICATE (IMAP, ManageSieve, IRC, Tor)",
    `^\\s{0,64}(?:\\S{1,64}\\s{1,64})?AUTHENTICATE\\s{1,64}(?!(?:${QUOTED_MECHANISM}|\\+)\\s*$)(?:${QUOTED_MECHANISM}\\s{1,64})?(.+)`,
  ),
  mask("challenge", "^(?:334|\\+)\\s{1,64}([A-Za-z0-9+\\/=]+)\\s*$"),
  mask("Redis command", "^\\s{0,64}(?:HELLO|MIGRATE)\\s.{0,512}?\\sAUTH2?\\s{1,64}(.+)"),
  mask("Redis rule", "(?:^|\\s)SETUSER\\s{1,64}(.+)"),
  mask("Redis password", "^[<>](?!\\S*>\\s*$)(\\S+)\\s*$"),
  mask("services (IRC)", "(?<!\\w)(?:NICKSERV|CHANSERV|AUTHSERV|NS|CS)(?:@\\S{1,64})?\\s{1,64}:?(.+)"),
  mask("PEM", "(-----BEGIN.*)"),
  mask("JSON web token", "(?<![\\w\\-])(eyJ[\\w\\-]{2,}\\.[\\w.\\-]*)"),
  mask("long run (base64, hex)", "([A-Za-z0-9+\\/_%=\\-]{32,})"),
  mask("long run (pairs of hex digits)", "((?:[0-9a-f]{2}[:\\s\\-]){15,}[0-9a-f]{2})"),
]);

/** Patterns for a line that a chunk has cut: how it goes on is not known yet. */
export const CUT_RULES: readonly MaskRule[] = Object.freeze([
  mask("cut word", "([^\\s\"'\\{\\}\\(\\)<>,;\\[\\]]+)$"),
  mask("cut URL", "://([^\\s\\/?#]*)$"),
]);

function follow(name: string, pattern: string, then: Pick<FollowRule, "side" | "lines" | "exchange">): FollowRule {
  return Object.freeze({ __proto__: null as never, name, pattern: new RegExp(pattern, "iv"), ...then });
}

/** What finished lines mean for those after them. */
export const FOLLOW_RULES: readonly FollowRule[] = Object.freeze([
  follow("SASL (SMTP, POP3)", "^\\s{0,64}AUTH2?(?:\\s|$)", { side: "same", exchange: "begins" }),
  follow(
    "SASL (IMAP, ManageSieve, IRC)",
    "^\\s{0,64}(?:\\S{1,64}\\s{1,64})?AUTHENTICATE(?:\\s{1,64}(?!\\+)|$)",
    { side: "same", exchange: "begins" },
  ),
  follow(
    "SASL without a first response",
    `^\\s{0,64}(?:AUTH|(?:\\S{1,64}\\s{1,64})?AUTHENTICATE)(?:\\s{1,64}${QUOTED_MECHANISM})?\\s*$`,
    { side: "same", lines: 1 },
  ),
  follow("two answers (SMTP LOGIN, Redis)", '^\\s{0,64}AUTH2?(?:\\s{1,64}"?LOGIN"?)?\\s*$', { side: "same", lines: 2 }),
  follow("challenge", "^(?:334(?:[ \\-]|$)|\\+(?:\\s|$)|(?::\\S{1,255} )?AUTHENTICATE \\+|@RSYNCD: AUTHREQD)", {
    side: "other",
    lines: 1,
  }),
  follow(
    "end of an exchange",
    "^(?:[245]\\d\\d(?:[ \\-]|$)|\\+OK(?!\\w)|-[A-Z]|(?![*+]\\s)\\S{1,64} (?:OK|NO|BAD)(?!\\w)|(?:OK|NO|BYE)(?!\\w)|" +
      "[%*~]\\d|:\\S{1,255} 90\\d |@RSYNCD: )",
    { side: "other", exchange: "ends" },
  ),
  follow("literal (IMAP LOGIN)", "^\\s{0,64}\\S{1,64}\\s{1,64}(?:LOGIN|AUTHENTICATE)\\s.*\\{\\d{1,10}\\+?\\}$", {
    side: "same",
    lines: 1,
  }),
  follow(
    "name of a secret, alone",
    `^\\s{0,32}[<"']?[\\w.\\-]{0,32}(?:${SECRET})[\\w.\\-]{0,32}[>"']?\\s{0,64}[:=]?\\s*$`,
    {
      side: "same",
      lines: 1,
    },
  ),
]);

/** The end of a line that asks for a secret; the other side's line after it is hidden, though this one may be unfinished. */
export const PROMPT: RegExp = new RegExp(`(?:${SECRET}|credential|(?<![a-z])code)[^:?>]{0,64}[:?>]\\s*$`, "iv");

/** A header that may go on in lines which begin with white space. */
export const FOLDED_HEADER: RegExp = new RegExp(
  `^\\s{0,32}[\\w.\\-]{0,64}(?:${SECRET})[\\w.\\-]{0,32}\\s{0,64}:`,
  "iv",
);

/** A hidden line that ends so has a literal after it. */
export const LITERAL: RegExp = /\{\d{1,10}\+?\}$/v;

/** The length of a Redis string: not the string. */
export const REDIS_LENGTH: RegExp = /^\$-?\d{1,10}$/v;

/** Where key material in PEM begins and ends; between the two everything is hidden. */
export const PEM_BEGIN: RegExp = /-----BEGIN(?!.*-----END)/v;
/** See {@linkcode PEM_BEGIN}. */
export const PEM_END: RegExp = /-----END/v;
