import { type Command, Option } from "commander";
import { type DocumentKind, documentKinds, documentSchema } from "../apply/documents.ts";
import { writeDocuments } from "../apply/export-documents.ts";
import { kindOf } from "../apply/kinds.ts";
import { doStep, planDocuments, type Step } from "../apply/plan.ts";
import { readDocuments } from "../apply/read-documents.ts";
import { countOf, renderSteps } from "../apply/render-plan.ts";
import { createWorld, type World } from "../apply/world.ts";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { Failure, isFailure, usageFailure, workFailure } from "../failure.ts";
import { safeJson, sanitiseLine } from "../output/sanitise.ts";
import { count } from "../output/words.ts";

interface ApplyOptions {
	file?: string;
	yes?: boolean;
	dryRun?: boolean;
	exitCode?: boolean;
	schema?: boolean;
}

/** `apply` and `export`: definitions of change as files. */
export function addApplyCommands(program: Command, open: Open): void {
	program
		.command("apply")
		.description(
			"Make templates, stacks, procedures, step types, approval policies, schedules and their calendars what YAML files say, after showing the plan",
		)
		.option("-f, --file <file>", "A file, a folder of .yaml files, or - for standard input")
		.option("--yes", "Do not ask")
		.option("--dry-run", "Only show what would be done")
		.option("--exit-code", "With --dry-run: end with 1 when something would be done")
		.option("--schema", "Write the JSON Schema of the documents, for editors")
		.addHelpText(
			"after",
			`
A document says all of a thing: what it leaves out is as it is for a new one. It refers to others by their names.
Nothing is deleted: a document that is taken out of its file leaves what it made.

Schema in an editor:  netconductor apply --schema > netconductor.schema.json, and as the first line of a file
                      # yaml-language-server: $schema=./netconductor.schema.json
`,
		)
		.action(async (options: ApplyOptions, self: Command) => {
			const cli = open(self);
			if (options.schema) return cli.terminal.out(`${safeJson(documentSchema())}\n`);
			if (options.file === undefined) throw usageFailure("Which files? Give --file.");
			await apply(cli, options.file, options);
		});

	program
		.command("export <folder>")
		.description(
			"Write templates, stacks, procedures, step types, approval policies, schedules and their calendars as files that `apply` takes",
		)
		.addOption(
			new Option("--kind <kind>", "Only documents of this kind; may be given several times")
				.choices(documentKinds)
				.argParser(kindNamed),
		)
		.option("--force", "Write over files that are in the folder")
		.action(async (folder: string, { kind, force }: { kind?: DocumentKind[]; force?: boolean }, self: Command) => {
			const cli = open(self);
			const world = createWorld(cli.clients);
			const documents = [];
			for (const one of kind ?? documentKinds) {
				documents.push(...(await kindOf(one).all(world)).map(({ document }) => document));
			}
			const files = await writeDocuments(folder, documents, { overwrite: force === true });
			cli.print(
				{ documents: documents.length, files },
				() =>
					`Wrote ${count(documents.length, "document")} into ${count(files.length, "file")} in ${sanitiseLine(folder)}.\n`,
			);
		});
}

function kindNamed(given: string, before: DocumentKind[] = []): DocumentKind[] {
	const kind = documentKinds.find((one) => one.toLowerCase() === given.toLowerCase());
	if (kind === undefined) throw usageFailure(`--kind takes ${documentKinds.join(", ")}.`);
	return [...before, kind];
}

async function apply(cli: Cli, file: string, { yes, dryRun, exitCode }: ApplyOptions): Promise<void> {
	const documents = await readDocuments(file);
	const world = createWorld(cli.clients, documents);
	const steps = await planDocuments(world, documents);
	const todo = steps.filter(({ action }) => action !== "none");
	if (!cli.json) cli.print(undefined, () => renderSteps(cli, steps));
	if (dryRun || todo.length === 0) {
		if (cli.json) cli.print(answerOf(steps, []), () => "");
		if (!exitCode || todo.length === 0) return;
		throw workFailure("cli.differs", "There is something to do", `${count(todo.length, "document")} would be applied.`);
	}
	if (!(await confirmed(cli, yes, `Apply ${count(todo.length, "document")}?`))) return;
	const done = await doAll(cli, world, todo);
	if (cli.json) return cli.print(answerOf(steps, done), () => "");
	cli.print(undefined, () => `\n${countOf(done, "create")} created, ${countOf(done, "change")} changed.\n`);
}

/** Stops at the first step that fails. @throws its failure, with what was done and what was not */
async function doAll(cli: Cli, world: World, steps: readonly Step[]): Promise<Step[]> {
	const done: Step[] = [];
	for (const step of steps) {
		try {
			await doStep(world, step);
		} catch (error) {
			if (isFailure(error)) throw stoppedAt(step, error, done, steps.slice(done.length + 1));
			throw error;
		}
		done.push(step);
		if (!cli.json) cli.print(undefined, () => `${step.action === "create" ? "created" : "changed"} ${nameOf(step)}\n`);
	}
	return done;
}

function stoppedAt(step: Step, { problem, exit_code, hint }: Failure, done: Step[], left: readonly Step[]): Failure {
	const undone = left.length === 0 ? "Nothing is left to do besides it." : `Not done: ${left.map(nameOf).join(", ")}.`;
	const detail = `${nameOf(step)} (${sanitiseLine(step.at)}): ${problem.detail || problem.title}\nDone before it: ${done.map(nameOf).join(", ") || "nothing"}. ${undone}`;
	const details = { ...problem.details, done: done.map(nameOf), failed: nameOf(step), not_done: left.map(nameOf) };
	return new Failure({ ...problem, detail, details }, exit_code, hint);
}

function nameOf({ document: { kind, name } }: Step): string {
	return `${kind} ${sanitiseLine(name)}`;
}

function answerOf(steps: readonly Step[], done: readonly Step[]) {
	return {
		create: countOf(steps, "create"),
		change: countOf(steps, "change"),
		none: countOf(steps, "none"),
		steps: steps.map((step) => ({
			action: step.action,
			kind: step.document.kind,
			name: step.document.name,
			at: step.at,
			fields: step.fields,
			applied: done.includes(step),
		})),
	};
}
