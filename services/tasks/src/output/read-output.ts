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
/** Pieces read at a time. One may have megabytes. */
const pieces = 20;

/**
 * Output as text for a file: each line after the name of its device, or the lines alone where they are of one operation. Beyond 16 Mi characters
 * the last line says how to go on. A piece that is longer by itself, for all the names that it takes, is cut there and says so.
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
			const part = withPrefix(text, operation_id === undefined ? `${device_name} | ` : "", most);
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

/** Whole lines, each after the prefix, of `most` characters together. */
function withPrefix(text: string, prefix: string, most: number): string {
	const lines: string[] = [];
	let length = 0;
	for (let from = 0; from < text.length; ) {
		const end = text.indexOf("\n", from);
		const line = `${prefix}${text.slice(from, end === -1 ? undefined : end)}\n`;
		if (length + line.length > most) return `${lines.join("")}[the rest of this piece is left out]\n`;
		lines.push(line);
		length += line.length;
		from = end === -1 ? text.length : end + 1;
	}
	return lines.join("");
}
