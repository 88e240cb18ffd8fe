/**
 * House rules about what a single file may say, as a plugin of `deno lint`, so that editors show them too.
 * Which file may import which is `check_layers.ts`'s affair.
 */

type Context = Deno.lint.RuleContext;
type Node = Deno.lint.Node;

const RUNTIME_GLOBALS: ReadonlySet<string> = new Set(["Deno", "Bun", "process"]);

/** Path of the linted file relative to the project: what follows the last folder that holds one of ours. */
function projectPath(context: Context): string {
  const path = context.filename.replaceAll("\\", "/");
  const root = new URL("..", import.meta.url).pathname;
  return path.startsWith(root) ? path.slice(root.length) : path.replace(/^\//, "");
}

function isTest(path: string): boolean {
  return path.endsWith("_test.ts") || path.startsWith("tests/");
}

function mayNameRuntime(path: string): boolean {
  return isTest(path) || /^(runtime|tools|bench|examples)\//.test(path) || path === "cli/main.ts";
}

/** Whether an identifier is a use of a variable, not the name of a property or of something declared here. */
function isReference(node: Deno.lint.Identifier): boolean {
  const parent = node.parent as Node & { property?: Node; key?: Node; computed?: boolean };
  if (parent.type === "MemberExpression" && parent.property === node && !parent.computed) {
    return parent.object.type === "Identifier" && parent.object.name === "globalThis";
  }
  // A shorthand property visits its name as key and as value: the value counts.
  if ("key" in parent && parent.key === node && !parent.computed) return false;
  if (/^(Import|Export)\w*Specifier$/.test(parent.type)) return false;
  return !(/^(TSQualifiedName)$/.test(parent.type) && (parent as unknown as { right: Node }).right === node);
}

const runtimeGlobals: Deno.lint.Rule = {
  create(context) {
    if (mayNameRuntime(projectPath(context))) return {};
    const message = (name: string): string => `${name} is named under runtime/ only: ask for what you need by a port`;
    return {
      Identifier(node) {
        if (RUNTIME_GLOBALS.has(node.name) && isReference(node)) context.report({ node, message: message(node.name) });
      },
      'BinaryExpression[operator="in"]'(node: Deno.lint.BinaryExpression) {
        const { left } = node;
        if (left.type === "Literal" && RUNTIME_GLOBALS.has(String(left.value))) {
          context.report({ node, message: message(String(left.value)) });
        }
      },
    };
  },
};

const output: Deno.lint.Rule = {
  create(context) {
    const path = projectPath(context);
    if (isTest(path) || !/^(core|permissions|net|xr|media)\//.test(path)) return {};
    return {
      Identifier(node) {
        if (node.name !== "console" || !isReference(node)) return;
        context.report({
          node,
          message: "a library prints nothing: what the operator must see passes the host and the escaper",
        });
      },
    };
  },
};

const syntax: Deno.lint.Rule = {
  create(context) {
    const ban = (message: string) => (node: Node): void => context.report({ node, message });
    const member = (node: Node & { readonly accessibility?: unknown }): void => {
      if (!node.accessibility) return;
      const message =
        "TypeScript accessibility hides nothing at run time: use #private, and no keyword for what is public";
      context.report({ node, message });
    };
    return {
      TSEnumDeclaration: ban("an enum cannot be stripped: use a union of strings or a frozen object"),
      TSModuleDeclaration(node) {
        if (!node.declare) context.report({ node, message: "a namespace cannot be stripped: use a module" });
      },
      TSParameterProperty: ban("a parameter property cannot be stripped: declare the field"),
      PropertyDefinition: member,
      MethodDefinition: member,
      Decorator: ban("decorators cannot be stripped"),
      ExportDefaultDeclaration(node) {
        if (projectPath(context) !== "tools/lint_plugin.ts") {
          context.report({ node, message: "exports have names: no default export" });
        }
      },
      TSInterfaceDeclaration(node) {
        if (/^I[A-Z][a-z]/.test(node.id.name)) {
          context.report({ node: node.id, message: "interfaces have no I prefix" });
        }
      },
    };
  },
};

const errors: Deno.lint.Rule = {
  create(context) {
    if (isTest(projectPath(context))) return {};
    return {
      "ThrowStatement > :matches(NewExpression, CallExpression)"(node: Deno.lint.NewExpression) {
        const { callee } = node;
        if (callee.type !== "Identifier") return;
        if (callee.name === "Error") {
          context.report({
            node,
            message: "throw ParleyError with a code, or TypeError or RangeError for an argument",
          });
        }
        const position = callee.name === "ParleyError" ? 1 : /^(Type|Range|Syntax)Error$/.test(callee.name) ? 0 : -1;
        const text = proseOf(node.arguments[position]);
        if (text === null) return;
        if (/\.$/.test(text)) context.report({ node, message: "an error message has no full stop at its end" });
        if (/^[a-z]+ /.test(text)) context.report({ node, message: "an error message begins with a capital letter" });
      },
    };
  },
};

/** The literal text of a message, a placeholder standing for each expression; null when it is computed. */
function proseOf(node: Node | undefined): string | null {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type !== "TemplateLiteral") return null;
  return node.quasis.map((part) => part.cooked).join("{}");
}

const mint: Deno.lint.Rule = {
  create(context) {
    const path = projectPath(context);
    if (isTest(path) || path === "permissions/approvals.ts" || path === "permissions/grant.ts") return {};
    const message = "only the broker makes a Grant, in permissions/approvals.ts";
    const isGrant = (node: { readonly source: { readonly value: unknown } | null }): boolean =>
      /(^|\/)grant\.ts$/.test(String(node.source?.value ?? ""));
    return {
      ImportSpecifier(node) {
        const name = node.imported.type === "Identifier" ? node.imported.name : String(node.imported.value);
        if (name === "mintGrant") context.report({ node, message });
      },
      ImportDeclaration(node) {
        const whole = node.specifiers.some((specifier) => specifier.type === "ImportNamespaceSpecifier");
        if (whole && node.importKind !== "type" && isGrant(node)) context.report({ node, message });
      },
      ExportAllDeclaration(node) {
        if (node.exportKind !== "type" && isGrant(node)) context.report({ node, message });
      },
      ExportNamedDeclaration(node) {
        const names = node.specifiers.map((specifier) => specifier.local);
        const given = names.some((local) => local.type === "Identifier" && local.name === "mintGrant");
        if (given && node.source !== null) context.report({ node, message });
      },
      "ImportExpression > Literal"(node: Deno.lint.StringLiteral) {
        if (/(^|\/)grant\.ts$/.test(String(node.value))) context.report({ node, message });
      },
    };
  },
};

/** The doc comment that stands directly before a node. */
function docBefore(context: Context, node: Node): string {
  const { sourceCode } = context;
  const comment = sourceCode.getAllComments().findLast((one) => one.range[1] <= node.range[0]);
  if (comment === undefined || sourceCode.text.slice(comment.range[1], node.range[0]).trim() !== "") return "";
  return comment.type === "Block" && comment.value.startsWith("*") ? comment.value : "";
}

/** The documented thing that a throw statement leaves: an exported function or a public member of an exported class. */
function thrower(context: Context, statement: Node): Node | null {
  let inner: Node = statement;
  const ancestors = context.sourceCode.getAncestors(statement);
  for (let index = ancestors.length - 1; index >= 0; index--) {
    const node = ancestors[index] as Node;
    if (node.type === "TryStatement" && node.block === inner && node.handler) return null;
    if (/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) {
      const owner = ancestors[index - 1];
      if (node.type === "FunctionDeclaration") return owner?.type === "ExportNamedDeclaration" ? owner : null;
      const isMember = owner?.type === "MethodDefinition" && owner.key.type !== "PrivateIdentifier";
      return isMember && ancestors[index - 4]?.type === "ExportNamedDeclaration" ? owner : null;
    }
    inner = node;
  }
  return null;
}

const documentedThrows: Deno.lint.Rule = {
  create(context) {
    const path = projectPath(context);
    if (isTest(path) || /^(tools|bench|examples)\//.test(path)) return {};
    const reported = new Set<Node>();
    return {
      ThrowStatement(node) {
        const owner = thrower(context, node);
        if (owner === null || reported.has(owner) || /@throws/.test(docBefore(context, owner))) return;
        reported.add(owner);
        context.report({ node, message: "the doc comment of what throws here has no @throws" });
      },
    };
  },
};

/** The plugin. */
const plugin: Deno.lint.Plugin = {
  name: "parley",
  rules: {
    "runtime-globals": runtimeGlobals,
    "no-output": output,
    "strippable-syntax": syntax,
    "error-prose": errors,
    "grant-mint": mint,
    "documented-throws": documentedThrows,
  },
};

export default plugin;
