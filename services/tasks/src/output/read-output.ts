import type { OutputChunk } from "@netconductor/contracts/tasks/model";
import type { OutputStore } from "./output-store.ts";

interface OutputQuery {
	after: number;
	limit: number;
	before?: number | undefined;
	tail?: number | undefined;
	operation_id?: string | undefined;
}

export interface OutputPart {
	items: OutputChunk[];
	next_after: number;
	has_earlier: boolean;
	/** Nothing was stored after these when they were read. */
	complete: boolean;
}

/** Output forward from a number, or the last pieces of all or before a number. */
export async function readOutput(store: OutputStore, run_id: string, query: OutputQuery): Promise<OutputPart> {
	const { after, limit, before, operation_id } = query;
	const tail = query.tail ?? (before === undefined ? undefined : limit);
	if (tail === undefined) {
		const items = await store.read(run_id, { after, limit, operation_id });
		const next_after = items.at(-1)?.seq ?? after;
		return { items, next_after, has_earlier: after > 0, complete: items.length < limit };
	}
	// One more than asked for says whether there is more.
	const found = await store.readEnd(run_id, { before, tail: tail + 1, operation_id });
	const items = found.slice(-tail);
	const next_after = items.at(-1)?.seq ?? (before === undefined ? 0 : before - 1);
	return { items, next_after, has_earlier: found.length > tail, complete: before === undefined };
}

/** Most text of one download, in characters. */
const mostText = 16 * 1024 * 1024;
const pieces = 500;

/**
 * Output as text for a file: each line after the name of its device, or the lines alone where they are of one operation. Beyond 16 Mi characters
 * the last line says how to go on.
 */
export async function outputAsText(
	store: OutputStore,
	run_id: string,
	{ after, operation_id }: { after: number; operation_id?: string | undefined },
	most = mostText,
): Promise<string> {
	const texts: string[] = [];
	let length = 0;
	for (let from = after; ; ) {
		const items = await store.read(run_id, { after: from, limit: pieces, operation_id });
		for (const { seq, device_name, text } of items) {
			const lines =
				operation_id === undefined ? text.replace(/\n$/, "").replace(/^/gm, () => `${device_name} | `) : text;
			const part = lines.endsWith("\n") ? lines : `${lines}\n`;
			if (length + part.length > most && texts.length > 0) {
				return `${texts.join("")}[there is more: go on with after=${from}]\n`;
			}
			texts.push(part);
			length += part.length;
			from = seq;
		}
		if (items.length < pieces) return texts.join("");
	}
}
