/** One dialogue for each protocol, all in one table: what the log shows of it, and what it never shows in any chunks. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "../../../tests/support/harness.ts";
import { MASK_RULES } from "./redaction_rules.ts";
import { type Dialogue, leaksOf, redactedTalk, saidIn, seenOf } from "./test_dialogue.ts";

const DIALOGUES: Readonly<Record<string, Dialogue>> = {
  "SMTP AUTH PLAIN with a first response": {
    talk: [
      "<250-AUTH LOGIN PLAIN\r\n250 SIZE 1\r\n",
      [">AUTH PLAIN AGJvYgBodW50ZXIy\r\n", "AUTH PLAIN [hidden]\r\n"],
      "<235 2.7.0 ok\r\n",
      ">MAIL FROM:<a@b>\r\n",
    ],
    secrets: ["AGJvYgBodW50ZXIy"],
  },
  "SMTP AUTH PLAIN after a challenge": {
    talk: [
      ">AUTH PLAIN\r\n",
      "<334 \r\n",
      [">AGJvYgBodW50ZXIy\r\n", "[hidden]\r\n"],
      "<235 ok\r\n",
      ">RSET\r\n",
    ],
    secrets: ["AGJvYgBodW50ZXIy"],
  },
  "SMTP AUTH LOGIN": {
    talk: [
      ">auth login\r\n",
      ["<334 VXNlcm5hbWU6\r\n", "334 [hidden]\r\n"],
      [">Ym9i\r\n", "[hidden]\r\n"],
      ["<334 UGFzc3dvcmQ6\r\n", "334 [hidden]\r\n"],
      [">aHVudGVyMg==\r\n", "[hidden]\r\n"],
      "<535 no\r\n",
      ">QUIT\r\n",
    ],
    secrets: ["Ym9i", "aHVudGVyMg=="],
  },
  "SMTP AUTH LOGIN, sent without waiting": {
    talk: [
      ">EHLO me\r\nAUTH LOGIN\r\n",
      "<250 hello\r\n",
      [">Ym9i\r\naHVudGVyMg==\r\n", "[hidden]\r\n[hidden]\r\n"],
      ["<334 x\r\n334 y\r\n235 ok\r\n", "334 [hidden]\r\n334 [hidden]\r\n235 ok\r\n"],
    ],
    secrets: ["Ym9i", "aHVudGVyMg=="],
  },
  "SMTP server that claims the end of AUTH LOGIN too early": {
    talk: [
      ">AUTH LOGIN\r\n",
      ["<334 x\r\n235 ok\r\n", "334 [hidden]\r\n235 ok\r\n"],
      [">Ym9i\r\naHVudGVyMg==\r\nRSET\r\n", "[hidden]\r\n[hidden]\r\nRSET\r\n"],
    ],
    secrets: ["Ym9i", "aHVudGVyMg=="],
  },
  "SMTP server that claims the end of an exchange too early": {
    talk: [
      ">AUTH XOAUTH2\r\n",
      "<334 \r\n235 ok\r\n",
      [">dXNlcj1ib2IBYXV0aD0B\r\n", "[hidden]\r\n"],
    ],
    secrets: ["dXNlcj1ib2IBYXV0aD0B"],
  },
  "SMTP server that ends an exchange before its challenge": {
    talk: [
      ">AUTH PLAIN\r\n",
      "<235 ok\r\n",
      [">AGJvYgBodW50ZXIy\r\n", "[hidden]\r\n"],
      ">RSET\r\n",
    ],
    secrets: ["AGJvYgBodW50ZXIy"],
  },
  "SMTP responses that do not wait": {
    talk: [
      [">AUTH SCRAM-SHA-256 biwsbj1ib2I\r\nYz1iaXdzLHI9\r\n", "AUTH SCRAM-SHA-256 [hidden]\r\n[hidden]\r\n"],
      ["<334 eDE=\r\n235 ok\r\n", "334 [hidden]\r\n235 ok\r\n"],
      [">x\r\nRSET\r\n", "[hidden]\r\nRSET\r\n"],
    ],
    secrets: ["biwsbj1ib2I", "Yz1iaXdzLHI9"],
  },
  "IMAP responses that do not wait": {
    talk: [
      [
        ">a1 AUTHENTICATE SCRAM-SHA-1 biwsbj1ib2I\r\ncD1hYmNkZWY=\r\n",
        "a1 AUTHENTICATE SCRAM-SHA-1 [hidden]\r\n[hidden]\r\n",
      ],
      "<a1 OK in\r\n",
      ">a2 NOOP\r\n",
    ],
    secrets: ["biwsbj1ib2I", "cD1hYmNkZWY="],
  },
  "POP3 USER, PASS and APOP": {
    talk: [
      [">USER bob\r\nPASS hunter2 with spaces\r\n", "USER [hidden]\r\nPASS [hidden]\r\n"],
      "<-ERR no\r\n",
      [">APOP bob c4c9334bac560ecc\r\n", "APOP [hidden]\r\n"],
      "<+OK 2 messages\r\n",
      ">STAT\r\n",
    ],
    secrets: ["hunter2", "with spaces", "c4c9334bac560ecc"],
  },
  "IMAP LOGIN": {
    talk: [
      "<* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n",
      ['>a1 LOGIN bob "hunter 2"\r\n', "a1 LOGIN [hidden]\r\n"],
      "<a1 OK done\r\n",
      ">a2 SELECT INBOX\r\n",
    ],
    secrets: ["hunter 2"],
  },
  "IMAP LOGIN with literals": {
    talk: [
      [">a1 LOGIN {3}\r\n", "a1 LOGIN [hidden]\r\n"],
      ["<+ OK\r\n", "+ [hidden]\r\n"],
      [">bob {7}\r\n", "[hidden]\r\n"],
      ["<+ OK\r\n", "+ [hidden]\r\n"],
      [">hunter2\r\n", "[hidden]\r\n"],
      "<a1 OK done\r\n",
      ">a2 NOOP\r\n",
    ],
    secrets: ["hunter2"],
  },
  "IMAP LOGIN with literals that do not wait": {
    talk: [
      [
        ">a1 LOGIN {3+}\r\nbob {7+}\r\nhunter2\r\na2 NOOP\r\n",
        "a1 LOGIN [hidden]\r\n[hidden]\r\n[hidden]\r\na2 NOOP\r\n",
      ],
    ],
    secrets: ["hunter2"],
  },
  "IMAP AUTHENTICATE": {
    talk: [
      ">a1 AUTHENTICATE PLAIN\r\n",
      "<+ \r\n",
      [">AGJvYgBodW50ZXIy\r\n", "[hidden]\r\n"],
      "<* CAPABILITY X\r\na1 OK in\r\n",
      [">a2 AUTHENTICATE PLAIN AGJvYgBodW50ZXIy\r\n", "a2 AUTHENTICATE PLAIN [hidden]\r\n"],
    ],
    secrets: ["AGJvYgBodW50ZXIy"],
  },
  "ManageSieve AUTHENTICATE": {
    talk: [
      ['>AUTHENTICATE "PLAIN" "AGJvYgBodW50ZXIy"\r\n', 'AUTHENTICATE "PLAIN" [hidden]\r\n'],
      "<OK\r\n",
      ">LISTSCRIPTS\r\n",
    ],
    secrets: ["AGJvYgBodW50ZXIy"],
  },
  "FTP": {
    talk: [
      "<220 ftp\r\n",
      [">USER bob\r\n", "USER [hidden]\r\n"],
      "<331 need it\r\n",
      [">PASS hunter2\r\n", "PASS [hidden]\r\n"],
      "<230 in\r\n",
      ">PASV\r\n",
    ],
    secrets: ["hunter2"],
  },
  "NNTP": {
    talk: [
      [">AUTHINFO USER bob\r\n", "AUTHINFO USER [hidden]\r\n"],
      "<381 go on\r\n",
      [">AUTHINFO PASS hunter2\r\n", "AUTHINFO PASS [hidden]\r\n"],
      "<281 in\r\n",
      ">GROUP a.b\r\n",
    ],
    secrets: ["hunter2"],
  },
  "rsync": {
    talk: [
      "<@RSYNCD: 31.0\n",
      ">@RSYNCD: 31.0\nmodule\n",
      "<@RSYNCD: AUTHREQD c2FsdA\n",
      [">bob hDcxRjMtZGlnZXN0\n", "[hidden]\n"],
      "<@RSYNCD: OK\n",
      ">--server\n",
    ],
    secrets: ["hDcxRjMtZGlnZXN0"],
  },
  "a Tor controller": {
    talk: [['>AUTHENTICATE "hunter2"\r\n', "AUTHENTICATE [hidden]\r\n"], "<250 OK\r\n", ">GETINFO version\r\n"],
    secrets: ["hunter2"],
  },
  "IRC": {
    talk: [
      [">PASS hunter2\r\nNICK bob\r\nUSER bob 0 * :Bob\r\n", "PASS [hidden]\r\nNICK bob\r\nUSER [hidden]\r\n"],
      ">AUTHENTICATE PLAIN\r\n",
      "<AUTHENTICATE +\r\n",
      [">AUTHENTICATE AGJvYgBo\r\n", "[hidden]\r\n"],
      "<:irc 903 bob :ok\r\n:irc NOTICE bob :hi\r\n",
      ">AUTHENTICATE SCRAM-SHA-256\r\n",
      ["<AUTHENTICATE cj1hYmM9\r\n", "AUTHENTICATE [hidden]\r\n"],
      [">AUTHENTICATE Yz1iaXdz\r\n", "[hidden]\r\n"],
      "<:irc NOTICE bob :wait\r\n:irc 904 bob :no\r\n",
      [
        ">PRIVMSG NickServ :IDENTIFY hunter2\r\nOPER bob hunter2\r\nJOIN #a\r\n",
        "PRIVMSG NickServ :[hidden]\r\nOPER [hidden]\r\nJOIN #a\r\n",
      ],
    ],
    secrets: ["hunter2", "AGJvYgBo", "cj1hYmM9", "Yz1iaXdz"],
  },
  "HTTP headers": {
    talk: [
      [
        '>GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: Basic Ym9iOmh1bnRlcjI=\r\nproxy-authorization:Digest u="bob", r="q"\r\nCookie: a=hunter2;\r\n b=hunter3\r\nX-Api-Key: k3y\r\nAccept: */*\r\n\r\n',
        "GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: [hidden]\r\nproxy-authorization:[hidden]\r\nCookie: [hidden]\r\n[hidden]\r\nX-Api-Key: [hidden]\r\nAccept: */*\r\n\r\n",
      ],
      [
        "<HTTP/1.1 200 OK\r\nSet-Cookie: s=hunter4; Path=/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSet-Cookie: [hidden]\r\nContent-Length: 0\r\n\r\n",
      ],
    ],
    secrets: ["Ym9iOmh1bnRlcjI=", "hunter2", "hunter3", "k3y", "hunter4"],
  },
  "HTTP query and form": {
    talk: [
      [
        ">POST /a?token=hunter2&x=1&api_key=hunter3 HTTP/1.1\r\nReferer: https://bob:hunter4@b.example/\r\n\r\nuser=bob&password=hunter5&client_secret=hunter6&z=2&code=hunter7\r\n",
        "POST /a?token=[hidden]&x=1&api_key=[hidden] HTTP/1.1\r\nReferer: https://[hidden]@b.example/\r\n\r\nuser=bob&password=[hidden]&client_secret=[hidden]&z=2&code=[hidden]\r\n",
      ],
    ],
    secrets: ["hunter2", "hunter3", "hunter4", "hunter5", "hunter6", "hunter7"],
  },
  "JSON": {
    talk: [
      [
        '>{"user":"bob","password":"hun\\"ter2","n":1,"accessToken" : "hunter3","pin":4711,"secrets":["hunter5"]}\n{"a":1}\n',
        '{"user":"bob","password":"[hidden]","n":1,"accessToken" : "[hidden]","pin":[hidden],"secrets":[hidden]\n{"a":1}\n',
      ],
      ['>{\n  "passphrase":\n    "hunter6",\n  "b": 2\n}\n', '{\n  "passphrase":\n[hidden]\n  "b": 2\n}\n'],
    ],
    secrets: ['hun\\"ter2', "hunter3", "4711", "hunter5", "hunter6"],
  },
  "JSON in JSON": {
    talk: [
      ['>{"body":"{\\"password\\":\\"hunter2\\",\\"a\\":1}"}\n', '{"body":"{\\"password\\":[hidden]\n'],
    ],
    secrets: ["hunter2"],
  },
  "XML": {
    talk: [
      [
        "><login><user>bob</user><password type='x'>hunter2</password></login>\n",
        "<login><user>bob</user><password type='x'>[hidden]</password></login>\n",
      ],
      [
        "><auth xmlns='urn:x' mechanism='PLAIN'>AGJvYgBo</auth>\n<Secret>\nhunter3\n</Secret>\n",
        "<auth xmlns='urn:x' mechanism='PLAIN'>[hidden]</auth>\n<Secret>\n[hidden]\n</Secret>\n",
      ],
    ],
    secrets: ["hunter2", "AGJvYgBo", "hunter3"],
  },
  "YAML and manager headers": {
    talk: [
      [
        ">Action: Login\r\nUsername: bob\r\nSecret: hunter2 hunter3\r\n\r\n",
        "Action: Login\r\nUsername: bob\r\nSecret: [hidden]\r\n\r\n",
      ],
      [">password: |\n  hunter4\n  hunter5\nuser: bob\n", "password: [hidden]\n[hidden]\n[hidden]\nuser: bob\n"],
    ],
    secrets: ["hunter2", "hunter3", "hunter4", "hunter5"],
  },
  "Redis AUTH": {
    talk: [
      [
        ">*3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n$7\r\nhunter2\r\n",
        "*3\r\n$4\r\nAUTH\r\n[hidden]\r\n[hidden]\r\n[hidden]\r\n[hidden]\r\n",
      ],
      "<+OK\r\n",
      ">*1\r\n$4\r\nPING\r\n",
      [">AUTH hunter3\r\n", "AUTH [hidden]\r\n"],
      "<-WRONGPASS no\r\n",
      ">PING\r\n",
    ],
    secrets: ["hunter2", "hunter3"],
  },
  "Redis HELLO and settings": {
    talk: [
      [">HELLO 3 AUTH bob hunter2\r\n", "HELLO 3 AUTH [hidden]\r\n"],
      "<%1\r\n+server\r\n+redis\r\n",
      [
        ">*6\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n$7\r\nhunter3\r\n",
        "*6\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n[hidden]\r\n[hidden]\r\n[hidden]\r\n[hidden]\r\n",
      ],
      "<%1\r\n",
      [
        ">*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$11\r\nrequirepass\r\n$7\r\nhunter4\r\n>hunter5\r\nACL SETUSER bob on >hunter6\r\n",
        "*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$11\r\nrequirepass\r\n[hidden]\r\n[hidden]\r\n>[hidden]\r\nACL SETUSER [hidden]\r\n",
      ],
    ],
    secrets: ["hunter2", "hunter3", "hunter4", "hunter5", "hunter6"],
  },
  "a console that asks": {
    talk: [
      "<login: ",
      ">bob\r\n",
      "<Password: ",
      [">hunter 2\r\n", "[hidden]\r\n"],
      "<\r\nWelcome\r\n$ ",
      ">ls\r\n",
      "<Enter PIN for card>",
      [">4711\r", "[hidden]\r"],
      ["<\r\nPassword again?\r\n", "\r\nPassword [hidden]\r\n"],
      [">hunter3\r", "[hidden]\r"],
    ],
    secrets: ["hunter 2", "4711", "hunter3"],
  },
  "a console's commands, and SQL": {
    talk: [
      [
        ">enable secret 5 hunter2\r\nset password hunter3\r\nCREATE USER bob IDENTIFIED BY 'hunter4'; DROP\r\nshow version\r\n",
        "enable secret [hidden]\r\nset password [hidden]\r\nCREATE USER bob IDENTIFIED BY [hidden]\r\nshow version\r\n",
      ],
    ],
    secrets: ["hunter2", "hunter3", "hunter4"],
  },
  "a modem's PIN and a connection string": {
    talk: [
      ['>AT+CPIN="4711"\r\nAT+CREG?\r\n', 'AT+CPIN="[hidden]"\r\nAT+CREG?\r\n'],
      [">Server=a;Password='hunter2 x';Database=b\n", "Server=a;Password='[hidden]';Database=b\n"],
    ],
    secrets: ["4711", "hunter2 x"],
  },
  "PEM": {
    talk: [
      [
        ">hello\n-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\nshortkey\n-----END PRIVATE KEY-----\nbye\n",
        "hello\n[hidden]\n[hidden]\n[hidden]\n[hidden]\nbye\n",
      ],
      ['>{"k":"-----BEGIN EC KEY-----\\nabc\\n-----END EC KEY-----\\n","a":1}\nmore\n', '{"k":"[hidden]\nmore\n'],
    ],
    secrets: ["MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg", "shortkey"],
  },
  "tokens by their looks": {
    talk: [
      [
        ">a eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2lnbmF0dXJl b\nBearer hunter2 c\nx QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0 y\nde:ad:be:ef:00:11:22:33:44:55:66:77:88:99:aa:bb\nplain words stay\n",
        "a [hidden] b\nBearer [hidden] c\nx [hidden] y\n[hidden]\nplain words stay\n",
      ],
    ],
    secrets: ["eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0", "hunter2"],
  },
};

