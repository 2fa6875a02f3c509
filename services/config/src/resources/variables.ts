import { setImmediate as turn } from "node:timers/promises";
import { FromResource, type ResourceName } from "@netconductor/contracts/config/resources";
import type { Target } from "@netconductor/contracts/devices/model";
import type { FieldError } from "@netconductor/contracts/kernel/errors";
import { failed, isAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { ConfigOperation } from "../operation.ts";
import type { StackRow } from "../stacks/stack-store.ts";
import { parseJsonPath } from "./json-path.ts";
import { type ResourceNeeds, readResource, resources } from "./resources.ts";

type Definition = Pick<StackRow, "services" | "variables" | "device_variables">;

const mostShown = 20;

/** What is wrong with the places of a definition that are read from resources: `path` names the variable. */
export function problemsOfReferences({ services, variables, device_variables }: Definition): FieldError[] {
	const errors: FieldError[] = [];
	const look = (value: unknown, path: string): void => {
		if (typeof value !== "object" || value === null) return;
		if (!isReference(value)) {
			for (const [key, held] of Object.entries(value)) look(held, `${path}.${key}`);
			return;
		}
		const read = FromResource.safeParse(value.$from);
		if (!read.success) {
			const [first] = read.error.issues;
			errors.push({ path, message: `$from: ${first?.path.join(".") || "it"}: ${first?.message}` });
			return;
		}
		try {
			parseJsonPath(read.data.path);
		} catch (error) {
			if (!isAppError(error)) throw error;
			errors.push({ path, message: error.message });
		}
	};
	look(variables, "body.variables");
	for (const [index, service] of services.entries()) look(service.variables, `body.services.${index}.variables`);
	look(device_variables, "body.device_variables");
	return errors;
}

/** Values that are looked at, and that are put in, for all variables of a stack together. */
const mostOfAll = 10_000_000;

/**
 * The stack with what its variables are read from in their places, each resource and each path in it read once. Of devices, only those that are wanted
 * have their variables then.
 * @throws auth.forbidden, resources.no_value, resources.bad_path, resources.too_much
 */
export async function fillFromResources(
	needs: ResourceNeeds,
	stack: StackRow,
	wanted: readonly Pick<Target, "device_id">[],
	caller: CallerContext,
): Promise<StackRow> {
	const { services, variables } = stack;
	const device_variables = Object.fromEntries(
		wanted.flatMap(({ device_id }) => {
			const own = stack.device_variables[device_id];
			return own === undefined ? [] : [[device_id, own] as const];
		}),
	);
	const find = createFinder(needs, stack, caller);
	const fill = async (value: unknown, name: string): Promise<unknown> => {
		// Most of what there is may be large and is read from nowhere.
		if (!hasReference(value)) return value;
		if (Array.isArray(value)) {
			const filled: unknown[] = [];
			for (const entry of value) filled.push(await fill(entry, name));
			return filled;
		}
		const mapping = value as Record<string, unknown>;
		if (isReference(mapping)) return readFrom(FromResource.parse(mapping.$from), name);
		return fillAll(mapping, name);
	};
	const fillAll = async (values: Readonly<Record<string, unknown>>, within = ""): Promise<Record<string, unknown>> => {
		const filled: [string, unknown][] = [];
		for (const [key, value] of Object.entries(values)) {
			filled.push([key, await fill(value, within === "" ? key : `${within}.${key}`)]);
		}
		return Object.fromEntries(filled);
	};
	const readFrom = async (from: FromResource, name: string): Promise<unknown> => {
		const { single, found } = await find(from);
		if (!single) return found;
		if (found.length > 0) return found[0];
		if (from.default !== undefined) return from.default;
		throw failed("resources.no_value", {
			message: `The variable ${name} of ${stack.name} has no value: ${from.path} leads to none of ${from.resource}.`,
			details: { stack: stack.name, variable: name, resource: from.resource },
		});
	};
	const filled: StackRow = { ...stack, variables: await fillAll(variables), services: [], device_variables: {} };
	for (const service of services) {
		filled.services.push({ ...service, variables: await fillAll(service.variables) });
	}
	for (const [device_id, own] of Object.entries(device_variables)) {
		filled.device_variables[device_id] = await fillAll(own);
	}
	return filled;
}

interface Found {
	single: boolean;
	found: unknown[];
	/** Values in it, those within others too. */
	size: number;
}

/** Reads each resource and each path in it once, and lets other work go on in between. */
function createFinder(needs: ResourceNeeds, { name }: StackRow, caller: CallerContext) {
	const documents = new Map<ResourceName, unknown>();
	const known = new Map<string, Found>();
	let spent = 0;
	const spend = (more: number) => {
		spent += more;
		if (spent <= mostOfAll) return;
		throw failed("resources.too_much", {
			message: `The variables of ${name} are read from too much: together their paths look at more than ${mostOfAll} values. Narrow them down, or render fewer devices at once.`,
		});
	};
	return async ({ resource, path }: FromResource): Promise<Found> => {
		const key = `${resource} ${path}`;
		const before = known.get(key);
		if (before !== undefined) {
			spend(before.size);
			return before;
		}
		await turn();
		caller.signal?.throwIfAborted();
		if (!documents.has(resource)) documents.set(resource, await readResource(needs, resource, caller));
		const { single, find } = parseJsonPath(path);
		const { found, steps } = find(documents.get(resource));
		const size = sizeOf(found);
		spend(steps + size);
		known.set(key, { single, found, size });
		return { single, found, size };
	};
}

function sizeOf(value: unknown): number {
	if (typeof value !== "object" || value === null) return 1;
	return Object.values(value).reduce<number>((size, one) => size + sizeOf(one), 1);
}

function isReference(value: object): value is { $from: unknown } {
	return Object.hasOwn(value, "$from") && Object.keys(value).length === 1;
}

function hasReference(value: unknown): boolean {
	if (typeof value !== "object" || value === null) return false;
	return isReference(value) || Object.values(value).some(hasReference);
}

export function listApiResources(): ConfigOperation<"listApiResources"> {
	return async () => ({
		items: resources.map(({ name, title, permission, fields, example }) => ({
			name,
			title,
			permission,
			fields,
			example,
		})),
	});
}

export function previewResource(needs: ResourceNeeds): ConfigOperation<"previewResource"> {
	return async ({ body, ...caller }) => {
		const path = parseJsonPath(body.path);
		const { found } = path.find(await readResource(needs, body.resource, caller));
		return { single: path.single, found: found.length, values: found.slice(0, mostShown) };
	};
}
