import type { ParameterType } from "@netconductor/contracts/config/stack-templates";
import { readScalar, showScalar } from "../template/values.ts";

/** A value as it is typed: entries of a list, else one text. */
export type TypedValue = string | string[];

/** What was typed, as a value of the type; undefined: nothing was. */
export function readTyped(type: ParameterType, typed: TypedValue): { value: unknown } | { fault: string } {
	if (Array.isArray(typed)) return { value: typed.length === 0 ? undefined : typed.map(readScalar) };
	if (typed === "") return { value: undefined };
	switch (type) {
		case "string":
			return { value: typed };
		case "integer":
		case "number": {
			const value = Number(typed);
			return Number.isNaN(value) || typed.trim() === "" ? { fault: "This is no number" } : { value };
		}
		case "boolean":
			if (typed === "true" || typed === "false") return { value: typed === "true" };
			return { fault: "true or false" };
		case "list":
			return { value: typed.split("\n").map(readScalar) };
		case "object":
			try {
				return { value: JSON.parse(typed) };
			} catch {
				return { fault: "This is no JSON yet" };
			}
	}
}

/** A value as it would be typed. */
export function showTyped(type: ParameterType, value: unknown): TypedValue {
	if (value === undefined || value === null) return type === "list" ? [] : "";
	if (Array.isArray(value)) return value.map((entry) => (isScalar(entry) ? showScalar(entry) : JSON.stringify(entry)));
	if (type === "string" && typeof value === "string") return value;
	return isScalar(value) ? String(value) : JSON.stringify(value);
}

function isScalar(value: unknown): value is string | number | boolean | null {
	return typeof value !== "object" || value === null;
}
