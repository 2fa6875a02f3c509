import type { RunStep, RunStepStatus } from "@netconductor/contracts/tasks/procedure";
import { sanitiseLine } from "./sanitise.ts";
import { renderTable } from "./table.ts";
import type { Style, Terminal } from "./terminal.ts";
import { duration } from "./words.ts";

const styles: Partial<Record<RunStepStatus, Style>> = {
	succeeded: "good",
	failed: "bad",
	unknown: "bad",
	waiting: "warning",
	skipped: "warning",
	cancelled: "warning",
	running: "dim",
	pending: "dim",
};

/** How deep in others a step stands by its key: 1 for `each:1/2/check:1`. */
function depthOf(key: string): number {
	return key.split("/").filter((part) => part.includes(":")).length - 1;
}

/** `check (round or branch 2)` of `each:1/2/check:1`. */
function titleOf({ key, name, path }: RunStep): string {
	const parts = key.split("/");
	const within = parts.at(-2);
	const time = /:(\d+)$/.exec(key)?.[1] ?? "1";
	const which = [
		within !== undefined && !within.includes(":") ? within : "",
		time === "1" ? "" : `time ${time}`,
	].filter(Boolean);
	return `${name ?? path}${which.length === 0 ? "" : ` (${which.join(", ")})`}`;
}

/** `3/3 devices, 1 failed`; empty of a step that is for none. */
function deviceWords({ devices }: RunStep): string {
	if (devices === null) return "";
	const total = Object.values(devices).reduce((sum, amount) => sum + amount, 0);
	const { failed = 0, unknown = 0, pending = 0, running = 0 } = devices;
	const bad = failed + unknown;
	return `${total - pending - running}/${total} devices${bad > 0 ? `, ${bad} failed` : ""}`;
}

function whyOf({ error, skip_reason, decision }: RunStep): string {
	const decided =
		decision === null
			? ""
			: `${decision.by} decided ${typeof decision.action === "string" ? decision.action : `go to ${decision.action.goto}`}: ${decision.reason}`;
	return [error?.message ?? skip_reason ?? "", decided].filter(Boolean).join("; ");
}

/** A step in a line, as it is said while the procedure goes on. */
export function stepLine(step: RunStep, paint: Terminal["paint"]): string {
	const indent = "  ".repeat(depthOf(step.key));
	const phase = step.phase === "rollback" ? "taking back: " : "";
	const details = [
		deviceWords(step),
		step.attempts > 1 ? `${step.attempts} attempts` : "",
		step.duration_ms === null ? "" : duration(step.duration_ms),
	].filter(Boolean);
	const why = whyOf(step);
	return [
		`${indent}${phase}${sanitiseLine(titleOf(step))}: ${paint(styles[step.status] ?? "dim", step.status)}`,
		details.length === 0 ? "" : paint("dim", ` (${details.join(", ")})`),
		why === "" ? "" : ` ${sanitiseLine(why)}`,
	].join("");
}

/** Steps that have begun, one below the other, those within others indented; then of each that did not go well, or that somebody decided on, why. */
export function renderSteps(steps: readonly RunStep[], terminal: Pick<Terminal, "width" | "paint">): string {
	const table = renderTable(
		[
			{ title: "STEP", value: (step: RunStep) => `${"  ".repeat(depthOf(step.key))}${titleOf(step)}` },
			{ title: "STATUS", value: ({ status }) => status, style: ({ status }) => styles[status] },
			{ title: "DEVICES", value: (step) => deviceWords(step) || " " },
			{ title: "TIME", value: ({ duration_ms }) => duration(duration_ms), align: "right" },
			{ title: "KEY", value: ({ key }) => key },
		],
		steps,
		terminal,
	);
	const whys = steps.flatMap((step) => {
		const why = whyOf(step);
		return why === ""
			? []
			: [`${terminal.paint(styles[step.status] ?? "dim", sanitiseLine(step.key))}: ${sanitiseLine(why)}\n`];
	});
	return whys.length === 0 ? table : `${table}\n${whys.join("")}`;
}
