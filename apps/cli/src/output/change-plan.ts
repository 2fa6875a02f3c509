import { undoTimerOf, undoTimerWords } from "@netconductor/contracts/devices/change";
import type { RunOperation } from "@netconductor/contracts/tasks/model";
import { z } from "zod";
import { renderUnified } from "./diff.ts";
import { sanitiseLine } from "./sanitise.ts";
import type { Terminal } from "./terminal.ts";
import { count } from "./words.ts";

/** What the step `plan_change` answers for a device. */
const Planned = z.object({
	unchanged: z.boolean(),
	commands: z.array(z.string()),
	commands_total: z.int(),
	diff: z.string(),
	diff_cut: z.boolean(),
	diff_source: z.string(),
	undo: z.object({ kind: z.enum(["native", "emulated", "none"]), how: z.string(), commands: z.array(z.string()) }),
	dangerous: z.array(z.object({ command: z.string(), why: z.string(), level: z.string() })),
});
type Planned = z.output<typeof Planned>;

/** What validation templates say is to stand on a device before its change is confirmed. */
const Verification = z.object({ templates: z.array(z.string()), lines: z.array(z.string()), lines_total: z.int() });
type Verification = z.output<typeof Verification>;

/** Devices on which the same would happen. */
export interface PlanGroup extends Planned {
	devices: string[];
	/** What is verified on which of them. */
	verifications: (Verification & { devices: string[] })[];
}

/** The plans of a run's devices, those that are the same together, largest group first. */
export function planGroups(operations: readonly RunOperation[]): PlanGroup[] {
	const groups = new Map<string, PlanGroup>();
	for (const { step_type, status, result, device_name } of operations) {
		if (step_type !== "plan_change" || status !== "succeeded") continue;
		const planned = Planned.safeParse(result);
		if (!planned.success) continue;
		// A device may head its difference with the name of a session, which is another each time.
		const diff = planned.data.diff.replace(/^(?:(?:---|\+\+\+) [^\n]*\n)+/, "");
		const key = JSON.stringify({ ...planned.data, diff });
		const group = groups.get(key);
		if (group === undefined) groups.set(key, { ...planned.data, devices: [device_name], verifications: [] });
		else group.devices.push(device_name);
		const verification = Verification.safeParse(result?.verification);
		if (verification.success) addVerification(groups.get(key) as PlanGroup, device_name, verification.data);
	}
	return [...groups.values()].sort((a, b) => b.devices.length - a.devices.length);
}

function addVerification({ verifications }: PlanGroup, device: string, verification: Verification): void {
	const key = ({ templates, lines }: Verification) => JSON.stringify([templates, lines]);
	const same = verifications.find((one) => key(one) === key(verification));
	if (same === undefined) verifications.push({ ...verification, devices: [device] });
	else same.devices.push(device);
}

const mostNames = 10;
/** Lines to verify that are shown where nobody asked for all that is sent. */
const mostLines = 20;

/** What would change, on which devices, and how each would be undone. `commands` adds what would be sent. */
export function renderPlan(
	operations: readonly RunOperation[],
	terminal: Pick<Terminal, "paint" | "out_is_terminal">,
	{ commands = false }: { commands?: boolean } = {},
): string {
	const groups = planGroups(operations);
	const parts = groups.filter(({ unchanged }) => !unchanged).map((group) => renderGroup(group, terminal, commands));
	const order = renderOrder(operations);
	if (order !== "") parts.push(order);
	const same = groups.filter(({ unchanged }) => unchanged).flatMap(({ devices }) => devices);
	if (same.length > 0)
		parts.push(`${count(same.length, "device stays as it is", "devices stay as they are")}: ${names(same)}\n`);
	return parts.join("\n");
}

/** Which devices change before which others, where some depend on others; nothing where none does. */
function renderOrder(operations: readonly RunOperation[]): string {
	const waves = new Map<number, string[]>();
	for (const { step_type, status, result, device_name, wave } of operations) {
		if (step_type !== "plan_change" || status !== "succeeded" || result?.unchanged !== false) continue;
		const devices = waves.get(wave) ?? [];
		waves.set(wave, devices);
		devices.push(device_name);
	}
	if (waves.size < 2) return "";
	const lines = [...waves]
		.sort(([one], [other]) => one - other)
		.map(([, devices], at) => `  ${at + 1}. ${names(devices)}\n`);
	return `In this order, each when all before it have ended:\n${lines.join("")}`;
}

function renderGroup(
	group: PlanGroup,
	{ paint, out_is_terminal }: Pick<Terminal, "paint" | "out_is_terminal">,
	commands: boolean,
): string {
	const { devices, diff, diff_cut, diff_source, undo, dangerous } = group;
	const safe = out_is_terminal;
	const source = diff_source === "device" ? "as the device says" : "worked out from its configuration";
	const lines = [
		`${paint("heading", `${count(devices.length, "device")}: ${names(devices)}`)}  ${paint("dim", source)}\n`,
		renderUnified(diff, { paint, safe }),
		diff_cut ? `${paint("dim", "… and more: the difference is too long to show whole")}\n` : "",
	];
	if (commands) {
		lines.push(`${paint("dim", `Sent (${count(group.commands_total, "command")}):`)}\n`, indented(group.commands));
		const left = group.commands_total - group.commands.length;
		if (left > 0) lines.push(`  … and ${left} more\n`);
	}
	lines.push(`Undone by: ${undo.kind === "none" ? paint("bad", sanitiseLine(undo.how)) : sanitiseLine(undo.how)}\n`);
	if (undo.kind !== "none") lines.push(`${paint("dim", undoTimerWords[undoTimerOf(undo.kind)])}\n`);
	if (commands && undo.commands.length > 0) lines.push(indented(undo.commands));
	for (const verification of group.verifications) {
		lines.push(renderVerification(verification, { whole: commands, of: devices.length }));
	}
	for (const { command, why, level } of dangerous) {
		lines.push(
			`${paint("bad", `Dangerous (${sanitiseLine(level)}):`)} ${sanitiseLine(command)}: ${sanitiseLine(why)}\n`,
		);
	}
	return lines.join("");
}

function renderVerification(
	{ devices, templates, lines, lines_total }: PlanGroup["verifications"][number],
	{ whole, of }: { whole: boolean; of: number },
): string {
	const where = devices.length === of ? "" : ` on ${names(devices)}`;
	const shown = whole ? lines : lines.slice(0, mostLines);
	const left = lines_total - shown.length;
	return [
		`Verified before it is confirmed${where} (${templates.map(sanitiseLine).join(", ")}, ${count(lines_total, "line")}):\n`,
		indented(shown),
		left > 0 ? `  … and ${left} more\n` : "",
	].join("");
}

function indented(lines: readonly string[]): string {
	return lines.map((line) => `  ${sanitiseLine(line)}\n`).join("");
}

function names(devices: readonly string[]): string {
	const shown = devices.slice(0, mostNames).map(sanitiseLine).join(", ");
	return devices.length > mostNames ? `${shown} and ${devices.length - mostNames} more` : shown;
}
