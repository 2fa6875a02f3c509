import { useHotkeys } from "@mantine/hooks";
import type { RefObject } from "react";

/** `j` and `k` go down and up the rows, `x` chooses the one that is on; Enter opens it, as what opens it has the focus. */
export function useRowKeys(
	body: RefObject<HTMLTableSectionElement | null>,
	{
		toggle,
		opener = "a",
	}: {
		toggle: (index: number) => void;
		/** What of a row opens it. */
		opener?: "a" | "button";
	},
): void {
	function rowWithFocus(): HTMLTableRowElement | null {
		const row = document.activeElement?.closest<HTMLTableRowElement>("tr[data-index]") ?? null;
		return row !== null && body.current?.contains(row) ? row : null;
	}

	function move(step: 1 | -1): void {
		const rows = [...(body.current?.querySelectorAll<HTMLTableRowElement>("tr[data-index]") ?? [])];
		const now = rowWithFocus();
		const next = now === null ? rows[0] : rows[rows.indexOf(now) + step];
		const target = next?.querySelector<HTMLElement>(opener) ?? next?.querySelector<HTMLElement>("input, button");
		target?.focus();
		next?.scrollIntoView({ block: "nearest" });
	}

	useHotkeys([
		["j", () => move(1)],
		["k", () => move(-1)],
		[
			"x",
			() => {
				const index = rowWithFocus()?.dataset.index;
				if (index !== undefined) toggle(Number(index));
			},
		],
	]);
}
