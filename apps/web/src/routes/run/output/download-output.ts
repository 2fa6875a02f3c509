const continued = /\n?\[there is more: go on with after=(\d{1,16})\]\n$/;
/** An answer with more to come is about 16 Mi characters long: a device that says the words of its last line has not said so much. */
const shortest = 8 * 1024 * 1024;

/**
 * All output of a run as text, however many answers it takes.
 * @returns the parts in their order
 */
export async function downloadOutput(
	read: (query: { after: number; operation_id?: string }) => Promise<string>,
	operation_id: string | undefined,
): Promise<string[]> {
	const parts: string[] = [];
	for (let after = 0; ; ) {
		const text = await read({ after, ...(operation_id !== undefined && { operation_id }) });
		const more = text.length < shortest ? null : continued.exec(text.slice(-100));
		if (more === null || Number(more[1]) <= after) return [...parts, text];
		after = Number(more[1]);
		parts.push(text.slice(0, text.lastIndexOf("[there is more")));
	}
}
