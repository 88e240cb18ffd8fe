/** Makes docs/policy.schema.json of the schema that validates policy files. */
import { toJsonSchema } from "@valibot/to-json-schema";
import { POLICY_SCHEMA } from "../permissions/policy/policy_schema.ts";

/**
 * Makes the page. What it cannot say of a file (which keys are for managed files, how a destination is written) is said in
 * the descriptions.
 *
 * @returns JSON, ending with a line feed.
 */
export function formatPolicySchema(): string {
  const schema = {
    ...toJsonSchema(POLICY_SCHEMA, { target: "draft-07", errorMode: "throw" }),
    title: "Parley policy",
    description: "Made from permissions/policy/policy_schema.ts by `deno task gen`. See docs/policy.md.",
    // For editors that read it as JSON with comments.
    allowTrailingCommas: true,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
