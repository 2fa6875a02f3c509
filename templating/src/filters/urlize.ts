import { escapeHtml } from "../print.ts";

interface LinkOptions {
	/** Longest text of a link. */
	limit: number | undefined;
	rel: string;
	target: string | undefined;
	/** Beginnings that make a link too, as `ftp:`. */
	schemes: string[];
}

const http =
	/^((https?:\/\/|www\.)(([\w%-]+\.)+)?([a-z]{2,63}|xn--[\w%]{2,59})|([\w%-]{2,63}\.)+(com|net|int|edu|gov|org|info|mil)|(https?:\/\/)((([\d]{1,3})(\.[\d]{1,3}){3})|(\[([\da-f]{0,4}:){2}([\da-f]{0,4}:?){1,6}\])))(?::[\d]{1,5})?(?:[/?#]\S*)?$/i;
const email = /^\S+@\w[\w.-]*\.\w+$/;

/** Makes links of addresses in text that is HTML already (Jinja2, `urlize`). */
export function linkUrls(html: string, { limit, rel, target, schemes }: LinkOptions): string {
	const attributes =
		(rel === "" ? "" : ` rel="${escapeHtml(rel)}"`) + (target === undefined ? "" : ` target="${escapeHtml(target)}"`);
	const shown = (url: string) => (limit !== undefined && url.length > limit ? `${url.slice(0, limit)}...` : url);
	const link = (word: string): string => {
		if (word.length > 2_048) return word;
		if (http.test(word)) {
			const address = /^https?:\/\//.test(word) ? word : `https://${word}`;
			return `<a href="${address}"${attributes}>${shown(word)}</a>`;
		}
		if (word.startsWith("mailto:") && email.test(word.slice(7))) return `<a href="${word}">${word.slice(7)}</a>`;
		if (word.includes("@") && !word.startsWith("www.") && !word.includes(":") && email.test(word)) {
			return `<a href="mailto:${word}">${word}</a>`;
		}
		return schemes.some((scheme) => word !== scheme && word.startsWith(scheme))
			? `<a href="${word}"${attributes}>${word}</a>`
			: word;
	};
	return html
		.split(/(\s+)/)
		.map((word) => {
			const head = /^(?:[(<]|&lt;)+/.exec(word)?.[0] ?? "";
			let middle = word.slice(head.length);
			let end = middle.length;
			for (;;) {
				if (middle.endsWith("&gt;", end) && end >= 4) end -= 4;
				else if (end > 0 && ")>.,".includes(middle[end - 1] as string)) end--;
				else break;
			}
			let tail = middle.slice(end);
			middle = middle.slice(0, end);
			for (const [open, close] of [
				["(", ")"],
				["<", ">"],
				["&lt;", "&gt;"],
			] as const) {
				let missing = middle.split(open).length - middle.split(close).length;
				while (missing-- > 0 && tail.includes(close)) {
					const to = tail.indexOf(close) + close.length;
					middle += tail.slice(0, to);
					tail = tail.slice(to);
				}
			}
			return head + link(middle) + tail;
		})
		.join("");
}
