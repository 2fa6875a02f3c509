/** A page's query string without where in its list one is, and with its parts in one order, so that equal views are equal texts. */
export function withoutPage(search: string): string {
	const parts = [...new URLSearchParams(search)].filter(([name]) => name !== "page" && name !== "page_size");
	return new URLSearchParams(parts.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))).toString();
}
