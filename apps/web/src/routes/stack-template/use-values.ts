import type { StackParameter } from "@netconductor/contracts/config/stack-templates";
import { useState } from "react";
import { problemOf } from "../../ui/problem.tsx";
import { readTyped, showTyped, type TypedValue } from "./parameter-values.ts";

/** Values of parameters that are being filled in, and what is wrong with them: here at once, by the server's word later. */
export function useValues(parameters: readonly StackParameter[], begin: Readonly<Record<string, unknown>> = {}) {
	const [typed, setTyped] = useState<Record<string, TypedValue>>(() =>
		Object.fromEntries(parameters.map(({ name, type }) => [name, showTyped(type, begin[name])])),
	);
	const [refused, setRefused] = useState<Record<string, string>>({});
	const read = parameters.map(({ name, type }) => [name, readTyped(type, typed[name] ?? "")] as const);
	const faults = Object.fromEntries(read.flatMap(([name, one]) => ("fault" in one ? [[name, one.fault]] : [])));
	return {
		typed,
		/** Those that were filled in, as the API takes them. */
		values: Object.fromEntries(
			read.flatMap(([name, one]) => ("value" in one && one.value !== undefined ? [[name, one.value]] : [])),
		),
		faults: { ...refused, ...faults },
		wrong: Object.keys(faults).length > 0,
		onValues: (next: Record<string, TypedValue>) => {
			setTyped(next);
			setRefused({});
		},
		/** Keeps what the server says of each parameter. */
		refuse: (error: unknown) => setRefused(faultsOf(error)),
	};
}

/** What an answer of the server says of parameters, by name. */
export function faultsOf(error: unknown): Record<string, string> {
	if (error === null || error === undefined) return {};
	const { errors = [] } = problemOf(error);
	const prefix = "body.parameters.";
	return Object.fromEntries(
		errors.flatMap(({ path, message }) => (path.startsWith(prefix) ? [[path.slice(prefix.length), message]] : [])),
	);
}