for (const [name, dialogue] of Object.entries(DIALOGUES)) {
  test(`CON-11 the log of ${name} shows what is said without what is secret`, () => {
    const seen = redactedTalk(saidIn(dialogue));
    assert.deepEqual(seen, seenOf(dialogue));
    for (const secret of dialogue.secrets) {
      assert.ok(saidIn(dialogue).join("").includes(secret) && !seen.join("").includes(secret), secret);
    }
  });

  test(`CON-11 the log of ${name} hides the secrets in whatever chunks they come`, () => {
    for (const size of [1, 2, 3, 5, 7, 11]) assert.deepEqual(leaksOf(dialogue, () => size), []);
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, (list) => assert.deepEqual(leaksOf(dialogue, (part) => list[part % list.length] ?? 1), [])),
      { numRuns: 60 },
    );
  });
}

const SECRET_NAMES =
  "password passwd passphrase passcode pass pwd userPassword DB_PASS token access_token refreshToken " +
  "x-auth-token secret client_secret api_key apikey Api-Key accessKey private_key auth_key authorization credentials cookie " +
  "session_id sessionid sid signature sig jwt psk pin otp password[0] token_type";

test("CON-11 what is named as a secret is hidden, however it is written", () => {
  for (const name of SECRET_NAMES.split(" ")) {
    for (
      const [before, after] of [["?", "="], ["", "  =  "], ["", ": "], ['{"', '":"'], ["", " => "], [
        "",
        "          = ",
      ]]
    ) {
      const [shown] = redactedTalk([`>${before}${name}${after}hunter2\n`]);
      assert.ok(shown?.startsWith(before + name) && shown.endsWith("[hidden]\n") && !shown.includes("hunter"), shown);
    }
  }
});

test("CON-11 what only resembles the name of a secret is shown", () => {
  for (const name of "user name host author shipping keyboard opinion signal side option authority".split(" ")) {
    assert.deepEqual(redactedTalk([`>${name}=hunter2 x\n`]), [`${name}=hunter2 x\n`]);
  }
});

test("CON-11 every rule of the table is for something in the dialogues", () => {
  const lines = Object.values(DIALOGUES).flatMap((dialogue) => saidIn(dialogue).join("\n").split(/[\r\n]+/));
  const known = lines.concat(lines.map((line) => line.replace(/^[<>]/, "")));
  for (const { name, pattern } of MASK_RULES) assert.ok(known.some((line) => line.search(pattern) >= 0), name);
});
