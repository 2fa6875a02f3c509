import {
	autocompletion,
	type Completion,
	type CompletionContext,
	type CompletionResult,
} from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import type { MopStepType } from "@netconductor/contracts/config/mops";
import { paramFields } from "../document/fields.ts";
import { type Place, placeAt } from "../document/place.ts";
import { allSteps, readProcedure, type StepList } from "../document/read-procedure.ts";
import { membersOf } from "../document/variables-at.ts";

const ofProcedure: Readonly<Record<string, string>> = {
	name: "what it is called, unique",
	description: "what it is for",
	tags: "words to find it by",
	targets: "devices that it is for",
	variables: "values, and what is asked at the start",
	settings: "of all steps",
	steps: "what is done, in this order",
	rollback: "steps after a change was taken back",
};
const ofStep: Readonly<Record<string, string>> = {
	id: "unique name in the procedure",
	name: "what people read",
	type: "what it does",
	with: "parameters of the type",
	targets: "only these devices",
	when: "expression: else it is skipped",
	retries: "further attempts: count, delay_s, backoff",
	timeout_s: "seconds until it has failed",
	parallelism: "devices at a time",
	save_to_variable: "keeps its result",
	on_success: "next, stop, goto",
	on_failure: "stop, continue, drop_devices, rollback, ask, goto",
	// biome-ignore lint/suspicious/noThenProperty: it is the key of a document
	then: "steps where the condition is true",
	else: "steps where it is not",
	steps: "steps of each round",
	branches: "lists of steps at the same time",
};
const within: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	settings: {
		on_failure: "of steps that say nothing else",
		parallelism: "devices at a time",
		max_steps: "most steps, all rounds together",
	},
	targets: { groups: "of devices", tags: "of devices", names: "of devices", all: "every device" },
	retries: {
		count: "beyond the first attempt",
		delay_s: "seconds before the first",
		backoff: "each wait so many times as long",
	},
	on_failure: { goto: "id of a step of this list" },
	on_success: { goto: "id of a step of this list" },
};
const ofVariable: Readonly<Record<string, string>> = {
	type: "string, integer, number, boolean, list, object",
	description: "for whoever starts it",
	required: "must be given",
	default: "where none is given",
	choices: "one of these",
	pattern: "regular expression that it matches",
	secret: "never shown",
};
const values: Readonly<Record<string, readonly string[]>> = {
	on_failure: ["stop", "continue", "drop_devices", "rollback", "ask", "{ goto:  }"],
	on_success: ["next", "stop", "{ goto:  }"],
	required: ["true", "false"],
	secret: ["true", "false"],
	all: ["true"],
};

/** What completion is told besides the text. */
export interface Known {
	types: readonly MopStepType[];
	/** The last text that could be read: it tells ids and variables. */
	variables: readonly string[];
	ids: readonly string[];
}

/** Ids and variables of a text; undefined while it cannot be read. */
export function namesIn(text: string): Pick<Known, "variables" | "ids"> | undefined {
	const { faults, values: head, lists } = readProcedure(text);
	if (faults.length > 0) return undefined;
	const declared = head.variables;
	const steps = [...allSteps(lists as StepList[])];
	const saved = steps.flatMap(({ values: { save_to_variable, with: given }, type }) => [
		...(typeof save_to_variable === "string" ? [save_to_variable] : []),
		...(type === "loop" ? [String((given as { as?: unknown } | undefined)?.as ?? "item"), "loop"] : []),
	]);
	const own = typeof declared === "object" && declared !== null ? Object.keys(declared) : [];
	return {
		variables: [...new Set([...own, ...saved, "device", "run"])],
		ids: steps.flatMap(({ id }) => (id === "" ? [] : [id])),
	};
}

const keysFrom = (words: Readonly<Record<string, string>>, taken: ReadonlySet<string>): Completion[] =>
	Object.entries(words)
		.filter(([label]) => !taken.has(label))
		.map(([label, detail]) => ({ label, detail, apply: `${label}: `, type: "property" }));

/** What may stand at a place. */
export function completionsFor({ keys, type, taken, what }: Place, known: Known): Completion[] {
	if (what.kind === "template") {
		const words = what.of === undefined ? known.variables : (membersOf[what.of] ?? []);
		return words.map((label) => ({ label, type: "variable" }));
	}
	const last = keys.at(-1);
	const params = paramFields(
		known.types.find((one) => one.type === type || one.aliases.includes(type ?? ""))?.params ?? {},
	);
	if (what.kind === "value") {
		if (what.key === "goto") return known.ids.map((label) => ({ label, type: "constant" }));
		if (what.key === "type" && keys[0] !== "variables")
			return known.types.map(({ type: label, label: detail, description }) => ({ label, detail, info: description }));
		if (last === "with") {
			const param = params.find(({ name }) => name === what.key);
			const words = param?.kind === "boolean" ? ["true", "false"] : (param?.choices ?? []);
			return words.map((word) => ({ label: String(word) }));
		}
		if (what.key === "type")
			return ["string", "integer", "number", "boolean", "list", "object"].map((label) => ({ label }));
		return (values[what.key] ?? []).map((label) => ({ label }));
	}
	if (keys.length === 0) return keysFrom(ofProcedure, taken);
	if (last === "with")
		return params
			.filter(({ name }) => !taken.has(name))
			.map(({ name, description, required }) => ({
				label: name,
				detail: required ? "must be given" : "",
				info: description,
				apply: `${name}: `,
				type: "property",
			}));
	if (keys[0] === "variables") return keys.length === 2 ? keysFrom(ofVariable, taken) : [];
	if (last !== undefined && within[last] !== undefined) return keysFrom(within[last], taken);
	if (["steps", "rollback", "then", "else", "branches"].includes(last ?? "")) return keysFrom(ofStep, taken);
	return [];
}

/** Offers what may come next while a procedure is written. What is known is asked each time. */
export function mopCompletion(known: () => Known): Extension {
	return autocompletion({
		icons: false,
		override: [
			(context: CompletionContext): CompletionResult | null => {
				const place = placeAt(context.state.doc.toString(), context.pos);
				if (place === undefined) return null;
				const asked = context.explicit || place.written !== "" || place.what.kind === "value";
				const options = asked ? completionsFor(place, known()) : [];
				if (options.length === 0) return null;
				return { from: context.pos - place.written.length, options, validFor: /^[\w-]*$/ };
			},
		],
	});
}
