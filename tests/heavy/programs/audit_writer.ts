/**
 * Writes decisions into an audit log as fast as it can, and prints what it wrote: one JSON record, after `@@`.
 *
 * Arguments: the state directory, how many decisions, bytes after which a file is put aside.
 */
import process from "node:process";
import { parseDestination } from "../../../core/destination.ts";
import { AuditLog } from "../../../permissions/audit/audit_log.ts";
import { connectDescriptor } from "../../../permissions/descriptor.ts";
import { mainRequester } from "../../../permissions/main_requester.ts";
import { EMPTY_POLICY, fixedPolicy } from "../../../permissions/policy.ts";
import { auditPlace } from "../../../runtime/_node/append_log_place.ts";
import { systemClock } from "../../../runtime/system_clock.ts";
import { HARMLESS_FACTS } from "../../support/policy_fixture.ts";

const [state = "", decisions = "0", maxBytes = "0"] = process.argv.slice(2);
const place = auditPlace({
  variable: (name) => name === "XDG_STATE_HOME" ? state : undefined,
  obstacle: () => null,
  onExit: (callback) => void process.on("exit", callback),
  maxBytes: Number(maxBytes),
});
const audit = new AuditLog({
  log: place.writer(),
  digest: place.digest,
  clock: systemClock,
  policy: fixedPolicy(EMPTY_POLICY),
  pid: process.pid,
  report: (line) => console.error(line),
});

let written = 0;
for (let index = 0; index < Number(decisions); index++) {
  const destination = parseDestination(`h${index}.example:25`);
  const recorded = audit.record({
    event: "decision",
    requester: mainRequester("file:///home/me/main.ts", process.pid),
    descriptor: connectDescriptor({ destination, port: 25 }),
    facts: HARMLESS_FACTS,
    decision: "ask",
    by: null,
    rule: null,
    unenforced: false,
  });
  if (recorded) written++;
  // Others get their turn, so that all write at the same time.
  if (index % 10 === 0) await new Promise((resolve) => void setTimeout(resolve, 0));
}
audit.end();
console.log(`@@${JSON.stringify({ written })}`);
