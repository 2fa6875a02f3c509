import type { Cli } from "../cli.ts";
import { renderUnified } from "../output/diff.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { unifiedDiff } from "../output/text-diff.ts";
import type { FieldChange } from "./compare.ts";
import type { Step } from "./plan.ts";

const longestValue = 200;

/** What would be made and changed, field by field, then how many documents are as they should be. */
export function renderSteps({ terminal }: Cli, steps: readonly Step[]): string {
	const { paint } = terminal;
	const todo = steps.filter(({ action }) => action !== "none");
	const lines = todo.map((step) => {
		const head = `${step.document.kind} ${sanitiseLine(step.document.name)}`;
		const at = paint("dim", sanitiseLine(step.at));
		if (step.action === "create") return `${paint("added", `+ ${head}`)}  ${at}\n`;
		return `${paint("warning", `~ ${head}`)}  ${at}\n${step.fields.map((field) => renderField(terminal, field)).join("")}`;
	});
	const counts = `${countOf(steps, "create")} to create, ${countOf(steps, "change")} to change, ${countOf(steps, "none")} as they should be.`;
	return `${lines.join("")}${lines.length > 0 ? "\n" : ""}${counts}\n`;
}

export function countOf(steps: readonly Step[], action: Step["action"]): number {
	return steps.filter((step) => step.action === action).length;
}

function renderField({ paint, out_is_terminal }: Cli["terminal"], { path, before, after }: FieldChange): string {
	const name = sanitiseLine(path);
	if (typeof before === "string" && typeof after === "string" && /\n/.test(before + after)) {
		const unified = unifiedDiff(before, after);
		if (unified === undefined) return `    ${name}: too much differs to show it\n`;
		return `    ${name}:\n${renderUnified(unified, { paint, safe: out_is_terminal }).replace(/^(?=.)/gm, "      ")}`;
	}
	return `    ${name}: ${paint("removed", valueWords(before))} → ${paint("added", valueWords(after))}\n`;
}

function valueWords(value: unknown): string {
	if (value === undefined) return "(none)";
	const text = sanitiseLine(JSON.stringify(value));
	return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}
