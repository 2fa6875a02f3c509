import type { EngineSettings } from "../../src/render-task.ts";

/** One template that real Jinja2 and ours must treat alike. */
export interface Case {
	template: string;
	variables?: Record<string, unknown>;
	/** Variables as the JSON that a caller sends, where it matters how it is read. */
	json?: string;
	/** Others, by name. */
	templates?: Record<string, string>;
	settings?: EngineSettings;
}

/** Shorthand: the source alone, or with variables. */
export type ShortCase = string | [template: string, variables: Record<string, unknown>] | Case;

export function casesOf(list: ShortCase[]): Case[] {
	return list.map((one) => {
		if (typeof one === "string") return { template: one };
		return Array.isArray(one) ? { template: one[0], variables: one[1] } : one;
	});
}
