import type { Argument, Command, Option } from "commander";

/** Things whose names the command line asks the server for while somebody types. */
const dynamicKinds = [
	"device",
	"group",
	"credential",
	"snapshot",
	"run",
	"user",
	"role",
	"type",
	"template",
	"stack",
	"mop",
	"method",
	"service-account",
] as const;
export type DynamicKind = (typeof dynamicKinds)[number];

export function isDynamicKind(kind: string): kind is DynamicKind {
	return (dynamicKinds as readonly string[]).includes(kind);
}

/** What may stand in a place: nothing known, a file, one of some words, or the name of a thing. */
export type Values = { kind: "any" } | { kind: "file" } | { kind: "words"; words: string[] } | { kind: DynamicKind };

interface CompletedOption {
	/** `-o`, `--output`. */
	flags: string[];
	description: string;
	/** Undefined when the option takes no value. */
	values: Values | undefined;
}

export interface CompletedCommand {
	/** Words below the program: `devices list`; empty for the program itself. */
	path: string;
	description: string;
	/** Names of the commands directly below. */
	children: { name: string; description: string }[];
	/** Its own options and those that all commands share. */
	options: CompletedOption[];
	/** What its arguments are; the last one repeats when `variadic`. */
	arguments: Values[];
	variadic: boolean;
}

const fileWords = new Set(["file", "folder"]);
const kindsByWord: Record<string, DynamicKind> = {
	...Object.fromEntries(dynamicKinds.map((kind) => [kind, kind])),
	devices: "device",
	methods: "method",
	"device-type": "type",
	version: "snapshot",
	from: "snapshot",
	to: "snapshot",
};

/** Every visible command, the program first. */
export function describeTree(program: Command): CompletedCommand[] {
	const described: CompletedCommand[] = [];
	const visit = (command: Command, path: string[], inherited: readonly Option[]) => {
		const options = [...command.options, ...inherited].filter(({ hidden }) => !hidden);
		const children = command.commands.filter((child) => !isHidden(child));
		described.push({
			path: path.join(" "),
			description: command.description(),
			children: children.map((child) => ({ name: child.name(), description: child.description() })),
			options: [
				...options.map(describeOption),
				{ flags: ["-h", "--help"], description: "Show help", values: undefined },
			],
			arguments: command.registeredArguments.map(valuesOf),
			variadic: command.registeredArguments.at(-1)?.variadic ?? false,
		});
		const shared = path.length === 0 ? options.filter(({ long }) => long !== "--version") : inherited;
		for (const child of children) visit(child, [...path, child.name()], shared);
	};
	visit(program, [], []);
	return described;
}

function isHidden(command: Command): boolean {
	return command.name().startsWith("__");
}

function describeOption(option: Option): CompletedOption {
	const { short, long, required, optional, description, argChoices, flags } = option;
	return {
		flags: [short, long].filter((flag) => flag !== undefined),
		description,
		values: required || optional ? valuesNamed(/[<[]([\w-]+)/.exec(flags)?.[1] ?? "", argChoices) : undefined,
	};
}

function valuesOf(argument: Argument): Values {
	return valuesNamed(argument.name(), argument.argChoices);
}

function valuesNamed(name: string, choices: readonly string[] | undefined): Values {
	if (choices !== undefined) return { kind: "words", words: [...choices] };
	if (name === "yes") return { kind: "words", words: ["true", "false"] };
	if (fileWords.has(name)) return { kind: "file" };
	const kind = kindsByWord[name];
	return { kind: kind ?? "any" };
}
