import { FromResource, type ResourceName } from "@netconductor/contracts/config/resources";
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

/**
 * The stack with what its variables are read from in their places, each resource read once.
 * @throws auth.forbidden, resources.no_value, resources.bad_path, resources.too_much
 */
export async function fillFromResources(
	needs: ResourceNeeds,
	stack: StackRow,
	caller: CallerContext,
): Promise<StackRow> {
	const read = new Map<ResourceName, Promise<unknown>>();
	const fill = async (value: unknown, name: string): Promise<unknown> => {
		if (Array.isArray(value)) return Promise.all(value.map((entry) => fill(entry, name)));
		if (typeof value !== "object" || value === null) return value;
		if (isReference(value)) return resolve(FromResource.parse(value.$from), name);
		return fillAll(value as Record<string, unknown>, name);
	};
	const fillAll = async (values: Readonly<Record<string, unknown>>, within = ""): Promise<Record<string, unknown>> => {
		const filled = Object.entries(values).map(
			async ([key, value]) => [key, await fill(value, within === "" ? key : `${within}.${key}`)] as const,
		);
		return Object.fromEntries(await Promise.all(filled));
	};
	const resolve = async (from: FromResource, name: string): Promise<unknown> => {
		let document = read.get(from.resource);
		if (document === undefined) {
			document = readResource(needs, from.resource, caller);
			read.set(from.resource, document);
		}
		const path = parseJsonPath(from.path);
		const found = path.find(await document);
		if (!path.single) return found;
		if (found.length > 0) return found[0];
		if (from.default !== undefined) return from.default;
		throw failed("resources.no_value", {
			message: `The variable ${name} of ${stack.name} has no value: ${from.path} leads to none of ${from.resource}.`,
			details: { stack: stack.name, variable: name, resource: from.resource },
		});
	};
	const { services, variables, device_variables } = stack;
	if (![variables, device_variables, ...services.map((service) => service.variables)].some(hasReference)) return stack;
	return {
		...stack,
		variables: await fillAll(variables),
		services: await Promise.all(
			services.map(async (service) => ({ ...service, variables: await fillAll(service.variables) })),
		),
		device_variables: Object.fromEntries(
			await Promise.all(
				Object.entries(device_variables).map(async ([device, values]) => [device, await fillAll(values)] as const),
			),
		),
	};
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
		const found = path.find(await readResource(needs, body.resource, caller));
		return { single: path.single, found: found.length, values: found.slice(0, mostShown) };
	};
}
