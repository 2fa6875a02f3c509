import { join, relative } from "node:path";
import { parseArgs } from "node:util";

const repository = join(import.meta.dirname, "..", "..");

/** The program that runs, as it is typed in the repository's folder. */
export function programName(): string {
	return relative(repository, process.argv[1] ?? "");
}

type Value = string | number | boolean;

/** An option of a program: its default, whose type is the option's, and what `--help` says of it. */
export interface Option<T extends Value = Value> {
	is: T;
	text: string;
}

type Widened<T> = T extends number ? number : T extends boolean ? boolean : string;
export type Values<O extends Record<string, Option>> = { [K in keyof O]: Widened<O[K]["is"]> };

const output = {
	json: { is: false, text: "print the whole report as JSON" },
	markdown: { is: false, text: "print tables as Markdown, for docs/benchmarks.md" },
} as const;

/**
 * Reads the command line. `--help` prints what the program measures with its options and ends; so does an unknown option, with status 2.
 */
export function readOptions<const O extends Record<string, Option>>(
	purpose: string,
	own: O,
): Values<O> & Values<typeof output> {
	const options: Record<string, Option> = { ...own, ...output };
	const program = `node ${programName()}`;
	const help = `${program} [options]\n\n${purpose}\n\n${Object.entries(options)
		.map(([name, { is, text }]) => `  --${name.padEnd(16)} ${text}${is === false || is === "" ? "" : ` (${is})`}`)
		.join("\n")}\n`;
	try {
		const parsed = parseArgs({
			options: {
				...Object.fromEntries(
					Object.entries(options).map(([name, { is }]) => [
						name,
						{ type: is === false ? "boolean" : "string" } as const,
					]),
				),
				help: { type: "boolean" },
			},
		});
		const values: Record<string, string | boolean | undefined> = parsed.values;
		if (values.help === true) {
			process.stdout.write(help);
			process.exit(0);
		}
		const read = Object.entries(options).map(([name, { is }]) => [name, givenValue(name, is, values[name])]);
		return Object.fromEntries(read) as Values<O> & Values<typeof output>;
	} catch (error) {
		process.stderr.write(`${(error as Error).message}\n\n${help}`);
		process.exit(2);
	}
}

function givenValue(name: string, standard: Value, given: string | boolean | undefined): Value {
	if (given === undefined) return standard;
	if (typeof standard !== "number") return given;
	const number = Number(given);
	if (!Number.isFinite(number) || number < 0) throw new RangeError(`--${name} takes a number, not ${given}`);
	return number;
}

/** The numbers of a list such as `100,1000`. */
export function numbersIn(list: string): number[] {
	return list.split(",").map((text) => {
		const number = Number(text);
		if (text === "" || !Number.isFinite(number)) throw new RangeError(`${text} in ${list} is no number`);
		return number;
	});
}
