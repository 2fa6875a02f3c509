import type { Risk, RiskFacts, RiskLevel } from "@netconductor/contracts/alerts/approvals";
import { inNaturalOrder } from "@netconductor/contracts/kernel/natural-order";

const levels: readonly RiskLevel[] = ["low", "medium", "high", "critical"];

/** From this many points on a change is of the level. */
const thresholds = { medium: 20, high: 50, critical: 80 } as const;

/** Points for the devices that are written to, by their number: the more there are, the further a mistake spreads. */
const byDevices = [
	{ from: 1_000, points: 40 },
	{ from: 100, points: 25 },
	{ from: 10, points: 15 },
	{ from: 2, points: 5 },
] as const;

const points = {
	writes: 10,
	no_rollback: 25,
	emulated_rollback: 10,
	unknown_commands: 25,
	high: 40,
	critical: 80,
} as const;
const namesShown = 20;
const stepsShown = 10;

export function rankOf(level: RiskLevel): number {
	return levels.indexOf(level);
}

/** How dangerous a plan is: the sum of its reasons' points. One that only reads has none, whatever it reads. */
export function assessRisk(facts: RiskFacts, device_count: number): Risk {
	const reasons: Risk["reasons"] = [];
	const add = (code: string, worth: number, text: string, devices: readonly string[] = []) =>
		reasons.push({ code, points: worth, text, devices: some(devices) });

	if (facts.writes) {
		add("writes", points.writes, "It changes devices.");
		const many = byDevices.find(({ from }) => device_count >= from);
		if (many !== undefined) add("devices", many.points, `It changes ${device_count} devices.`);
		const { without_rollback: none, emulated_rollback: emulated } = facts;
		if (none.length > 0) {
			add("no_rollback", points.no_rollback, `${devicesOf(none)} cannot take the change back.`, none);
		}
		if (emulated.length > 0) {
			const text = `${devicesOf(emulated)}: taken back by our worker, which must reach the device again; it has no timer of its own.`;
			add("emulated_rollback", points.emulated_rollback, text, emulated);
		}
	}
	for (const uses of Map.groupBy(facts.dangerous_commands, ({ command, why }) =>
		JSON.stringify([command, why]),
	).values()) {
		const [first] = uses;
		if (first === undefined) continue;
		const names = [...new Set(uses.map(({ device }) => device))];
		const worst = uses.some(({ level }) => level === "critical") ? "critical" : "high";
		add("dangerous_command", points[worst], `“${first.command}”: ${first.why}`, names);
	}
	const { unknown_commands: unknown } = facts;
	if (unknown.length > 0) {
		const more = unknown.length > stepsShown ? ` and ${unknown.length - stepsShown} more` : "";
		const steps = `${unknown.slice(0, stepsShown).join(", ")}${more}`;
		add("unknown_commands", points.unknown_commands, `What it sends is known only when it runs, in step ${steps}.`);
	}
	const total = reasons.reduce((sum, reason) => sum + reason.points, 0);
	return { level: levelOf(total), points: total, reasons };
}

function levelOf(total: number): RiskLevel {
	if (total >= thresholds.critical) return "critical";
	if (total >= thresholds.high) return "high";
	return total >= thresholds.medium ? "medium" : "low";
}

function devicesOf(names: readonly string[]): string {
	return names.length === 1 ? "1 device" : `${names.length} devices`;
}

function some(names: readonly string[]): string[] {
	return names.toSorted(inNaturalOrder).slice(0, namesShown);
}
