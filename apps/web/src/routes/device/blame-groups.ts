import type { BlameLine } from "@netconductor/contracts/backup/model";
import type { z } from "zod";

type Line = z.infer<typeof BlameLine>;

/** Lines that stand together and came with the same version. */
export interface BlameGroup extends Pick<Line, "backup_id" | "run_id" | "since" | "started_by"> {
	/** Number of its first line, from 1. */
	from: number;
	lines: string[];
	/** How new it is among the versions of this text: 0 the oldest, 1 the newest. */
	newness: number;
}

/** Neighbouring lines of one version as one group, in the order of the text. */
export function blameGroups(lines: readonly Line[]): BlameGroup[] {
	const moments = [...new Set(lines.map(({ since }) => since))].toSorted();
	const place = new Map(moments.map((since, index) => [since, moments.length < 2 ? 0 : index / (moments.length - 1)]));
	const groups: BlameGroup[] = [];
	for (const { line, text, backup_id, run_id, since, started_by } of lines) {
		const last = groups.at(-1);
		if (last?.backup_id === backup_id) last.lines.push(text);
		else {
			const newness = place.get(since) ?? 0;
			groups.push({ backup_id, run_id, since, started_by, from: line, lines: [text], newness });
		}
	}
	return groups;
}
