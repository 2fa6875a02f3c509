import { Argument, type Command } from "commander";
import { type DocumentKind, documentKinds, documentSchema } from "../apply/documents.ts";
import type { Cli, Open } from "../cli.ts";
import { safeJson } from "../output/sanitise.ts";

/** `schema`: what YAML files may say, for editors. It is JSON, asked for with `--json` or not. */
export function addSchemaCommand(program: Command, open: Open): void {
	program
		.command("schema")
		.description("JSON Schema of the documents that `apply` takes, of one kind or of all, for editors")
		.addArgument(new Argument("[kind]", "Of this kind only").choices(documentKinds))
		.addHelpText(
			"after",
			`
What steps of procedures take is asked of the server, which knows the step types of your own: \`schema Mop\`, and \`mops schema\` for procedures that
\`mops import\` takes. All others are written without a server.

  netconductor schema Stack > stack.schema.json
  # yaml-language-server: $schema=./stack.schema.json      (first line of a file)
`,
		)
		.action(async (kind: DocumentKind | undefined, _options: unknown, self: Command) => {
			const cli = open(self);
			cli.terminal.out(`${safeJson(kind === "Mop" ? await mopFileSchema(cli) : documentSchema(kind))}\n`);
		});
}

/** A procedure in a file of definitions: what it is anywhere, and its kind. */
async function mopFileSchema(cli: Cli): Promise<Record<string, unknown>> {
	const { properties, required, ...schema } = await cli.clients.config.getMopSchema({});
	return {
		...schema,
		properties: { kind: { const: "Mop" }, ...(properties as Record<string, unknown>) },
		required: ["kind", ...(required as string[])],
	};
}
