/** Every row of docs/conformance.md, and which of them may do without a test for now. */
import { REQUIREMENT_ROWS } from "./rows/requirement_rows.ts";
import { DIRECT_SOCKETS_ROWS } from "./rows/direct_sockets_rows.ts";
import { RAW_SOCKETS_ROWS } from "./rows/raw_sockets_rows.ts";
import type { RowSection } from "./rows/row.ts";
import { WINTERTC_ROWS } from "./rows/wintertc_rows.ts";

export type { Row, RowSection } from "./rows/row.ts";

/** The rows, by specification. */
export const ROW_SECTIONS: readonly RowSection[] = [
  RAW_SOCKETS_ROWS,
  DIRECT_SOCKETS_ROWS,
  WINTERTC_ROWS,
  REQUIREMENT_ROWS,
];

/** Rows that need no test yet. The page says of them that they are not there. */
export const PENDING: readonly string[] = [];
