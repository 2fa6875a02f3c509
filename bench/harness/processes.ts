import { readdirSync, readFileSync } from "node:fs";

/** proc(5) counts CPU time in ticks of 10 ms on every Linux that Node runs on. */
const tick_ms = 10;

interface Stat {
	parent: number;
	/** CPU time of the process with all its threads. */
	own_ms: number;
	/** CPU time of those of its children that have ended and been waited for, and theirs. */
	ended_children_ms: number;
}

/** undefined where there is no such process. */
function statOf(pid: number | string): Stat | undefined {
	try {
		const text = readFileSync(`/proc/${pid}/stat`, "latin1");
		// The name, in parentheses, may hold anything.
		const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
		const field = (number: number) => Number(fields[number - 3]);
		return {
			parent: field(4),
			own_ms: (field(14) + field(15)) * tick_ms,
			ended_children_ms: (field(16) + field(17)) * tick_ms,
		};
	} catch {
		return undefined;
	}
}

/** All living processes by their parent: one reading of /proc, however deep a tree is looked at. */
function livingByParent(): Map<number, { pid: number; stat: Stat }[]> {
	const living = readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.flatMap((name) => {
			const stat = statOf(name);
			return stat === undefined ? [] : [{ pid: Number(name), stat }];
		});
	return Map.groupBy(living, ({ stat }) => stat.parent);
}

/** Living processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
	return (livingByParent().get(pid) ?? []).map((child) => child.pid);
}

/** CPU time of one process and its threads, ms. 0 where it has ended. */
export function cpuOf(pid: number): number {
	return statOf(pid)?.own_ms ?? 0;
}

/**
 * CPU time of a process, of its living descendants, and of those that have come and gone, ms. A child that ends while it is counted
 * moves from the living to the ended; counting again until two readings agree keeps it from being counted twice or never.
 */
export function cpuOfTree(pid: number): number {
	for (let attempt = 0; ; attempt++) {
		const before = statOf(pid);
		if (before === undefined) return 0;
		const below_ms = cpuBelow(pid, livingByParent());
		const after = statOf(pid);
		if (after?.ended_children_ms === before.ended_children_ms || attempt === 5) {
			return before.own_ms + before.ended_children_ms + below_ms;
		}
	}
}

function cpuBelow(pid: number, byParent: ReturnType<typeof livingByParent>): number {
	return (byParent.get(pid) ?? []).reduce(
		(sum, { pid: child, stat }) => sum + stat.own_ms + stat.ended_children_ms + cpuBelow(child, byParent),
		0,
	);
}

/** CPU time that the whole machine spent on anything but waiting, and what its host took away from it, ms. */
export function cpuOfMachine(): number {
	const [, user, nice, system, , , irq, softirq, steal] = readFileSync("/proc/stat", "latin1")
		.split("\n", 1)
		.join("")
		.split(/\s+/)
		.map(Number);
	return [user, nice, system, irq, softirq, steal].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) * tick_ms;
}

export interface Memory {
	/** Resident: pages shared with other processes count whole. */
	rss_bytes: number;
	/** Proportional: a shared page counts as a share of it. */
	pss_bytes: number;
}

/** Memory of one process, from smaps_rollup. @throws where it has ended */
export function memoryOf(pid: number): Memory {
	const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
	const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
	return { rss_bytes: kilobytes("Rss") * 1024, pss_bytes: kilobytes("Pss") * 1024 };
}
