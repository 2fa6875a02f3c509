import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { programName } from "./options.ts";
import { cpuOfMachine, cpuOfTree } from "./processes.ts";

export interface Table {
	title: string;
	columns: string[];
	rows: (string | number)[][];
}

/** A measured figure, and what it should be at most or at least. */
export interface Figure {
	name: string;
	value: number;
	unit: string;
	at_most?: number;
	at_least?: number;
}

export interface Report {
	tables: Table[];
	figures: Figure[];
	/** What a reader must know to judge the figures: what was left out, what stood in for what. */
	notes?: string[];
}

const begun = { at: performance.now(), machine_ms: cpuOfMachine() };

/** Cores that were kept busy, from the start of this program on, by what is neither it nor its children: figures suffer from that. */
function coresOfOthers(): number {
	const others_ms = cpuOfMachine() - begun.machine_ms - cpuOfTree(process.pid);
	return Math.max(0, others_ms / (performance.now() - begun.at));
}

/** The command as it was typed, without the options that only choose the output. */
function command(): string {
	const args = process.argv.slice(2).filter((arg) => arg !== "--json" && arg !== "--markdown");
	return ["node", programName(), ...args].join(" ");
}

function machine() {
	return {
		cpu: cpus()[0]?.model ?? "unknown",
		cores: availableParallelism(),
		memory_gib: Math.round(totalmem() / 2 ** 30),
		system: `${process.platform} ${release()}`,
		node: process.version,
		commit: commit(),
		cores_busy_with_other_work: coresOfOthers(),
		date: new Date().toISOString().slice(0, 16),
	};
}

function commit(): string {
	try {
		return execFileSync("git", ["describe", "--always", "--dirty"], { cwd: import.meta.dirname })
			.toString()
			.trim();
	} catch {
		return "unknown";
	}
}

/** Prints what was measured: for people, for the documentation, or for programs. */
export function printReport(report: Report, { json, markdown }: { json: boolean; markdown: boolean }): void {
	const about = machine();
	if (json) {
		process.stdout.write(`${JSON.stringify({ command: command(), machine: about, ...report }, null, "\t")}\n`);
		return;
	}
	const figures: Table = {
		title: `\`${command()}\``,
		columns: ["figure", "measured", "target", ""],
		rows: report.figures.map((figure) => [
			figure.name,
			`${rounded(figure.value)} ${figure.unit}`.trim(),
			targetOf(figure),
			verdictOf(figure),
		]),
	};
	const print = markdown ? markdownTable : plainTable;
	const parts = [
		`${about.cpu}, ${about.cores} cores, ${about.memory_gib} GiB, ${about.system}, Node ${about.node}, commit ${about.commit}, ${about.date}; other work kept ${rounded(about.cores_busy_with_other_work)} cores busy`,
		...report.tables.map(print),
		...(figures.rows.length > 0 ? [print(figures)] : []),
		...(report.notes ?? []),
	];
	process.stdout.write(`${parts.join("\n\n")}\n`);
}

function targetOf({ at_most, at_least, unit }: Figure): string {
	if (at_most !== undefined) return `≤ ${rounded(at_most)} ${unit}`.trim();
	if (at_least !== undefined) return `≥ ${rounded(at_least)} ${unit}`.trim();
	return "";
}

function verdictOf({ value, at_most, at_least }: Figure): string {
	if (at_most === undefined && at_least === undefined) return "";
	return (at_most === undefined || value <= at_most) && (at_least === undefined || value >= at_least)
		? "met"
		: "falls short";
}

/** Whole numbers as they are, others to three significant digits, without exponents. */
function rounded(value: number): string {
	if (!Number.isFinite(value)) return "–";
	if (Number.isInteger(value)) return String(value);
	const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
	return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.min(digits, 4));
}

const shown = (cell: string | number) => (typeof cell === "number" ? rounded(cell) : cell);

function markdownTable({ title, columns, rows }: Table): string {
	const line = (cells: (string | number)[]) =>
		`| ${cells.map((cell) => shown(cell).replaceAll("|", "\\|")).join(" | ")} |`;
	return [title, "", line(columns), `|${columns.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}

function plainTable({ title, columns, rows }: Table): string {
	const lines = [columns, ...rows.map((row) => row.map(shown))];
	const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
	const line = (cells: string[]) =>
		cells
			.map((cell, i) => cell.padEnd(widths[i] ?? 0))
			.join("  ")
			.trimEnd();
	return [title, ...lines.map((cells) => `  ${line(cells)}`)].join("\n");
}
