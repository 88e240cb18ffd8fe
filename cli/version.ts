/** The version, as `deno.json` and `package.json` have it; a check holds the three together. */
export const VERSION: string = "0.1.0";
