import type { MopStepType } from "@netconductor/contracts/config/mops";
import type { IconName } from "../../../ui/icon.tsx";
import { selected } from "../../../ui/words.ts";
import type { ReadStep } from "../document/read-procedure.ts";

type Category = MopStepType["category"];

export const categories: Readonly<Record<Category, { label: string; icon: IconName }>> = {
	devices: { label: "Devices", icon: "device" },
	checks: { label: "Checks", icon: "ok" },
	change: { label: "Change", icon: "edit" },
	flow: { label: "Flow", icon: "steps" },
	people: { label: "People", icon: "user" },
	outside: { label: "Outside", icon: "external" },
};

/** The type of a step, also where it is called by an older name. */
export function typeOf(step: Pick<ReadStep, "type">, types: readonly MopStepType[]): MopStepType | undefined {
	return types.find(({ type }) => type === step.type) ?? types.find(({ aliases }) => aliases.includes(step.type));
}

export const blockWords: Readonly<Record<string, string>> = {
	// biome-ignore lint/suspicious/noThenProperty: it is the key of a document
	then: "Then",
	else: "Else",
	steps: "Each round",
	branches: "Branch",
};

const failureWords: Readonly<Record<string, string>> = {
	stop: "stops",
	continue: "goes on",
	drop_devices: "goes on without the devices that failed",
	rollback: "takes the change back",
	ask: "asks a person",
};
const successWords: Readonly<Record<string, string>> = { next: "goes on", stop: "ends here" };

function nextWords(value: unknown, words: Readonly<Record<string, string>>): string | undefined {
	if (typeof value === "string") return words[value] ?? value;
	const goto = typeof value === "object" && value !== null ? (value as { goto?: unknown }).goto : undefined;
	return typeof goto === "string" ? `goes to ${goto}` : undefined;
}

export const onFailureWords = (value: unknown) => nextWords(value, failureWords);

/** What a step does besides its type, in few words each. */
export function notesOf({ values }: ReadStep): string[] {
	const { when, retries, timeout_s, targets, parallelism, save_to_variable, on_success, on_failure } = values;
	const times = typeof retries === "number" ? retries : (retries as { count?: unknown } | undefined)?.count;
	const devices = typeof targets === "object" && targets !== null ? selectedSafely(targets) : "";
	const success = on_success === "next" ? undefined : nextWords(on_success, successWords);
	const failure = onFailureWords(on_failure);
	return [
		...(when === undefined ? [] : [`when ${String(when)}`]),
		...(devices === "" ? [] : [`on ${devices}`]),
		...(parallelism === undefined ? [] : [`${String(parallelism)} at a time`]),
		...(times === undefined || times === 0 ? [] : [`tries ${String(times)} more times`]),
		...(timeout_s === undefined ? [] : [`at most ${String(timeout_s)} s`]),
		...(save_to_variable === undefined ? [] : [`saves ${String(save_to_variable)}`]),
		...(success === undefined ? [] : [`done: ${success}`]),
		...(failure === undefined ? [] : [`failed: ${failure}`]),
	];
}

function selectedSafely(targets: object): string {
	const lists = Object.entries(targets).filter(([, value]) => Array.isArray(value) || typeof value === "boolean");
	return selected(Object.fromEntries(lists));
}

const mostSummary = 90;

/** The parameters of a step in one line. */
export function summaryOf({ values: { with: given } }: ReadStep): string {
	if (typeof given !== "object" || given === null) return "";
	const words = Object.values(given).flatMap((value) => {
		if (Array.isArray(value)) return value.filter((one) => typeof one !== "object").map(String);
		return typeof value === "object" ? [] : [String(value)];
	});
	const line = words
		.join(" · ")
		.replace(/\s*\n\s*/g, " ⏎ ")
		.trim();
	return line.length > mostSummary ? `${line.slice(0, mostSummary)}…` : line;
}
