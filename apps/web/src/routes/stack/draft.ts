import { NewStack, type Stack, type StackCheck, type StackService } from "@netconductor/contracts/config/stacks";
import type { DeviceCheck } from "@netconductor/contracts/devices/checks";
import type { Selection } from "@netconductor/contracts/devices/model";
import type { z } from "zod";
import { readBatchSizes } from "./rollout-words.ts";
import { rowsOfValues, type VariableRow, valuesOfRows } from "./variable-rows.ts";

/** A service of a stack as it is filled in. */
export interface ServiceDraft {
	/** Tells services apart while their names are written. */
	key: string;
	name: string;
	template_id: string | null;
	targets: Selection;
	variables: VariableRow[];
	depends_on: string[];
}

export interface CheckDraft extends Omit<StackCheck, "within_s"> {
	key: string;
	within_s: number | string;
}

export interface StateCheckDraft {
	key: string;
	check: DeviceCheck;
}

/** A stack as it is filled in. */
export interface StackDraft {
	/** Version that it began from. */
	version: number;
	name: string;
	description: string;
	services: ServiceDraft[];
	variables: VariableRow[];
	device_variables: { device_id: string; variables: VariableRow[] }[];
	pre_checks: CheckDraft[];
	pre_state_checks: StateCheckDraft[];
	checks: CheckDraft[];
	state_checks: StateCheckDraft[];
	batch_sizes: string;
	most_failures: number | string;
	pause_after_first: boolean;
	confirm_within_s: number | string;
}

/** What is wrong, by place: `services.0.name`, `variables.2`. */
export type Faults = Readonly<Record<string, string>>;

/** What of a stack is filled in. */
export type Definition = Pick<
	Stack,
	| "version"
	| "name"
	| "description"
	| "services"
	| "variables"
	| "device_variables"
	| "pre_checks"
	| "pre_state_checks"
	| "checks"
	| "state_checks"
	| "rollout"
	| "confirm_within_s"
>;

export function draftOf(stack: Definition): StackDraft {
	return {
		version: stack.version,
		name: stack.name,
		description: stack.description,
		services: stack.services.map((service, index) => ({
			...service,
			key: String(index),
			variables: rowsOfValues(service.variables),
		})),
		variables: rowsOfValues(stack.variables),
		device_variables: Object.entries(stack.device_variables).map(([device_id, variables]) => ({
			device_id,
			variables: rowsOfValues(variables),
		})),
		pre_checks: checkDrafts(stack.pre_checks),
		pre_state_checks: stateCheckDrafts(stack.pre_state_checks),
		checks: checkDrafts(stack.checks),
		state_checks: stateCheckDrafts(stack.state_checks),
		batch_sizes: stack.rollout.batch_sizes.join(", "),
		most_failures: stack.rollout.most_failures,
		pause_after_first: stack.rollout.pause_after_first,
		confirm_within_s: stack.confirm_within_s,
	};
}

function checkDrafts(checks: readonly StackCheck[]): CheckDraft[] {
	return checks.map((check, index) => ({ ...check, key: String(index) }));
}

function stateCheckDrafts(checks: readonly DeviceCheck[]): StateCheckDraft[] {
	return checks.map((check, index) => ({ check, key: String(index) }));
}

function readChecks(drafts: readonly CheckDraft[]): StackCheck[] {
	return drafts.map(({ name, command, expect, negate, within_s }) => ({
		name: name.trim(),
		command: command.trim(),
		expect,
		negate,
		within_s: Number(within_s),
	}));
}

/** Whether both say the same, saved or not. */
export function sameDraft(one: object, other: object): boolean {
	const words = (draft: object) =>
		JSON.stringify(draft, (name, value: unknown) => (name === "key" || name === "version" ? undefined : value));
	return words(one) === words(other);
}

/** What was filled in, as the API takes it, and what is wrong with it. */
export function bodyOf(draft: StackDraft): { body: z.input<typeof NewStack>; faults: Faults } {
	const faults: Record<string, string> = {};
	const read = (rows: readonly VariableRow[], place: string) => {
		const { values, faults: found } = valuesOfRows(rows);
		for (const [row, message] of found) faults[`${place}.${row}`] = message;
		return values;
	};
	const body = {
		name: draft.name.trim(),
		description: draft.description,
		services: draft.services.map(
			({ name, template_id, targets, variables, depends_on }, index): z.input<typeof StackService> => ({
				name: name.trim(),
				// The contract says what is wrong with none.
				template_id: template_id ?? "",
				targets: withoutEmpty(targets),
				variables: read(variables, `services.${index}.variables`),
				depends_on,
			}),
		),
		variables: read(draft.variables, "variables"),
		device_variables: Object.fromEntries(
			draft.device_variables.map(({ device_id, variables }, index) => [
				device_id,
				read(variables, `device_variables.${index}`),
			]),
		),
		pre_checks: readChecks(draft.pre_checks),
		pre_state_checks: draft.pre_state_checks.map(({ check }) => check),
		checks: readChecks(draft.checks),
		state_checks: draft.state_checks.map(({ check }) => check),
		rollout: {
			batch_sizes: readBatchSizes(draft.batch_sizes),
			most_failures: Number(draft.most_failures),
			pause_after_first: draft.pause_after_first,
		},
		confirm_within_s: Number(draft.confirm_within_s),
	};
	const checked = NewStack.safeParse(body);
	for (const { path, message } of checked.error?.issues ?? []) {
		faults[path.join(".")] ??= isEmptyAt(body, path) ? "Required" : message;
	}
	return { body, faults };
}

function isEmptyAt(body: unknown, path: readonly PropertyKey[]): boolean {
	let value = body;
	for (const part of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[part];
	return value === "";
}

function withoutEmpty({ all, ...lists }: Selection): Selection {
	if (all === true) return { all };
	return Object.fromEntries(Object.entries(lists).filter(([, list]) => Array.isArray(list) && list.length > 0));
}

/** The first thing wrong at a place or within it. */
export function faultAt(faults: Faults, place: string): string | undefined {
	return faults[place] ?? Object.entries(faults).find(([path]) => path.startsWith(`${place}.`))?.[1];
}
